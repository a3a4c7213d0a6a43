"""How people sign in: allauth, passwords, two-factor authentication, rate limits."""
