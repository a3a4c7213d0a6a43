"""Entries of the security log, and filters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core.errors import Invalid
from core.events import catalogue
from core.events.models import EventOrigin
from core.validation.email_addresses import find_email

# Kinds of subject whose events are in the log.
KINDS: Final = (
    "api_key", "ban", "client", "consent", "oauth", "role", "security_log", "signing_key", "user", "webhook",
)  # fmt: skip
PATTERNS: Final = tuple(f"{kind}.*" for kind in KINDS)
# Actions that staff should look at.
WARNINGS: Final = frozenset(
    {
        "api_key.refused",
        "client.refused",
        "oauth.token_reuse_detected",
        "user.factor_failed",
        "user.login_throttled",
        "user.lost_factors",
        "user.reused_refresh_token",
        "user.sign_in_failed",
    }
)


class InvalidAddress(Invalid):
    code = "bad_network"
    status = 400
    message = _("Enter an IP address or a network, such as 203.0.113.7 or 203.0.113.0/24.")


def actions() -> dict[str, str]:
    """The events that the log holds, with their descriptions."""
    return {name: words for name, words in catalogue.all_descriptions().items() if name.partition(".")[0] in KINDS}


def action_choices() -> list[tuple[str, str]]:
    """Choices of a filter by action. Former names stay valid for API clients."""
    return [(known, known) for name in actions() for known in catalogue.get_all_names(name)]


@dataclass(frozen=True, slots=True)
class LogFilters:
    """Filters; "" and None match everything. `person` is a public id or an email address."""

    person: str = ""
    action: str = ""
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None


def get_entries(wanted: LogFilters) -> QuerySet[EventOrigin]:
    """Return the entries that match, with their events, newest first. Raises InvalidAddress.

    An email address costs one more query.
    """
    every = EventOrigin.objects.select_related("event").order_by("-at", "-event_id")
    return filter_entries(every, wanted)


def filter_entries(found: QuerySet[EventOrigin], wanted: LogFilters) -> QuerySet[EventOrigin]:
    """Filter entries. Raises InvalidAddress."""
    if wanted.person:
        found = found.filter(_match_person(_resolve_person(wanted.person)))
    if wanted.action:
        found = found.filter(event__name__in=catalogue.get_all_names(wanted.action))
    if wanted.address:
        first, last = _parse_network_range(wanted.address)
        found = found.filter(address__gte=first, address__lte=last)
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    return found


def get_email_addresses(shown: Iterable[EventOrigin]) -> dict[str, str]:
    """Return the email addresses of all people in the entries, by public id. One query."""
    events = [entry.event for entry in shown]
    uids = {event.subject_id for event in events if event.subject_kind == User.public_kind}
    uids |= {event.actor_id for event in events if event.actor_kind == User.public_kind}
    uids |= {event.impersonator_id for event in events}
    people = User.objects.filter(uid__in=uids - {""}).values_list("uid", "email")
    return {str(uid): email for uid, email in people}


def _match_person(uid: str) -> Q:
    """Match events about a person, by them, and by them while impersonating."""
    about = Q(event__subject_kind=User.public_kind, event__subject_id=uid)
    by = Q(event__actor_kind=User.public_kind, event__actor_id=uid)
    return about | by | Q(event__impersonator_id=uid)


def _resolve_person(person: str) -> str:
    """Return the public id of a person; a value that matches nothing for an unknown address."""
    if "@" in person:
        uid = User.objects.filter(email=find_email(person)).values_list("uid", flat=True).first()
        return str(uid or "nobody")
    try:
        return str(UUID(person.strip()))
    except ValueError:
        return "nobody"


def _parse_network_range(address: str) -> tuple[str, str]:
    """Return the first and last address of a network, for a comparison that uses an index."""
    try:
        network = ip_network(address.strip(), strict=False)
    except ValueError:
        raise InvalidAddress(field="address") from None
    return str(network[0]), str(network[-1])
