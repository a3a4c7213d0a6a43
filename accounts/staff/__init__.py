"""Staff: roles, and the pages where staff manage people."""
