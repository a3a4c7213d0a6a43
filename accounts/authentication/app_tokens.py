"""The tokens of an app: signed, short, and worth nothing once the session that they name is over.

Only this house reads them, so one secret signs and verifies: HMAC-SHA256, by keys derived from DATA_KEYS. The first
signs, all of them verify, so a new data key in front ends nothing; a token for one use is refused for the other, by its
audience. What a token names is looked up at each request (`accounts.authentication.queries.get_app_session`).
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
JWT_DOTS: Final = 2  # of a token in three parts, which no other bearer of ours has


class TokenUse(Enum):
    """What a token is for, and where: the end of its audience."""

    ACCESS = "/api/"
    REFRESH = "/_allauth/app/v1/tokens/refresh"

    @property
    def audience(self) -> str:
        return f"{settings.SITE_URL}{self.value}"

    @property
    def lifetime(self) -> timedelta:
        """Five minutes to act with, and as long as a session to come back."""
        return timedelta(minutes=5) if self is TokenUse.ACCESS else timedelta(seconds=settings.SESSION_COOKIE_AGE)


class TokenExpired(Exception):
    """A token of ours whose time is over."""


@dataclass(frozen=True, slots=True)
class AppToken:
    """Whose it is (the person's public id), which session it stands for, and its own id."""

    person: UUID
    session: UUID
    id: UUID


def issue_token(use: TokenUse, token: AppToken, *, now: datetime) -> str:
    """The token, signed, good from now on for as long as its use allows."""
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
    """What a token says; None for one that is not ours or not for this. Raises Expired."""
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
    """Whether it looks like a token of this kind. Keys and the provider's access tokens have no dots."""
    return text.count(".") == JWT_DOTS


def _decode(use: TokenUse, text: str, key: bytes) -> dict[str, Any]:
    rules: Any = {"require": list(CLAIMS)}
    told: dict[str, Any] = jwt.decode(
        text, key, algorithms=[ALGORITHM], audience=use.audience, issuer=settings.SITE_URL, options=rules
    )
    return told


def _get_signing_keys() -> list[bytes]:
    return [_derive_key(key.strip()) for key in settings.DATA_KEYS]


@cache
def _derive_key(data_key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"agora app tokens").derive(urlsafe_b64decode(data_key))
