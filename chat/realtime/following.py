"""Followed rooms of this process. Delivers changes in order of revision, once to each follower. No I/O."""

from dataclasses import dataclass, field
from typing import Protocol

from chat.rooms.models import Room


class Socket(Protocol):
    """The interface of a connection that the hub needs."""

    user_uid: str

    def push(self, text: str) -> None:
        """Put a frame into the outbox. Never waits."""

    def recheck(self) -> None:
        """Check the session and the rooms again."""


@dataclass(slots=True, eq=False)
class Follower:
    """A socket that follows a room. Until it has a revision (`rev`), frames are buffered."""

    socket: Socket
    rev: int | None = None
    buffered: list[tuple[int, str]] = field(default_factory=list)

    def deliver(self, rev: int, text: str) -> None:
        if self.rev is None:
            self.buffered.append((rev, text))
        elif rev > self.rev:
            self.rev = rev
            self.socket.push(text)

    def start(self, rev: int) -> None:
        """Set the revision the socket has, and deliver buffered frames after it."""
        self.rev = rev
        buffered, self.buffered = self.buffered, []
        for later, text in buffered:
            self.deliver(later, text)


@dataclass(slots=True, eq=False)
class RoomFeed:
    """A room with followers in this process. `head` is the last delivered revision; None until the first read."""

    room: Room
    head: int | None = None
    followers: dict[Socket, Follower] = field(default_factory=dict)
    ahead: dict[int, str] = field(default_factory=dict)
    repairing: bool = False

    def receive_change(self, rev: int, text: str) -> bool:
        """Deliver a change if it is next, else buffer it. Returns whether an earlier change is missing."""
        if self.head is not None and rev <= self.head:
            return False
        self.ahead[rev] = text
        self._deliver()
        return self.head is not None and bool(self.ahead)

    def start(self, head: int) -> None:
        """The first reading of the room was at `head`."""
        if self.head is None:
            self.head = head
            self._drop_delivered()
            self._deliver()

    def catch_up(self, head: int, text: str) -> None:
        """Deliver what was read from the database, up to `head`."""
        if self.head is None or head <= self.head:
            return
        self.head = head
        for follower in list(self.followers.values()):
            follower.deliver(head, text)
        self._drop_delivered()
        self._deliver()

    def _deliver(self) -> None:
        while self.head is not None and self.head + 1 in self.ahead:
            self.head += 1
            text = self.ahead.pop(self.head)
            for follower in list(self.followers.values()):
                follower.deliver(self.head, text)

    def _drop_delivered(self) -> None:
        for rev in [rev for rev in self.ahead if self.head is not None and rev <= self.head]:
            del self.ahead[rev]
