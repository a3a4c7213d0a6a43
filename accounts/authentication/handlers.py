"""Records events for signals of django-allauth and Django.

Events contain no address and no name: the subject is the person's uid, or empty when no account matches.
"""

from typing import Any

from allauth.account import signals
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from accounts.authentication import login_checks, mfa
from accounts.authentication.services import accounts as user_accounts
from accounts.authentication.services import attempts
from accounts.sessions import devices
from accounts.sessions import services as device_services
from accounts.sessions.models import Device
from accounts.users.models import User
from core.context import Actor
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@receiver(signals.user_signed_up)
def note_sign_up(user: User, **_: Any) -> None:
    events.record("user.signed_up", user, by=Actor.person(user))


@receiver(signals.email_confirmed)
def note_verified_address(email_address: EmailAddress, **_: Any) -> None:
    user = email_address.user
    user_accounts.confirm_address(user=user, email=email_address.email, by=Actor.person(user))


@receiver(signals.user_logged_in)
@transaction.atomic
def note_sign_in(request: HttpRequest, response: HttpResponse, user: User, **_: Any) -> None:
    """Mark the session of staff who must set up two-factor authentication."""
    devices.record_sign_in(request, response, user)
    if login_checks.get_login_status(user).is_mfa_missing:
        request.session[mfa.MFA_MISSING_KEY] = True
    events.record("user.signed_in", user, by=Actor.person(user))


@receiver(auth_signals.user_login_failed)
def note_failed_sign_in(credentials: dict[str, Any], **_: Any) -> None:
    """Record a failed sign-in on the timeline of the account, if there is one."""
    typed = str(credentials.get("email") or credentials.get("username") or "")
    attempts.record_failed_login(typed=typed)


@receiver(auth_signals.user_logged_out)
@transaction.atomic
def note_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Record a sign-out. While impersonating, the member of staff signs out. The session still exists here."""
    if impersonation := getattr(request, "impersonated_by", None):
        user = impersonation.staff
    if device := request.session.get(devices.DEVICE_KEY):
        device_services.record_sign_out(uid=device, session_key=request.session.session_key or "")
    if user is not None:
        events.record("user.signed_out", user, by=Actor.person(user))


@receiver(signals.password_changed)
@receiver(signals.password_set)
def note_changed_password(request: HttpRequest, user: User, **_: Any) -> None:
    devices.end_access(request, user)
    events.record("user.changed_password", user, by=Actor.person(user))


@receiver(signals.password_reset)
def note_reset_password(request: HttpRequest, user: User, **_: Any) -> None:
    devices.end_access(request, user)
    events.record("user.reset_password", user, by=Actor.person(user))


@receiver(signals.email_changed)
def note_changed_address(request: HttpRequest, user: User, from_email_address: EmailAddress | None, **_: Any) -> None:
    """A first address is not a change."""
    if from_email_address is None:
        return
    devices.end_access(request, user)
    events.record("user.changed_email", user, by=Actor.person(user))


@receiver(signals.email_added)
def note_added_address(user: User, **_: Any) -> None:
    events.record("user.added_address", user, by=Actor.person(user))


@receiver(signals.email_removed)
def note_removed_address(user: User, **_: Any) -> None:
    events.record("user.removed_address", user, by=Actor.person(user))


# allauth sends its signals after the commit or too early; these events belong to the transaction.
@receiver(post_save, sender=Authenticator)
def note_added_factor(instance: Authenticator, created: bool, **_: Any) -> None:
    if created:
        user = instance.user
        name = "user.made_recovery_codes" if instance.type == mfa.RECOVERY_CODES else "user.added_factor"
        events.record(name, user, by=_get_actor(user), factor=instance.type)


@receiver(post_delete, sender=Authenticator)
def note_removed_factor(instance: Authenticator, **_: Any) -> None:
    if instance.type != mfa.RECOVERY_CODES:
        user = instance.user
        events.record("user.removed_factor", user, by=_get_actor(user), factor=instance.type)


@receiver(factor_signals.authenticator_added)
@receiver(factor_signals.authenticator_removed)
def end_other_sessions(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type != mfa.RECOVERY_CODES:
        devices.end_access(request, user)


@receiver(factor_signals.authentication_failed)
def note_failed_factor(user: User, **_: Any) -> None:
    """The first step was right, so the caller knows the password or reads the email."""
    events.record("user.factor_failed", user, by=Actor.guest())


@events.on("user.signed_in_on_new_device", outside=True)
def tell_of_new_device(event: Event, key: str) -> None:
    device = Device.objects.select_related("user").filter(uid=event.data["device"]).first()
    if device is not None:
        mail.send("new_device", to=device.user.email, key=key, values={"device": device, "at": event.at})


@events.on("user.added_address", outside=True)
def tell_of_added_address(event: Event, key: str) -> None:
    """Email the previous address, because an added address can be used to sign in."""
    user = User.objects.filter(uid=event.subject_id).first()
    if user is not None:
        mail.send("address_added", to=user.email, key=key)


@events.on("user.lost_factors", outside=True)
def tell_of_lost_factors(event: Event, key: str) -> None:
    user = User.objects.filter(uid=event.subject_id).first()
    if user is not None:
        mail.send("mfa_removed", to=user.email, key=key)


def _get_actor(user: User) -> Actor:
    """The person in a request, or the system in a command."""
    return Actor.person(user) if context.request is not None else Actor.system("command")
