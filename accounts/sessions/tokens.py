"""Tokens of clients end when what protects an account changes."""

from accounts.oauth.models import AccessToken, AuthorizationCode, DeviceGrant, RefreshToken
from accounts.users.models import User


def end_all_tokens(*, user: User) -> None:
    """Delete every code and token that programs of others have of a person; what was agreed to stays.

    To be called while the person's row is held: tokens are made while it is held too (`hold_person`), so none slips by.
    """
    for kind in (AuthorizationCode, RefreshToken, AccessToken, DeviceGrant):
        kind._default_manager.filter(user=user).delete()  # noqa: SLF001  each has its own
