"""The registry of personal data: what each app keeps, exports and erases."""
