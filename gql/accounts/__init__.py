"""People, their passwords and API keys, as they are stored: what `auth` and the commands share."""
