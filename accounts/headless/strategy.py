"""Token strategy and user data of the headless endpoints."""

import dataclasses
from typing import Any

from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.headless.internal.sessionkit import lookup_session
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone

from accounts.authentication import app_tokens
from accounts.authentication import queries as app_queries
from accounts.authentication.app_tokens import TokenUse
from accounts.authentication.services import app_sessions
from accounts.users.models import User


class TokenStrategy(AbstractTokenStrategy):
    """A session token carries the steps of a sign-in; a signed-in person has an access and a refresh token instead.

    The key of a person's session is never sent: it would be a credential valid for weeks. `endpoints` adds the tokens
    to the response of a sign-in.
    """

    def get_session_token(self, request: HttpRequest) -> str | None:
        """Return the session of the access token, or of the sign-in in progress."""
        held: app_queries.AppSession | None = getattr(request, "held", None)
        steps: str | None = super().get_session_token(request)
        return held.key if held else steps

    def create_session_token(self, request: HttpRequest) -> str:
        """Return an empty token once somebody is signed in."""
        if request.user.is_authenticated:
            return ""
        if request.session.session_key is None:
            request.session.save()
        return str(request.session.session_key)

    def lookup_session(self, session_token: str) -> SessionBase | None:
        found: SessionBase | None = lookup_session(session_token)
        return found

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Return the next access and refresh token; None for an invalid, used or expired one."""
        began = timezone.now()
        try:
            used = app_tokens.read_token(TokenUse.REFRESH, refresh_token)
        except app_tokens.TokenExpired:
            return None
        renewed = app_sessions.rotate_refresh_token(used=used, began=began) if used else None
        return issue_token_pair(renewed) if renewed else None


class HeadlessAdapter(DefaultHeadlessAdapter):
    """Identifies people by their public id."""

    def get_user_dataclass(self) -> type:
        fields = (
            ("id", str, "The public id.", "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6"),
            ("display", str, "How others see them.", "Nora Quist"),
            ("email", str, "The address that mail goes to.", "nora@example.com"),
            ("has_usable_password", bool, "Whether there is a password to sign in with.", True),
        )
        return dataclasses.make_dataclass(
            "User",
            [
                (name, kind, dataclasses.field(metadata={"description": words, "example": example}))
                for name, kind, words, example in fields
            ],
        )

    def user_as_dataclass(self, user: User) -> Any:
        return self.get_user_dataclass()(
            id=user.public_id,
            display=user.display_name,
            email=user.email,
            has_usable_password=user.has_usable_password(),
        )


def issue_token_pair(token: app_tokens.AppToken) -> tuple[str, str]:
    """Return an access and a refresh token of one session."""
    now = timezone.now()
    return app_tokens.issue_token(TokenUse.ACCESS, token, now=now), app_tokens.issue_token(
        TokenUse.REFRESH, token, now=now
    )
