"""Prepares exports, and sends emails about exports and account deletions."""

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
    """Email the link. Its secret is in this email only."""
    export = DataExport.objects.select_related("user").filter(uid=event.data["export"]).first()
    if export is not None and export.state == DataExport.State.READY:
        path = reverse("accounts:fetch_export", args=[export.uid, exports.get_export_secret(export)])
        values = {"url": f"{settings.SITE_URL}{path}", "until": export.expires_at, "size": export.size}
        mail.send("export_ready", to=export.user.email, key=key, values=values)


@events.on("user.closing_requested", outside=True)
def tell_of_closing(event: Event, key: str) -> None:
    _send_if_pending(event, "deletion_requested", key)


@events.on("user.closing_near", outside=True)
def tell_of_near_end(event: Event, key: str) -> None:
    _send_if_pending(event, "deletion_reminder", key)


@events.on("user.closing_cancelled", outside=True)
def tell_of_return(event: Event, key: str) -> None:
    closing = _get_deletion(event)
    mail.send("deletion_cancelled", to=closing.user.email, key=key, values=_get_mail_context(closing))


@events.on("user.erased", outside=True)
def say_goodbye(event: Event, key: str) -> None:
    """Send the last email, then erase the address."""
    closing = _get_deletion(event)
    if closing.last_address:
        mail.send("deletion_done", to=closing.last_address, key=key, values={"kept": _get_retained_categories()})
        Closing.objects.filter(pk=closing.pk).update(last_address="")


def _send_if_pending(event: Event, template: str, key: str) -> None:
    """Send an email unless the deletion was cancelled meanwhile."""
    closing = _get_deletion(event)
    if closing.state == Closing.State.WAITING:
        mail.send(template, to=closing.user.email, key=key, values=_get_mail_context(closing))


def _get_deletion(event: Event) -> Closing:
    return Closing.objects.select_related("user").get(uid=event.data["closing"])


def _get_mail_context(closing: Closing) -> dict[str, Any]:
    return {"due_at": closing.due_at, "own": closing.asked_by_id == closing.user_id}


def _get_retained_categories() -> list[str]:
    return [
        f"{category.words}. {category.why}"
        for handler in privacy.get_handlers().values()
        for category in handler.categories
        if category.retention != privacy.RetentionPolicy.ERASED
    ]
