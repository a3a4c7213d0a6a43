"""Sockets of this process that watch the room list or the desk. No I/O.

These notifications may be lost. Lists are fetched again when their page becomes visible, and periodically.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from chat.delivery import protocol
from chat.realtime.following import Socket


@dataclass(slots=True)
class Watchers:
    """Sockets by watched room, and those that watch the desk."""

    rooms: dict[int, set[Socket]] = field(default_factory=lambda: defaultdict(set))
    watched: dict[Socket, frozenset[int]] = field(default_factory=dict)
    desk: set[Socket] = field(default_factory=set)

    def watch_rooms(self, socket: Socket, room_ids: Iterable[int]) -> bool:
        """Watch exactly these rooms. Returns whether they changed."""
        wanted, before = frozenset(room_ids), self.watched.get(socket, frozenset())
        self.watched[socket] = wanted
        for room_id in wanted - before:
            self.rooms[room_id].add(socket)
        for room_id in before - wanted:
            self._unwatch(socket, room_id)
        return wanted != before

    def remove_socket(self, socket: Socket) -> None:
        for room_id in self.watched.pop(socket, ()):
            self._unwatch(socket, room_id)
        self.desk.discard(socket)

    def push_change(self, room_id: int, text: str, but: Collection[Socket]) -> None:
        """Notify sockets that watch the room but do not follow it. The frame is built once, only if there are any."""
        recipients = [socket for socket in self.rooms.get(room_id, ()) if socket not in but]
        if not recipients:
            return
        change = json.loads(text)
        message, is_new = change["message"], change["type"] == "msg"
        if not (is_new or message["deleted"] or message["edited_at"]):
            return  # lists do not show reactions
        frame = protocol.news(UUID(change["room"]), message, new=is_new)
        for socket in recipients:
            socket.push(frame)

    def push_to_person(self, user_uid: str, text: str) -> None:
        for socket in self.watched:
            if socket.user_uid == user_uid:
                socket.push(text)

    def push_desk_change(self) -> None:
        frame = protocol.stale("desk")
        for socket in list(self.desk):
            socket.push(frame)

    def _unwatch(self, socket: Socket, room_id: int) -> None:
        self.rooms[room_id].discard(socket)
        if not self.rooms[room_id]:
            del self.rooms[room_id]
