"""Who calls the API. Each way of signing in ends in the same `Grant` as `request.auth`."""

from typing import Any

from rest_framework import authentication
from rest_framework.request import Request

from core.context import Grant


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF enforced on writes."""

    def authenticate(self, request: Request) -> tuple[Any, Grant] | None:
        found = super().authenticate(request)
        return None if found is None else (found[0], Grant.session(found[0]))

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="api"'
