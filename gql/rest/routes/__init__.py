"""The routes, one module per noun, with their shapes."""
