"""Two-factor authentication: encrypted secrets, and the requirement of roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.permissions.models import Role
from accounts.sessions import services as devices
from accounts.users.models import User
from core import encryption
from core.context import Actor
from core.events import services as events

MFA_MISSING_KEY = "factor_missing"  # in the session of somebody who must set one up first
RECOVERY_CODES = Authenticator.Type.RECOVERY_CODES


class MfaAdapter(DefaultMFAAdapter):
    """Project adapter for the MFA of django-allauth."""

    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Your role requires two-factor authentication. Add another method before you remove this one."
        ),
        "cannot_generate_recovery_codes": _("Recovery codes need two-factor authentication. Set it up first."),
        "incorrect_code": _("Incorrect code, or the code has already been used."),
        "unverified_email": _("Confirm your email address first."),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether the person may remove this method. Call it with the person locked."""
        others = get_authenticators(authenticator.user_id).exclude(pk=authenticator.pk)
        return others.exists() or not roles_requiring_mfa(authenticator.user_id).exists()

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        """Return the user data of a passkey: the public id, never the primary key."""
        return {"id": user.uid.bytes, "display_name": user.display_name, "name": user.email}

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """A passkey or a security key. `credential` is its id, used in URLs."""

    credential: str
    name: str
    is_passkey: bool
    added_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: Authenticator) -> Self:
        key = row.wrap()
        credential = row.data["credential"]["id"]
        return cls(credential, key.name, bool(key.is_passwordless), row.created_at, row.last_used_at)


@dataclass(frozen=True, slots=True)
class MfaMethods:
    """The sign-in methods of a person besides password and email."""

    app: Authenticator | None
    keys: list[SecurityKey]
    codes_left: int

    @property
    def has_any(self) -> bool:
        return self.app is not None or bool(self.keys)


def get_mfa_methods(user: User) -> MfaMethods:
    """Return the two-factor methods of a person, keys oldest first. One query."""
    rows = list(Authenticator.objects.filter(user=user).order_by("pk"))
    by_type = {row.type: row for row in rows}
    codes = by_type.get(RECOVERY_CODES)
    return MfaMethods(
        app=by_type.get(Authenticator.Type.TOTP),
        keys=[SecurityKey.of(row) for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
    )


def roles_requiring_mfa(person: int | OuterRef) -> QuerySet[Role]:
    """Return the roles of a person that require two-factor authentication."""
    return Role.objects.filter(requires_mfa=True, group__user=person)


def get_authenticators(person: int | OuterRef) -> QuerySet[Authenticator]:
    """Return the two-factor methods of a person, without recovery codes."""
    held: QuerySet[Authenticator] = Authenticator.objects.filter(user=person).exclude(type=RECOVERY_CODES)
    return held


def is_mfa_missing(user: User) -> bool:
    """Whether a person must have a two-factor method and has none. No query for customers, at most two for staff."""
    return user.is_staff and roles_requiring_mfa(user.pk).exists() and not get_authenticators(user.pk).exists()


@transaction.atomic
def remove_all_methods(*, user: User, by: Actor) -> int:
    """Remove all two-factor methods of somebody who lost them; returns how many there were. Ends sessions and tokens.

    Locks the person. For operators, after they verified who requests it. Records user.lost_factors when there were any,
    of which the person is notified by email.
    """
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    gone = [row.delete() for row in Authenticator.objects.filter(user=user)]
    if gone:
        devices.end_access(user=user)
        events.record("user.lost_factors", user, by=by, factors=len(gone))
    return len(gone)


def renew_secrets() -> int:
    """Encrypt all secrets again with the first of DATA_KEYS; returns how many. Locks one row at a time."""
    rows = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk").values_list("pk", flat=True)
    return sum(_renew_row(pk) for pk in rows.iterator())


@transaction.atomic
def _renew_row(pk: int) -> bool:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    name = "seed" if row.type == RECOVERY_CODES else "secret"
    row.data[name] = encryption.renew(row.data[name])
    row.save(update_fields=["data"])
    return True


def get_user_by_handle(handle: bytes) -> User | None:
    """Return the person of a passkey's user handle; None when it is no public id. One query."""
    try:
        return User.objects.filter(uid=UUID(bytes=handle)).first()
    except ValueError:
        return None
