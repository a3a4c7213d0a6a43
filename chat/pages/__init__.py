"""What people see of the conversation. Everything works without scripts; chat.js makes it live."""
