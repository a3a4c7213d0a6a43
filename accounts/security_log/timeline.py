"""Account activity, in plain language for the person."""

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
    "export.made": _("A data export was completed"),
    "export.requested": _("A data export was requested"),
    "user.added": _("Your account was created by staff"),
    "user.added_address": _("An email address was added"),
    "user.added_factor": _("A two-factor method was added"),
    "user.banned": _("You were banned"),
    "user.asked_for_factor": _("Your role now requires two-factor authentication, and you were signed out"),
    "user.changed_email": _("Your email address was changed"),
    "user.changed_password": _("Your password was changed"),
    "user.changed_profile": _("Your profile was changed"),
    "user.closed": _("Your account was disabled"),
    "user.closing_cancelled": _("The deletion of your account was cancelled"),
    "user.closing_near": _("A reminder of the deletion of your account was sent"),
    "user.closing_requested": _("The deletion of your account was requested"),
    "user.connected_account": _("An external account was connected"),
    "user.disconnected_account": _("An external account was disconnected"),
    "user.ended_other_sessions": _("You signed out everywhere else"),
    "user.ended_session": _("You signed out another browser"),
    "user.impersonated": _("Staff started to impersonate you"),
    "user.impersonation_ended": _("Staff stopped impersonating you"),
    "user.erased": _("Your data was erased"),
    "user.lost_factors": _("Two-factor authentication was removed for you"),
    "user.made_recovery_codes": _("Recovery codes were generated"),
    "user.opened": _("Your account was enabled again"),
    "user.received_entitlements": _("Your guest orders were added to your account"),
    "user.removed_address": _("An email address was removed"),
    "user.removed_factor": _("A two-factor method was removed"),
    "user.reset_password": _("Your password was reset by email"),
    "user.signed_in": _("You signed in"),
    "user.signed_in_on_new_device": _("You signed in with a new browser"),
    "user.signed_out": _("You signed out"),
    "user.signed_up": _("You created your account"),
    "user.unbanned": _("Your ban was lifted"),
    "user.verified_email": _("Your email address was confirmed"),
    "role.assigned": _("You were given a role"),
    "role.removed": _("A role was removed from you"),
}
WARNING_LABELS: Final = {
    "user.reused_refresh_token": _("A token of an app was used twice, and the app was signed out"),
    "user.login_throttled": _("Too many sign-in attempts: further attempts were blocked for a while"),
    "user.factor_failed": _("Somebody entered a wrong code in the second step of signing in"),
    "user.sign_in_failed": _("Somebody entered a wrong password"),
    "user.sign_up_again": _("Somebody tried to create an account with your email address"),
}


def get_page(user: User, *, cursor: str = "") -> Page[Event]:
    """Return a page of events about a person, newest first. One query. Raises core.keyset_pagination.BadCursor."""
    return keyset(get_events(user), by=("-id",), cursor=cursor)


def get_events(user: User) -> QuerySet[Event]:
    """Return the events that are shown to a person."""
    return Event.objects.filter(subject_kind=user.public_kind, subject_id=user.public_id, name__in=_get_names())


def build_steps(page: Page[Event]) -> list[dict[str, Any]]:
    """Return the events for components/timeline.html. One query where staff impersonated the person."""
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
    """Return which member of staff it was."""
    if name := staff.get(event.impersonator_id):
        return _("%(name)s of %(site)s did this for you") % {"name": name, "site": settings.SITE_NAME}
    return staff.get(_get_impersonation_actor(event), "")
