"""Every construct that the two databases write differently."""
