"""The room list, and a room."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.users.models import User
from chat.messages import limits, log, queries
from chat.messages.forms import MembershipForm, MessageForm
from chat.messages.queries import MessageWindow
from chat.messages.services import messages
from chat.rooms import queries as room_queries
from chat.rooms.models import Room, can_answer_support
from chat.rooms.queries import Access
from chat.rooms.services import rooms
from chat.support.rendering import get_case_context
from core.composition import cards
from core.errors import Denied, Invalid, NotFound, RateLimited
from core.forms import add_error
from core.web.http import PageRequest

PAGE_SIZE = 50
READ_CONTEXT_SIZE = 8  # messages shown before the first unread one
MAX_ROOMS_LISTED = 50


@require_safe
def index(request: PageRequest) -> HttpResponse:
    """Public rooms, and the viewer's own rooms with unread counts."""
    viewer = request.grant
    own = list(queries.get_joined_rooms(viewer)[:MAX_ROOMS_LISTED]) if viewer.user else []
    inside = {room.pk for room in own}
    public = [room for room in queries.get_public_rooms(viewer)[:MAX_ROOMS_LISTED] if room.pk not in inside]
    context = {
        "mine": queries.build_room_lines(own),
        "public": queries.build_room_lines(public),
        "answers": viewer.user is not None and can_answer_support(viewer.actor),
    }
    return render(request, "chat/index.html", context)


@require_safe
@never_cache
def mine(request: PageRequest) -> HttpResponse:
    """The viewer's room list as a fragment."""
    viewer = request.grant
    if viewer.user is None:
        raise Denied
    current = request.GET.get("current", "")
    context = {
        "rooms": queries.build_room_lines(queries.get_joined_rooms(viewer)[:MAX_ROOMS_LISTED], current_uid=current),
        "current": current,
    }
    return render(request, "chat/parts/rooms.html", context)


@require_safe
def public_room(request: PageRequest, slug: str) -> HttpResponse:
    return _render_room(request, room_queries.get_public_access(slug, request.grant.actor))


@require_safe
def conversation(request: PageRequest, uid: UUID) -> HttpResponse:
    try:
        access = room_queries.get_access(uid, request.grant.actor)
    except NotFound:
        if request.grant.user is None:  # a link in an email may need a sign-in first
            return redirect_to_login(request.get_full_path())
        raise
    if access.room.slug:
        return redirect(access.room, permanent=True)
    return _render_room(request, access)


@require_POST
@login_required
def send(request: PageRequest, uid: UUID) -> HttpResponse:
    """Send a message without scripts."""
    form = MessageForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            limits.require_send(request.grant.actor)
            sent = messages.send_message(
                room_uid=uid,
                body=data["body"],
                client_id=data["client_id"],
                reply_to=data["reply_to"],
                cards=data["cards"],
                by=request.grant.actor,
            )
        except (Invalid, RateLimited) as refusal:
            add_error(form, refusal)
        else:
            return HttpResponseRedirect(f"{sent.message.room.get_absolute_url()}#m{sent.message.seq}")
    return _render_room(request, room_queries.get_access(uid, request.grant.actor), form, status=422)


@require_POST
@login_required
def membership(request: PageRequest, uid: UUID) -> HttpResponse:
    """Join, leave, mute or unmute a room."""
    form = MembershipForm(request.POST)
    if not form.is_valid():
        raise Invalid
    by = request.grant.actor
    match form.cleaned_data["verb"]:
        case "join":
            rooms.join_room(room_uid=uid, by=by)
        case "leave":
            rooms.leave_room(room_uid=uid, by=by)
            return redirect("chat:index")
        case verb:
            rooms.mute_room(room_uid=uid, muted=verb == "mute", by=by)
    return redirect("chat:conversation", uid)


@require_POST
@login_required
def read(request: PageRequest, uid: UUID) -> HttpResponse:
    """Mark all messages as read."""
    room = room_queries.get_access(uid, request.grant.actor).room
    rooms.mark_read(room_uid=uid, seq=room.last_seq, by=request.grant.actor)
    return redirect(room)


@require_POST
@login_required
def direct(request: PageRequest, uid: UUID) -> HttpResponse:
    """Open the direct room with a user."""
    limits.require_open(request.grant.actor)
    other = get_object_or_404(User, uid=uid, is_active=True)
    return redirect(rooms.open_direct(with_user=other, by=request.grant.actor))


def _render_room(
    request: PageRequest, access: Access, form: MessageForm | None = None, status: int = 200
) -> HttpResponse:
    viewer, room = request.grant, access.room
    first_unread = queries.get_first_unread(access)
    window = _get_window(request, room, first_unread)
    others = room_queries.get_roster(room, viewer.user) if viewer.user and room.kind != Room.Kind.PUBLIC else []
    wanted = [(kind, public_id) for message in window.messages for kind, public_id in message.cards]
    subject = room.subject
    found = cards.resolve([*wanted, *([subject] if subject else [])], viewer)
    unread = access.count_unread() if first_unread else 0
    context = {
        "access": access,
        "room": room,
        "name": _get_display_name(access, others),
        "others": [member.user for member in others],
        "lines": log.build_lines(
            window.messages,
            viewer.user,
            first_unread=first_unread,
            unread=unread,
            seen_seq=max((member.last_read_seq for member in others), default=0),
            cards=found,
        ),
        "blank": log.LogMessage(),
        "window": window,
        "unread": unread,
        "subject": found.get(subject) if subject else None,
        "write_denial": write_denial.detail if (write_denial := access.write_denial) else "",
        **_composer_context(request, window, form),
        **get_case_context(access),
        "rooms": queries.build_room_lines(queries.get_joined_rooms(viewer)[:MAX_ROOMS_LISTED], room)
        if viewer.user
        else [],
    }
    return render(request, "chat/room.html", context, status=status)


def _get_window(request: PageRequest, room: Room, first_unread: int | None) -> MessageWindow:
    """Return the requested part of the log; by default from the first unread message, or the newest ones."""
    before, after = _parse_number(request, "before"), _parse_number(request, "after")
    if before is not None:
        messages = queries.get_message_page(room, before=before, size=PAGE_SIZE)
    elif after is not None:
        messages = queries.get_messages_after(room, after, size=PAGE_SIZE)
    elif first_unread and room.last_seq - first_unread >= PAGE_SIZE and "latest" not in request.GET:
        messages = queries.get_messages_after(room, max(0, first_unread - 1 - READ_CONTEXT_SIZE), size=PAGE_SIZE)
    else:
        messages = queries.get_message_page(room, size=PAGE_SIZE)
    return queries.build_window(room, messages)


def _composer_context(request: PageRequest, window: MessageWindow, form: MessageForm | None) -> dict[str, Any]:
    """Return the message form and the quoted message."""
    reply = _parse_number(request, "reply")
    return {
        "form": form or MessageForm(initial={"cards": request.GET.get("card", ""), "reply_to": reply}),
        "reply": next((log.build_quote(message) for message in window.messages if message.seq == reply), None),
    }


def _get_display_name(access: Access, others: list[Any]) -> str:
    """Return the title, or the other member of a direct room."""
    if access.room.kind == Room.Kind.DIRECT and others:
        return str(others[0].user.display_name)
    return access.room.title or _("Conversation")


def _parse_number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None  # noqa: PLR2004  2**53
