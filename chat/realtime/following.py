"""One room as it is followed in this process: changes in the order of their revisions, to each follower once. Pure."""

from dataclasses import dataclass, field
from typing import Protocol

from chat.rooms.models import Room


class Socket(Protocol):
    """What the hub needs of a connection."""

    user_uid: str

    def push(self, text: str) -> None:
        """Put a frame into the outbox; never waits."""

    def recheck(self) -> None:
        """Prove the session and the rooms again."""


@dataclass(slots=True, eq=False)
class Follower:
    """One socket following one room. Until it is told where it stands (`rev`), frames are kept for it."""

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
        """What came up to `rev` was told otherwise; what was kept meanwhile follows."""
        self.rev = rev
        buffered, self.buffered = self.buffered, []
        for later, text in buffered:
            self.deliver(later, text)


@dataclass(slots=True, eq=False)
class RoomFeed:
    """A room that somebody follows here. `head` is the last revision that was passed on; None until the first read."""

    room: Room
    head: int | None = None
    followers: dict[Socket, Follower] = field(default_factory=dict)
    ahead: dict[int, str] = field(default_factory=dict)
    repairing: bool = False

    def receive_change(self, rev: int, text: str) -> bool:
        """Pass a change on if its turn has come, else keep it; True when one before it is missing."""
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
        """Pass on what was read from the database, up to `head`."""
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
