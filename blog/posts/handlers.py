"""Keep the search index current."""

from core.events import services as events
from core.events.models import Event
from core.search import index as search


@events.on("post.published", "post.unpublished", "post.archived", "post.scheduled", "post.saved", "comment.*")
def index_post(event: Event) -> None:
    slug = event.data["post"] if event.subject_kind == "comment" else event.subject_id
    search.index("post", [slug])


@events.on("post.moved")
def index_moved_post(event: Event) -> None:
    search.index("post", [event.data["old"], event.data["new"]])
