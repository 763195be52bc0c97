"""What can be changed through GraphQL, one module per noun."""
