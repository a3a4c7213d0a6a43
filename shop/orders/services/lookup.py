"""Find an order again: whoever knows its number and e-mail address gets the link sent there, nobody sees it here."""

from datetime import datetime

from django.db import transaction

from core.context import Actor
from core.events import services as events
from core.validation.email_addresses import find_email
from shop.orders.models import Order


@transaction.atomic
def request_link(*, number: str, email: str, by: Actor, now: datetime | None = None) -> None:
    """Have the link mailed if number and address belong together; the caller learns nothing either way.

    Records order.link_requested.
    """
    order = Order.objects.filter(number=number.strip().upper(), email=find_email(email)).first()
    if order is not None:
        events.record("order.link_requested", order, by=by, now=now)
