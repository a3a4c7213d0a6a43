"""Sign-in with an account elsewhere: any OpenID Connect provider, and those that the house knows by name."""
