"""The list of rooms, and a room."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from chat import limits, log, queries
from chat.forms import CaseForm, MessageForm, PlaceForm
from chat.models import Room, answers
from chat.queries import Access
from chat.services import messages, rooms
from core import cards
from core.errors import Invalid, RateLimited
from core.forms import add_error
from core.http import PageRequest

PAGE = 50
LISTED = 50


@require_safe
def index(request: PageRequest) -> HttpResponse:
    """Public rooms, and the viewer's own conversations with what is unread."""
    viewer = request.grant
    mine = list(queries.my_rooms(viewer)[:LISTED]) if viewer.user else []
    inside = {room.pk for room in mine}
    public = [room for room in queries.public_rooms(viewer)[:LISTED] if room.pk not in inside]
    context = {
        "mine": queries.lines(mine),
        "public": queries.lines(public),
        "answers": viewer.user is not None and answers(viewer.actor),
    }
    return render(request, "chat/index.html", context)


@require_safe
def public_room(request: PageRequest, slug: str) -> HttpResponse:
    return _show(request, queries.access_public(slug, request.grant.actor))


@require_safe
def conversation(request: PageRequest, uid: UUID) -> HttpResponse:
    access = queries.access(uid, request.grant.actor)
    if access.room.slug:
        return redirect(access.room, permanent=True)
    return _show(request, access)


@require_POST
@login_required
def send(request: PageRequest, uid: UUID) -> HttpResponse:
    """The composer without scripts."""
    form = MessageForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            limits.require_send(request.grant.actor)
            sent = messages.send_message(
                room_uid=uid,
                body=asked["body"],
                client_id=asked["client_id"],
                reply_to=asked["reply_to"],
                cards=asked["cards"],
                by=request.grant.actor,
            )
        except (Invalid, RateLimited) as refusal:
            add_error(form, refusal)
        else:
            return HttpResponseRedirect(f"{sent.message.room.get_absolute_url()}#m{sent.message.seq}")
    return _show(request, queries.access(uid, request.grant.actor), form, status=422)


@require_POST
@login_required
def place(request: PageRequest, uid: UUID) -> HttpResponse:
    """Join, leave, mute."""
    form = PlaceForm(request.POST)
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
    """All that there is now counts as read."""
    room = queries.access(uid, request.grant.actor).room
    rooms.mark_read(room_uid=uid, seq=room.last_seq, by=request.grant.actor)
    return redirect(room)


@require_POST
@login_required
def direct(request: PageRequest, uid: UUID) -> HttpResponse:
    """Write to a person."""
    limits.require_open(request.grant.actor)
    other = get_object_or_404(User, uid=uid, is_active=True)
    return redirect(rooms.open_direct(with_user=other, by=request.grant.actor))


def _show(request: PageRequest, access: Access, form: MessageForm | None = None, status: int = 200) -> HttpResponse:
    viewer = request.grant
    room = access.room
    before = _number(request, "before")
    page = queries.page_of_messages(room, before=before, size=PAGE)
    others = queries.roster(room, viewer.user) if viewer.user and room.kind != Room.Kind.PUBLIC else []
    wanted = [(kind, public_id) for message in page for kind, public_id in message.cards]
    subject = room.subject
    found = cards.resolve([*wanted, *([subject] if subject else [])], viewer)
    mine = list(queries.my_rooms(viewer)[:LISTED]) if viewer.user else []
    context = {
        "access": access,
        "room": room,
        "name": _name(access, others),
        "others": [member.user for member in others],
        "lines": log.lines(
            page,
            viewer.user,
            read_seq=access.read_seq if access.role and before is None else None,
            seen_seq=max((member.last_read_seq for member in others), default=0),
            cards=found,
        ),
        "blank": log.Shown(),
        "older": page[0].seq if page and page[0].seq > 1 else None,
        "is_latest": before is None,
        "subject": found.get(subject) if subject else None,
        "form": form
        or MessageForm(initial={"cards": request.GET.get("card", ""), "reply_to": _number(request, "reply")}),
        "reply": next((log.quoted(m) for m in page if m.seq == _number(request, "reply")), None),
        "silence": silence.detail if (silence := access.why_silent) else "",
        "case": CaseForm(initial={"assignee": _uid(room.case.assignee), "priority": room.case.priority})
        if access.agent
        else None,
        "rooms": queries.lines(mine, room),
    }
    return render(request, "chat/room.html", context, status=status)


def _name(access: Access, others: list[Any]) -> str:
    """For the customer a conversation is called after its matter; a direct room after the other person."""
    if access.room.kind == Room.Kind.DIRECT and others:
        return str(others[0].user.display_name)
    return access.room.title or _("Conversation")


def _uid(user: User | None) -> UUID | None:
    return user.uid if user else None


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None  # noqa: PLR2004  2**53
