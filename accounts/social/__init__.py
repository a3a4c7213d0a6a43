"""Sign-in with social accounts: any OpenID Connect provider, and those known to django-allauth."""
