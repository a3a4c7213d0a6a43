"""What follows when somebody asks for their data or to be forgotten."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.data_requests.models import DataExport
from accounts.data_requests.services import exports
from accounts.privacy import registry as privacy
from accounts.users.models import Closing
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@events.on("export.requested", outside=True)
def make_export(event: Event, key: str) -> None:
    exports.make_export(uid=event.data["export"])


@events.on("export.made", outside=True)
def send_link(event: Event, key: str) -> None:
    """The link's secret is in this mail only."""
    export = DataExport.objects.select_related("user").filter(uid=event.data["export"]).first()
    if export is not None and export.state == DataExport.State.READY:
        path = reverse("accounts:fetch_export", args=[export.uid, exports.secret_of(export)])
        values = {"url": f"{settings.SITE_URL}{path}", "until": export.expires_at, "size": export.size}
        mail.send("export_made", to=export.user.email, key=key, values=values)


@events.on("user.closing_requested", outside=True)
def tell_of_closing(event: Event, key: str) -> None:
    _write_about(event, "closing_requested", key)


@events.on("user.closing_near", outside=True)
def tell_of_near_end(event: Event, key: str) -> None:
    _write_about(event, "closing_near", key)


@events.on("user.closing_cancelled", outside=True)
def tell_of_return(event: Event, key: str) -> None:
    closing = _closing(event)
    mail.send("closing_cancelled", to=closing.user.email, key=key, values=_values(closing))


@events.on("user.erased", outside=True)
def say_goodbye(event: Event, key: str) -> None:
    """The last mail; then the address is gone as well."""
    closing = _closing(event)
    if closing.last_address:
        mail.send("closing_done", to=closing.last_address, key=key, values={"kept": _kept()})
        Closing.objects.filter(pk=closing.pk).update(last_address="")


def _write_about(event: Event, template: str, key: str) -> None:
    """Unless it was taken back meanwhile."""
    closing = _closing(event)
    if closing.state == Closing.State.WAITING:
        mail.send(template, to=closing.user.email, key=key, values=_values(closing))


def _closing(event: Event) -> Closing:
    return Closing.objects.select_related("user").get(uid=event.data["closing"])


def _values(closing: Closing) -> dict[str, Any]:
    return {"due_at": closing.due_at, "own": closing.asked_by_id == closing.user_id}


def _kept() -> list[str]:
    return [
        f"{holding.words}. {holding.why}"
        for keeper in privacy.keepers().values()
        for holding in keeper.holdings
        if holding.fate != privacy.Fate.ERASED
    ]
