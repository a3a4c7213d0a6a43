"""Keeps the search index of products current, and notifies people who wait for stock."""

from core.events import services as events
from core.events.models import Event
from core.search import index as search


@events.on("product.*")
def index_product(event: Event) -> None:
    """A product that got another slug leaves the index under the former one."""
    former = event.data.get("former_slug") or event.subject_id
    search.index("product", list({event.subject_id, former}))
