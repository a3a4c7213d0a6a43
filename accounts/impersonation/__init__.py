"""Staff impersonate people for a limited time, with a reason and a banner. Events contain both names."""
