"""Load the demo: run all steps in order of time."""

from collections.abc import Callable, Iterator
from datetime import datetime

from core import context
from core.events import services as events
from core.events.models import EventDelivery
from core.search import index as search
from demo.loading import catalogue, journal, orders, people, reviews, site, talk
from demo.loading.studio import IMPORT_PREFIX, Step, Studio, get_finished_steps

PARTS: tuple[Callable[[Studio], Iterator[Step]], ...] = (
    people.steps,
    catalogue.steps,
    site.steps,
    journal.steps,
    orders.steps,
    reviews.steps,
    talk.steps,
)
PROGRESS_INTERVAL = 50


def load(*, now: datetime, say: Callable[[str], None]) -> int:
    """Run the steps that are not done yet and process their events. Returns their number.

    Safe to repeat, also after an interrupted run. Events are quiet: they are recorded and processed in the database,
    but send no email and no webhook.
    """
    studio = Studio(now, made=get_finished_steps())
    # The sort is stable: at the same time, users come before their data.
    planned = sorted((step for part in PARTS for step in part(studio)), key=lambda step: step.at)
    left = [step for step in planned if not step.done and step.name not in studio.made]
    for count, step in enumerate(left):
        if count % PROGRESS_INTERVAL == 0:
            say(f"  {count} of {len(left)} steps of its history, now at {step.at:%d %B %Y}")
        with context.bind(request_id=IMPORT_PREFIX + step.name, source="demo", quiet=True):
            step.act(step.at)
        process_events()
    while process_events():
        pass
    for kind in search.kinds():
        search.index(kind)
    return len(left)


def process_events() -> int:
    """Run the handlers that change only the database.

    Returns the number of processed events. Handlers may record more.
    """
    relayed = events.relay()
    history = EventDelivery.objects.filter(pk__in=relayed.deliveries, event__quiet=True).order_by("pk")
    for delivery_id in list(history.values_list("pk", flat=True)):
        events.deliver(delivery_id)
    return relayed.events
