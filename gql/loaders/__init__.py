"""Many keys, one statement."""
