"""What customers and staff do with orders: show, cancel, fulfil."""
