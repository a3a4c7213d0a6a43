"""Format of API keys, and the digest that is stored.

`agr_<prefix>_<secret><check>`: the prefix identifies the key and is public; the secret has 256 bits; the check is the
CRC-32 of everything before it, so that secret scanners recognise keys and typing errors cost no query. Only letters and
digits, so that a double click selects the whole key. The stored digest is keyed with a secret outside the database.
"""

import hmac
import re
import secrets
import string
import zlib
from base64 import urlsafe_b64decode
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

TOKEN_PREFIX: Final = "agr_"  # noqa: S105  public, begins every key
TOKEN_PATTERN: Final = re.compile(r"(agr_([0-9A-Za-z]{10})_[0-9A-Za-z]{43})([0-9A-Za-z]{6})", re.ASCII)
ALPHABET: Final = string.digits + string.ascii_letters


def generate_prefix() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(10))


def generate_token(prefix: str) -> str:
    """Return a new token: 43 characters have 256 bits."""
    head = f"{TOKEN_PREFIX}{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(43))}"
    return head + _checksum(head)


def parse_prefix(token: str) -> str:
    """Return the prefix of a token; empty when it is malformed or its check does not match."""
    parts = TOKEN_PATTERN.fullmatch(token)
    return parts[2] if parts and parts[3] == _checksum(parts[1]) else ""


def digest(token: str) -> str:
    """Return the HMAC-SHA256 that is stored, as 64 hex digits."""
    return hmac.digest(_pepper(settings.DATA_KEYS[-1].strip()), token.encode(), "sha256").hex()


def _checksum(head: str) -> str:
    left, letters = zlib.crc32(head.encode()), ""
    for _ in range(6):
        left, at = divmod(left, len(ALPHABET))
        letters = ALPHABET[at] + letters
    return letters


@cache
def _pepper(data_key: str) -> bytes:
    """Derive the key from the oldest of DATA_KEYS: new keys are added before it, so existing digests stay valid."""
    return HKDF(SHA256(), length=32, salt=None, info=b"agora api keys").derive(urlsafe_b64decode(data_key))
