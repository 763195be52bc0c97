"""What can be done, for whom."""
