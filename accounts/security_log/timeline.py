"""What happened to a person's account, in words for that person."""

from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from accounts.users.queries import get_display_names
from core.events import catalogue
from core.events.models import Event
from core.keyset_pagination import Page, keyset

LABELS: Final = {
    "export.made": _("A copy of your data was made"),
    "export.requested": _("A copy of your data was asked for"),
    "user.added": _("Your account was made for you"),
    "user.added_address": _("An e-mail address was added"),
    "user.added_factor": _("A second factor was added"),
    "user.banned": _("You were told that you may not write, or not sign in, for a while"),
    "user.asked_for_factor": _("Your role asks for a second factor now, and you were signed out"),
    "user.changed_email": _("Your e-mail address was changed"),
    "user.changed_password": _("Your password was changed"),
    "user.changed_profile": _("Your profile was changed"),
    "user.closed": _("Your account was closed"),
    "user.closing_cancelled": _("You keep your account after all"),
    "user.closing_near": _("You were told that your data is soon erased"),
    "user.closing_requested": _("Your account was to be closed"),
    "user.connected_account": _("An account elsewhere was connected"),
    "user.disconnected_account": _("An account elsewhere was taken out"),
    "user.ended_other_sessions": _("You signed out everywhere else"),
    "user.ended_session": _("You signed another browser out"),
    "user.impersonated": _("Somebody of ours began to act in your name"),
    "user.impersonation_ended": _("They stopped acting in your name"),
    "user.erased": _("Your data was erased"),
    "user.lost_factors": _("Your second factors were removed for you"),
    "user.made_recovery_codes": _("Recovery codes were made"),
    "user.opened": _("Your account was opened again"),
    "user.received_entitlements": _("What you bought as a guest came to your account"),
    "user.removed_address": _("An e-mail address was removed"),
    "user.removed_factor": _("A second factor was removed"),
    "user.reset_password": _("Your password was set anew by mail"),
    "user.signed_in": _("You signed in"),
    "user.signed_in_on_new_device": _("You signed in in a new browser"),
    "user.signed_out": _("You signed out"),
    "user.signed_up": _("You made your account"),
    "user.unbanned": _("You may write and sign in again"),
    "user.verified_email": _("Your e-mail address was confirmed"),
    "role.assigned": _("You were given a role"),
    "role.removed": _("A role was taken from you"),
}
WARNING_LABELS: Final = {
    "user.reused_refresh_token": _("A token of an app was used twice, and the app was signed out"),
    "user.login_throttled": _("Too many sign-in attempts: further attempts were blocked for a while"),
    "user.factor_failed": _("Somebody entered a wrong code in the second step of signing in"),
    "user.sign_in_failed": _("Somebody entered a wrong password"),
    "user.sign_up_again": _("Somebody tried to create an account with your email address"),
}


def get_page(user: User, *, cursor: str = "") -> Page[Event]:
    """Events about a person, the newest first. One query. Raises core.keyset_pagination.BadCursor."""
    return keyset(get_events(user), by=("-id",), cursor=cursor)


def get_events(user: User) -> QuerySet[Event]:
    """All that a person is told of their account."""
    return Event.objects.filter(
        subject_kind=user.public_kind, subject_id=user.public_id, name__in=[*LABELS, *WARNING_LABELS]
    )


def build_steps(page: Page[Event]) -> list[dict[str, Any]]:
    """Events as components/timeline.html shows them. One query where staff did something in the person's name."""
    staff = get_display_names(
        {event.impersonator_id for event in page} | {_get_impersonation_actor(event) for event in page}
    )
    return [
        {
            "label": _get_label(event),
            "at": event.at,
            "state": "failed" if is_warning(event) else "done",
            "note": _get_note(event, staff),
        }
        for event in page
    ]


def _get_names() -> list[str]:
    return [known for name in (*LABELS, *WARNING_LABELS) for known in catalogue.get_all_names(name)]


def is_warning(event: Event) -> bool:
    return catalogue.get_current_name(event.name) in WARNING_LABELS


def _get_label(event: Event) -> Any:
    name = catalogue.get_current_name(event.name)
    return LABELS.get(name) or WARNING_LABELS[name]


def _get_impersonation_actor(event: Event) -> str:
    return event.actor_id if event.name == "user.impersonated" else ""


def _get_note(event: Event, staff: dict[str, str]) -> str:
    """Who of the staff it was."""
    if name := staff.get(event.impersonator_id):
        return _("%(name)s of %(house)s did this for you") % {"name": name, "house": settings.SITE_NAME}
    return staff.get(_get_impersonation_actor(event), "")
