"""Tokens of apps: signed, short-lived, and invalid once the session they name has ended.

Only this project verifies them, so they are signed symmetrically: HMAC-SHA256 with keys derived from DATA_KEYS. The
first key signs and all verify, so adding a key invalidates nothing. The audience keeps access and refresh tokens apart.
The session is looked up on each request (`accounts.authentication.queries.get_app_session`).
"""

from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

ALGORITHM: Final = "HS256"
CLAIMS: Final = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")
JWT_DOTS: Final = 2  # in a token of three parts; no other bearer token contains dots


class TokenUse(Enum):
    """The purpose of a token; the path is the end of its audience."""

    ACCESS = "/api/"
    REFRESH = "/_allauth/app/v1/tokens/refresh"

    @property
    def audience(self) -> str:
        return f"{settings.SITE_URL}{self.value}"

    @property
    def lifetime(self) -> timedelta:
        """Five minutes for access tokens, the age of a session for refresh tokens."""
        return timedelta(minutes=5) if self is TokenUse.ACCESS else timedelta(seconds=settings.SESSION_COOKIE_AGE)


class TokenExpired(Exception):
    """The token was valid and has expired."""


@dataclass(frozen=True, slots=True)
class AppToken:
    """The public id of the person, the session, and the id of the token."""

    person: UUID
    session: UUID
    id: UUID


def issue_token(use: TokenUse, token: AppToken, *, now: datetime) -> str:
    """Return a signed token."""
    claims = {
        "iss": settings.SITE_URL,
        "aud": use.audience,
        "sub": str(token.person),
        "sid": str(token.session),
        "jti": str(token.id),
        "iat": int(now.timestamp()),
        "exp": int((now + use.lifetime).timestamp()),
    }
    return jwt.encode(claims, _get_signing_keys()[0], algorithm=ALGORITHM)


def read_token(use: TokenUse, text: str) -> AppToken | None:
    """Return the content of a token; None when it is invalid for this use. Raises TokenExpired."""
    for key in _get_signing_keys():
        try:
            claims = _decode(use, text, key)
            return AppToken(UUID(claims["sub"]), UUID(claims["sid"]), UUID(claims["jti"]))
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except (jwt.PyJWTError, ValueError, AttributeError):
            continue
    return None


def is_app_token(text: str) -> bool:
    """Whether a text has the form of an app token. API keys and OAuth access tokens contain no dots."""
    return text.count(".") == JWT_DOTS


def _decode(use: TokenUse, text: str, key: bytes) -> dict[str, Any]:
    rules: Any = {"require": list(CLAIMS)}
    claims: dict[str, Any] = jwt.decode(
        text, key, algorithms=[ALGORITHM], audience=use.audience, issuer=settings.SITE_URL, options=rules
    )
    return claims


def _get_signing_keys() -> list[bytes]:
    return [_derive_key(key.strip()) for key in settings.DATA_KEYS]


@cache
def _derive_key(data_key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"agora app tokens").derive(urlsafe_b64decode(data_key))
