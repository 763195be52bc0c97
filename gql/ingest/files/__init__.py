"""Files of items, and of calls as other systems export them."""
