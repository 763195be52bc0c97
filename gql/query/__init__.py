"""What a list is: resources, filters, orders, pages, cursors; and the context of a request."""
