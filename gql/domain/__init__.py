"""What can be read and changed, for whom."""
