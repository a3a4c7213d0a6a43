"""What the ground floor does when something happened."""

from core.content.services import pictures
from core.events import services as events
from core.events.models import Event
from core.search import index as search


@events.on("picture.added", outside=True)
def render_added_picture(event: Event, key: str) -> None:
    pictures.render_picture(event.subject_id)


@events.on("page.saved", "page.deleted")
def index_page(event: Event) -> None:
    search.index("page", [event.subject_id])
