"""Secrets at rest: what must be read again, and must not be readable from a copy of the database.

The first of DATA_KEYS encrypts; all of them decrypt, so a new key is put in front and the old ones stay behind it.
"""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    """The text, readable only with one of DATA_KEYS."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """What `encrypt` was given. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _keys().decrypt(token.encode()).decode()


def renew(token: str) -> str:
    """The same text under the first of DATA_KEYS. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _keys().rotate(token.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in settings.DATA_KEYS])
