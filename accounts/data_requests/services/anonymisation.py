"""Anonymise an account. The row stays, because orders and events refer to it."""

from collections.abc import Collection

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from accounts.api_keys.models import ApiKey
from accounts.data_requests.models import DataExport
from accounts.impersonation.models import Impersonation
from accounts.oauth.models import AccessToken, AuthorizationCode, Client, Consent, DeviceGrant, IDToken, RefreshToken
from accounts.permissions.models import Entitlement
from accounts.sessions.models import Device
from accounts.subscriptions.models import Subscription
from accounts.users.models import User
from core.api.models import IdempotencyKey
from core.content.services import pictures
from core.events.models import EventDelivery

USER_MODELS: tuple[type[Model], ...] = (
    *(AccessToken, RefreshToken, IDToken, AuthorizationCode, DeviceGrant, Consent, Client),
    *(ApiKey, Authenticator, EmailAddress),
)


@transaction.atomic
def anonymise_account(*, user: User, emails: Collection[str]) -> None:
    """Erase the personal data of an account: keys, two-factor methods, apps, subscriptions, exports and picture.

    `emails` are the verified addresses. Locks the person; idempotent. Files are deleted after the commit.
    """
    user = User.objects.select_for_update(of=("self",)).select_related("avatar").get(pk=user.pk)
    end_sessions(user)
    _erase_traces(user)
    for kind in USER_MODELS:
        kind._default_manager.filter(user=user).delete()  # noqa: SLF001  each has its own
    theirs = Q(user=user) | Q(user__isnull=True, email__in=emails)
    Entitlement.objects.filter(theirs).delete()
    Subscription.objects.filter(theirs).delete()
    Impersonation.objects.filter(person=user).update(reason=_("Erased with the person"))
    for export in DataExport.objects.filter(user=user):
        export.remove()
    picture = user.avatar
    _clear_user(user)
    if picture is not None:
        pictures.remove_picture(picture)


def end_sessions(user: User) -> None:
    """End all sessions of a person and delete their devices."""
    theirs = Device.objects.filter(user=user)
    Session.objects.filter(session_key__in=theirs.exclude(session_key="").values("session_key")).delete()
    theirs.delete()


def _erase_traces(user: User) -> None:
    """Erase names and addresses from stored API responses, delivery errors and the admin log."""
    IdempotencyKey.objects.filter(principal=f"user:{user.uid}").delete()
    about = Q(event__subject_kind=user.public_kind, event__subject_id=user.public_id)
    about |= Q(event__actor_kind="user", event__actor_id=user.public_id)
    EventDelivery.objects.filter(about).exclude(error="").update(error="")
    people = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=people, object_id=str(user.pk)).update(object_repr=str(user.uid))


def _clear_user(user: User) -> None:
    user.email, user.name, user.bio, user.avatar = user.erased_email, _("Deleted user"), "", None
    user.set_unusable_password()
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login, user.session_epoch = None, user.session_epoch + 1
    user.locale, user.time_zone = "en", "UTC"
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
