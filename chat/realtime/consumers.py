"""The chat socket. Every request goes through the same services as the pages.

A Channels consumer without a channel layer: the hub fans out messages.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from uuid import UUID

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.contrib import auth
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.authentication.mfa import MFA_MISSING_KEY
from accounts.data_requests.pending_deletion import SESSION_KEY
from accounts.impersonation import impersonated_by
from accounts.permissions.impersonation_rules import NotWhileImpersonating
from accounts.users.models import User
from chat.delivery import protocol
from chat.messages import limits, queries
from chat.messages.limits import TokenBucket
from chat.messages.models import Message
from chat.messages.services import changes, messages
from chat.realtime import hub as hubs
from chat.realtime import presence
from chat.realtime.outbox import Outbox
from chat.realtime.threads import run_in_db_thread
from chat.rooms import queries as room_queries
from chat.rooms.models import Room, can_answer_support
from chat.rooms.services import rooms
from core import context
from core.api.fields import in_utc
from core.context import Actor
from core.errors import Conflict, Denied, DomainError

log = structlog.get_logger(__name__)

CLOSE_SIGNED_OUT, CLOSE_TOO_MANY, CLOSE_BAD_PROTOCOL = 4401, 4429, 4400
MAX_SOCKETS_PER_USER = 10
MAX_REVISIONS_BEHIND = 1000
RECHECK_INTERVAL_SECONDS = 300.0
# Frames that write. Refused while impersonating.
WRITE_FRAMES = (protocol.Send, protocol.Edit, protocol.Delete, protocol.React, protocol.Read, protocol.Typing)
MAX_CONNECTION_ID_LENGTH = 48  # leaves space for the frame number in a request id


class TooManyRooms(Conflict):
    code = "too_many_rooms"
    message = gettext_lazy("A socket can follow at most %(most)d rooms.")


class RoomNotFollowed(Conflict):
    code = "not_followed"
    message = gettext_lazy("Follow the room first.")


class HelloRequired(Conflict):
    code = "hello_first"
    message = gettext_lazy("Send hello first.")


class ChatConsumer(AsyncConsumer):
    """A socket of a signed-in user. Its id is the request id of the handshake; each frame appends its number."""

    user_uid = ""
    actor: Actor
    outbox: Outbox
    hub: hubs.Hub

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        self.id = context.request_id_from(given)[:MAX_CONNECTION_ID_LENGTH]
        self.address = (scope.get("client") or ("",))[0]  # None for a local connection
        self.opened_at, self.frames = time.monotonic(), 0
        self.greeted = False
        self.entered = False
        self.rooms: dict[UUID, Room] = {}
        self.rosters: dict[UUID, list[str]] = {}
        self.lists: frozenset[str] = frozenset()
        self.tasks: set[asyncio.Task[None]] = set()
        self.checked_at = asyncio.get_running_loop().time()
        self.buckets = {
            protocol.Send: TokenBucket(5, 20),
            protocol.Sync: TokenBucket(0.5, 5),
            protocol.Typing: TokenBucket(1 / 3, 2),
        }
        self.other = TokenBucket(20, 250)
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Dispatch without Channels' own method, which uses a thread for every event to check database connections."""
        match message["type"]:
            case "websocket.connect":
                await self._connect()
            case "websocket.receive":
                await self._receive(message.get("text"))
            case "websocket.disconnect":
                raise StopConsumer

    def push(self, text: str) -> None:
        self.outbox.put(text)

    def recheck(self) -> None:
        self._spawn(self._recheck_access())

    async def _connect(self) -> None:
        await self.base_send({"type": "websocket.accept"})
        self.outbox = Outbox(self.base_send)
        actor = await run_in_db_thread(get_actor, self.scope["cookies"].get(settings.SESSION_COOKIE_NAME))
        if actor is None:
            self._close("signed_out", CLOSE_SIGNED_OUT)
            return
        self.hub = hubs.get_hub()
        if len(self.hub.get_sockets(actor.id)) >= MAX_SOCKETS_PER_USER:
            self._close("too_many", CLOSE_TOO_MANY, after=60)
            return
        self.actor, self.user_uid = actor, actor.id
        self.hub.add_socket(self)
        self.entered = True
        self._spawn(self._run_heartbeat())

    async def _receive(self, text: str | None) -> None:
        if not self.entered:
            return
        ref = ""
        self.frames += 1
        try:
            frame = protocol.parse(text)
            ref = getattr(frame, "ref", "")
            await self._handle_frame(frame)
        except DomainError as refusal:
            details = refusal.details
            self.push(
                protocol.err(ref or details.get("ref", ""), refusal.code, refusal.detail, details.get("retry_after"))
            )
        except (DatabaseError, InterfaceError):
            log.exception("socket_database_error")
            words = _("This is not available right now. Try again in a moment.")
            self.push(protocol.err(ref, "unavailable", words, retry_after=2))
        except Exception:
            # An error in one request must not end the socket.
            log.exception("socket_request_failed")
            self.push(protocol.err(ref, "internal", _("Something went wrong. We have been notified.")))

    async def _handle_frame(self, frame: protocol.Frame) -> None:
        self.buckets.get(type(frame), self.other).require()
        if not self.greeted and not isinstance(frame, protocol.Hello):
            raise HelloRequired
        if self.actor.impersonator and isinstance(frame, WRITE_FRAMES):
            raise NotWhileImpersonating
        frame_id = f"{self.id}.{self.frames}"
        with context.bind(
            request_id=frame_id, source="socket", impersonator=self.actor.impersonator, address=self.address
        ):
            await self._handlers[type(frame)](self, frame)

    async def _on_hello(self, frame: protocol.Hello) -> None:
        if frame.proto != protocol.VERSION:
            self._close("protocol", CLOSE_BAD_PROTOCOL)
            return
        self.greeted = True
        await self._touch_presence()
        now = in_utc(timezone.now())
        self.push(protocol.welcome(connection=self.id, user=self.user_uid, now=now))

    async def _on_sub(self, frame: protocol.Sub) -> None:
        """Register, read, send, flush. In this order no change is lost between reading and following."""
        if frame.room not in self.rooms and len(self.rooms) >= protocol.MAX_ROOMS:
            raise TooManyRooms(most=protocol.MAX_ROOMS)
        room = (await run_in_db_thread(room_queries.get_access, frame.room, self.actor)).room
        self.rooms[frame.room] = room
        follower = self.hub.follow(self, room)
        try:
            head = await self._send_changes(room, frame.rev)
        except BaseException:
            self._unfollow(frame.room)
            raise
        self.hub.start_feed(room, head)
        follower.start(head)
        self.push(protocol.ok(frame.ref, room=str(frame.room), head=head))
        if room.kind != Room.Kind.PUBLIC:
            people = await run_in_db_thread(room_queries.get_roster, room)
            self.rosters[frame.room] = [str(place.user.uid) for place in people]
            await self._send_presence(frame.room)
            arrived = protocol.presence(room.uid, {self.user_uid: int(time.time())})
            await self.hub.publish_ephemeral(room.pk, arrived)

    async def _send_changes(self, room: Room, rev: int) -> int:
        """Send the changes after `rev`. Returns the revision the client then has."""
        if rev > room.last_rev or room.last_rev - rev > MAX_REVISIONS_BEHIND:
            self.push(protocol.reset(room.uid, "ahead" if rev > room.last_rev else "behind"))
            return room.last_rev
        more = True
        while more:
            changes = await run_in_db_thread(queries.get_changes, room, rev)
            rev, more = changes.head, changes.more
            await self.outbox.put_when_ready(protocol.sync(room.uid, changes.messages, head=rev, more=more))
        return rev

    async def _on_unsub(self, frame: protocol.Unsub) -> None:
        self._unfollow(frame.room)

    async def _on_sync(self, frame: protocol.Sync) -> None:
        room = self._get_followed_room(frame.room)
        fresh = (await run_in_db_thread(room_queries.get_access, room.uid, self.actor)).room
        await self._send_changes(fresh, frame.after)

    async def _on_send(self, frame: protocol.Send) -> None:
        sent = await run_in_db_thread(_send_message, frame, self.actor)
        message = sent.message
        at = in_utc(message.created_at)
        self.push(
            protocol.ok(frame.ref, uid=str(message.uid), seq=message.seq, rev=message.rev, at=at, dup=sent.duplicate)
        )

    async def _on_edit(self, frame: protocol.Edit) -> None:
        changed = await run_in_db_thread(
            changes.edit_message, room_uid=frame.room, seq=frame.seq, body=frame.body, by=self.actor
        )
        self._acknowledge(frame.ref, changed)

    async def _on_delete(self, frame: protocol.Delete) -> None:
        changed = await run_in_db_thread(changes.delete_message, room_uid=frame.room, seq=frame.seq, by=self.actor)
        self._acknowledge(frame.ref, changed)

    async def _on_react(self, frame: protocol.React) -> None:
        changed = await run_in_db_thread(
            changes.react, room_uid=frame.room, seq=frame.seq, emoji=frame.emoji, on=frame.on, by=self.actor
        )
        self._acknowledge(frame.ref, changed)

    async def _on_read(self, frame: protocol.Read) -> None:
        await run_in_db_thread(rooms.mark_read, room_uid=frame.room, seq=frame.seq, by=self.actor)

    async def _on_typing(self, frame: protocol.Typing) -> None:
        room = self._get_followed_room(frame.room)
        name = self.actor.user.display_name if self.actor.user else ""
        await self.hub.publish_ephemeral(room.pk, protocol.typing(room.uid, self.user_uid, name))

    async def _on_watch(self, frame: protocol.Watch) -> None:
        if "desk" in frame.lists and not await run_in_db_thread(can_answer_support, self.actor):
            raise Denied
        self.lists = frozenset(frame.lists)
        await self._watch()
        self.push(protocol.ok(frame.ref))

    async def _watch(self) -> bool:
        """Watch the requested lists that the user can see. Returns whether the rooms changed."""
        if "desk" in self.lists:
            self.hub.watchers.desk.add(self)
        if "rooms" not in self.lists:
            return False
        return self.hub.watchers.watch_rooms(self, await run_in_db_thread(room_queries.get_joined_room_ids, self.actor))

    async def _on_ping(self, frame: protocol.Ping) -> None:
        self.push(protocol.pong())

    def _acknowledge(self, ref: str, message: Message) -> None:
        self.push(protocol.ok(ref, seq=message.seq, rev=message.rev))

    def _get_followed_room(self, room_uid: UUID) -> Room:
        if room_uid not in self.rooms:
            raise RoomNotFollowed
        return self.rooms[room_uid]

    def _unfollow(self, room_uid: UUID) -> None:
        room = self.rooms.pop(room_uid, None)
        self.rosters.pop(room_uid, None)
        if room is not None:
            self.hub.unfollow(self, room.pk)

    async def _run_heartbeat(self) -> None:
        """Every 25 seconds send the room heads and touch presence. Periodically recheck access."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(protocol.HEARTBEAT_SECONDS)
            await self._touch_presence()
            # Nothing announces a sign-out without Redis, or the end of an impersonation: check at every heartbeat.
            often = self.actor.impersonator or not self.hub.is_redis_up
            if often or loop.time() - self.checked_at > RECHECK_INTERVAL_SECONDS:
                await self._recheck_access()
            self.push(protocol.head(self.hub.get_heads(self)))
            for room_uid in list(self.rosters):
                await self._send_presence(room_uid)

    async def _touch_presence(self) -> None:
        """Update presence, unless staff are impersonating the user."""
        if not self.actor.impersonator:
            await presence.touch(self.hub, self.user_uid, self.id)

    async def _send_presence(self, room_uid: UUID) -> None:
        here = await presence.get_last_seen(self.hub, self.rosters.get(room_uid, []))
        self.push(protocol.presence(room_uid, here))

    async def _recheck_access(self) -> None:
        """Close the socket if the session ended, and rooms that the user can no longer see."""
        self.checked_at = asyncio.get_running_loop().time()
        try:
            actor = await run_in_db_thread(get_actor, self.scope["cookies"].get(settings.SESSION_COOKIE_NAME))
            if actor is None or (actor.id, actor.impersonator) != (self.user_uid, self.actor.impersonator):
                self._close("signed_out", CLOSE_SIGNED_OUT)
                return
            self.actor = actor
            still = await run_in_db_thread(_get_reachable_rooms, list(self.rooms), self.actor)
            if "desk" in self.lists and not await run_in_db_thread(can_answer_support, self.actor):
                self.lists -= {"desk"}
                self.hub.watchers.desk.discard(self)
            if await self._watch():
                self.push(protocol.stale("rooms"))
        except (DomainError, DatabaseError, InterfaceError):
            return  # the database is unavailable; services check every request anyway
        for room_uid in [uid for uid in self.rooms if uid not in still]:
            self._unfollow(room_uid)
            self.push(protocol.reset(room_uid, "closed"))

    def _close(self, code: str, close: int, after: float = 0) -> None:
        self.push(protocol.bye(code, after))
        self.outbox.close(close)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _leave(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if hasattr(self, "outbox"):
            await self.outbox.stop()
        if self.entered:
            if not self.actor.impersonator:
                await self.hub.announce_departure(
                    self, self.id, [room for uid, room in self.rooms.items() if uid in self.rosters]
                )
            await self.hub.remove_socket(self)
            seconds = round(time.monotonic() - self.opened_at, 1)
            log.info("socket_closed", request_id=self.id, source="socket", frames=self.frames, seconds=seconds)

    _handlers: dict[type, Callable[[Any, Any], Awaitable[None]]] = {  # noqa: RUF012  a table, never changed
        protocol.Hello: _on_hello,
        protocol.Sub: _on_sub,
        protocol.Unsub: _on_unsub,
        protocol.Sync: _on_sync,
        protocol.Send: _on_send,
        protocol.Edit: _on_edit,
        protocol.Delete: _on_delete,
        protocol.React: _on_react,
        protocol.Read: _on_read,
        protocol.Typing: _on_typing,
        protocol.Watch: _on_watch,
        protocol.Ping: _on_ping,
    }


def get_actor(session_key: str | None) -> Actor | None:
    """Return the actor of a session, with the impersonator if any. Checks that a password change has not ended the
    session.
    """
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = auth.get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    if request.session.get(SESSION_KEY) or request.session.get(MFA_MISSING_KEY):
        return None  # led to a page of theirs, and nowhere else
    impersonation = impersonated_by.get_impersonated_by(request.session, user)
    if impersonation is None:
        return Actor.person(user)
    return Actor("user", impersonation.person.public_id, impersonation.person, impersonation.staff.public_id)


def _send_message(frame: protocol.Send, by: Actor) -> messages.SentMessage:
    limits.require_send(by)
    return messages.send_message(
        room_uid=frame.room, body=frame.body, client_id=frame.cid, by=by, reply_to=frame.reply_to, cards=frame.cards
    )


def _get_reachable_rooms(room_uids: list[UUID], by: Actor) -> set[UUID]:
    return set(Room.objects.accessible_by(by).filter(uid__in=room_uids).values_list("uid", flat=True))
