"""Profiles in the moderation queue."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.moderation import registry as moderation
from accounts.moderation.registry import ContentSource, ReportedContent, ReportTarget
from accounts.moderation.services import profiles
from accounts.users.models import User
from core.context import Actor, Grant
from core.ids import uuids

SHOWN, REMOVED = "shown", "taken out"


def show(ids: Collection[str]) -> Mapping[str, ReportedContent]:
    return {user.public_id: _describe(user) for user in User.objects.filter(uid__in=uuids(ids))}


def find(uid: str, viewer: Grant) -> ReportTarget | None:
    user = User.objects.filter(uid__in=uuids([uid]), is_active=True).first()
    return None if user is None else ReportTarget(user.display_name, "", user)


def decide(uid: str, stands: bool, by: Actor, now: datetime) -> str:
    """Remove bio and picture; they are stored for a while."""
    user = User.objects.filter(uid=uid).first()
    if user is None or not (stands or profiles.remove_content(user_id=user.pk, by=by, now=now)):
        return ""
    return SHOWN if stands else REMOVED


def restore(uid: str, state: str, by: Actor, now: datetime) -> None:
    user = User.objects.filter(uid=uid).first()
    if user is not None and state == REMOVED:
        profiles.restore_content(user_id=user.pk, by=by, now=now)


def _describe(user: User) -> ReportedContent:
    state = _("open") if user.is_active else _("closed")
    link = reverse("admin:accounts_user_change", args=[user.pk])
    return ReportedContent(str(_("A profile")), user.bio, link, user.display_name, str(state))


moderation.register(
    ContentSource(
        kind=User.public_kind,
        words=_("Profiles"),
        permission="accounts.change_user",
        show=show,
        find=find,
        decide=decide,
        restore=restore,
    )
)
