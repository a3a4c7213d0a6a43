"""What the ground floor does when something happened."""

from core import events, pictures, search
from core.models import Event


@events.on("picture.added", outside=True)
def render_added_picture(event: Event, key: str) -> None:
    pictures.render_picture(event.subject_id)


@events.on("page.saved", "page.deleted")
def index_page(event: Event) -> None:
    search.index("page", [event.subject_id])
