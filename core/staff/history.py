"""The history of an object: its events, and what was edited in the admin, newest first."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core.events.models import Event
from core.money import Money

MAX_SHOWN = 200
HIDDEN = frozenset({"currency", "key", "quote_hash", "sources"})
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AMOUNTS = frozenset({"amount", "former", "total", "tax", "shipping", "captured", "refunded"})

Subject = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when, what, who did it, and the facts."""

    at: datetime
    title: str
    by: str
    details: str


class HistoryAdmin(ModelAdmin):
    """Shows the events of an object under "History"."""

    object_history_template = "admin/object_history_events.html"

    def history_subjects(self, obj: Any) -> list[Subject]:
        """Whose events make up this object's history: (kind, public id) each."""
        return [(obj.public_kind, obj.public_id)] if hasattr(obj, "public_kind") else []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        found = self.get_object(request, object_id)
        entries = history(self.history_subjects(found), found) if found is not None else []
        return super().history_view(request, object_id, {"entries": entries, **(extra_context or {})})


def history(subjects: Iterable[Subject], obj: Any) -> list[Entry]:
    """The latest events of some subjects together with the admin's log of the object; at most four queries."""
    about = Q(pk__in=[])
    for kind, public_id in subjects:
        about |= Q(subject_kind=kind, subject_id=public_id)
    happened = list(Event.objects.filter(about).order_by("-id")[:MAX_SHOWN])
    entries = [*describe_all(happened), *_edits(obj)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:MAX_SHOWN]


def describe_all(happened: Sequence[Event]) -> list[Entry]:
    """Events in words, in the same order; one query for the names."""
    names = _names(happened)
    return [describe(event, names) for event in happened]


def describe(event: Event, names: Mapping[str, str]) -> Entry:
    by = names.get(event.actor_id) or {"guest": _("a customer without an account"), "system": _("the system")}.get(
        event.actor_kind, event.actor_kind
    )
    return Entry(event.at, title_of(event.name), by, facts(event.data))


def title_of(name: str) -> str:
    """`order.refund_requested` as people read it: Order: refund requested."""
    kind, _dot, what = name.partition(".")
    return f"{kind.replace('_', ' ').capitalize()}: {what.replace('_', ' ')}"


def facts(data: Mapping[str, Any]) -> str:
    """What an event says beside its name, in words."""
    return ", ".join(_facts(data))


def _facts(data: Mapping[str, Any]) -> Iterator[str]:
    currency = data.get("currency", "")
    for name, value in data.items():
        if name in HIDDEN or value in (None, "", [], {}) or UUID.fullmatch(str(value)):
            continue
        yield f"{name.replace('_', ' ')}: {_fact(name, value, currency)}"


def _fact(name: str, value: Any, currency: str) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in AMOUNTS and currency and isinstance(value, int):
        return Money(value, currency).format()
    return " ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _names(happened: Iterable[Event]) -> dict[str, str]:
    uids = {event.actor_id for event in happened if event.actor_kind == "user"}
    people = get_user_model()._default_manager.filter(uid__in=uids) if uids else ()  # noqa: SLF001
    return {str(person.uid): str(person) for person in people}


def _edits(obj: Any) -> Iterator[Entry]:
    content_type = ContentType.objects.get_for_model(obj, for_concrete_model=False)
    log = LogEntry.objects.filter(content_type=content_type, object_id=str(obj.pk)).select_related("user")
    for entry in log.order_by("-action_time")[:MAX_SHOWN]:
        yield Entry(entry.action_time, _("Edited in the staff area"), str(entry.user), entry.get_change_message())
