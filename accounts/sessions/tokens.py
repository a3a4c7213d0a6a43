"""Tokens of clients end when what protects an account changes."""

from oauth2_provider.models import (
    get_access_token_model,
    get_device_grant_model,
    get_grant_model,
    get_refresh_token_model,
)

from accounts.users.models import User


def end_all_tokens(*, user: User) -> None:
    """Delete every code and token that clients hold of a person; consents stay.

    Call it while the person's row is locked: tokens are made while it is locked too, so none is missed.
    """
    for model in (get_grant_model(), get_refresh_token_model(), get_access_token_model(), get_device_grant_model()):
        model._default_manager.filter(user=user).delete()  # noqa: SLF001  each has its own
