"""Ends tokens of clients after security-related changes."""

from oauth2_provider.models import (
    get_access_token_model,
    get_device_grant_model,
    get_grant_model,
    get_refresh_token_model,
)

from accounts.users.models import User


def end_all_tokens(*, user: User) -> None:
    """Delete all codes and tokens of a person; consents stay.

    Call it with the person locked: tokens are created under that lock too.
    """
    for model in (get_grant_model(), get_refresh_token_model(), get_access_token_model(), get_device_grant_model()):
        model._default_manager.filter(user=user).delete()  # noqa: SLF001  each has its own
