"""Calling the API in this process as a program would, over WSGI, as one of three people."""

from django.conf import settings

from accounts.users.models import User
from core.testing import JustSignedIn

TOKEN = "k" * 32


def headers_of(user: User) -> dict[str, str]:
    """A session's cookie, with the token that writes need."""
    client = JustSignedIn()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    return {"Cookie": cookies, "X-CSRFToken": TOKEN}
