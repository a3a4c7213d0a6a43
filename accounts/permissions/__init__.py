"""What people may do and what they hold: roles, scopes, entitlements."""
