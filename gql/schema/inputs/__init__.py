"""What lists can be filtered and sorted by, one module per noun."""
