"""Personal data in sales: only the order number."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.privacy import registry as privacy
from accounts.privacy.registry import DataCategory, DataHandler, Part, Person, RetentionPolicy


def export(person: Person) -> Iterator[Part]:
    """Nothing: the amounts are in the orders."""
    yield from ()


def erase(person: Person, now: datetime) -> None:
    """Nothing: sums do not change when an account is deleted."""


privacy.register(
    "analytics",
    DataHandler(
        words=_("Sales figures"),
        export=export,
        erase=erase,
        categories=(
            DataCategory(
                _("Sales: order number, day and amount"),
                RetentionPolicy.KEPT,
                {"analytics.SaleFact": "order"},
                why=_("They must match the accounts."),
                not_exported=_("the same amounts are in the orders"),
            ),
        ),
    ),
)
