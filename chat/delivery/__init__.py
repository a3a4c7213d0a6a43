"""What is sent to sockets, and how it reaches their process."""
