"""Public rooms in the search index. Messages are not indexed."""

from collections.abc import Iterator, Sequence

from chat.rooms.models import Room
from core.search import index as search
from core.search.index import Document


@search.register("room")
def get_room_documents(public_ids: Sequence[str] | None) -> Iterator[Document]:
    rooms = Room.objects.filter(kind=Room.Kind.PUBLIC, archived_at__isnull=True)
    if public_ids is not None:
        rooms = rooms.filter(uid__in=public_ids)
    for room in rooms.iterator():
        yield Document(
            public_id=room.public_id,
            title=room.title,
            url=room.get_absolute_url(),
            summary=room.topic,
            weight=float(room.last_seq),
            at=room.last_message_at,
        )
