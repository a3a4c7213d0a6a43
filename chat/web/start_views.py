"""Start a conversation about an order, a product, a post, or without a subject."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from chat.messages import limits
from chat.messages.forms import NewForm, StartForm
from chat.messages.services import messages
from chat.rooms import queries as room_queries
from chat.rooms.models import Room, can_answer_support
from chat.rooms.services import rooms
from chat.support import queries as support_queries
from chat.support import services as cases
from core.composition import cards
from core.composition.cards import Card
from core.context import Grant
from core.errors import Invalid, NotFound, RateLimited
from core.forms import add_error
from core.web.http import PageRequest

# Subjects with a public room. All others start a support conversation.
PUBLIC_SUBJECT_KINDS = frozenset({"post"})


@require_http_methods(["GET", "HEAD", "POST"])
def about(request: PageRequest, kind: str, public_id: str) -> HttpResponse:
    """The conversation about a subject. Everyone who can see its card can start one. GET changes nothing."""
    viewer = request.grant
    card = cards.one(kind, public_id, viewer)
    if card is None:
        raise NotFound
    room = _get_room_about(card, viewer)
    if room is not None and request.method == "GET":
        return redirect(room)
    if viewer.user is None:
        return render(request, "chat/about.html", {"card": card, "in_public": kind in PUBLIC_SUBJECT_KINDS})
    # Agents cannot start a conversation about the order of a customer.
    is_for_customer = kind == "order" and can_answer_support(viewer.actor)
    form = StartForm(request.POST or None)
    if request.method == "POST" and not is_for_customer and form.is_valid():
        try:
            return redirect(_start_conversation(card, form, viewer))
        except (Invalid, RateLimited) as refusal:
            add_error(form, refusal)
    context = {"card": card, "form": None if is_for_customer else form, "in_public": kind in PUBLIC_SUBJECT_KINDS}
    return render(request, "chat/about.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: PageRequest) -> HttpResponse:
    """Start a support conversation without a subject."""
    form = NewForm(request.POST or None)
    user = request.grant.user
    if request.method == "POST" and form.is_valid() and user is not None:
        data = form.cleaned_data
        try:
            limits.require_open(request.grant.actor)
            opened = cases.open_conversation(
                about=None,
                title=data["title"],
                customer=user,
                by=request.grant.actor,
                body=data["body"],
                client_id=data["client_id"],
            )
            return redirect(opened.room)
        except (Invalid, RateLimited) as refusal:
            add_error(form, refusal)
    return render(request, "chat/new.html", {"form": form}, status=422 if form.errors else 200)


def _get_room_about(card: Card, viewer: Grant) -> Room | None:
    if card.kind in PUBLIC_SUBJECT_KINDS:
        return room_queries.get_public_room_about(card.kind, card.id)
    found = support_queries.get_rooms_about(card.kind, card.id, viewer)
    return found if found and (found.customer == viewer.user or card.kind == "order") else None


def _start_conversation(card: Card, form: StartForm, viewer: Grant) -> Room:
    data = form.cleaned_data
    about = (card.kind, card.id)
    limits.require_open(viewer.actor)
    if card.kind in PUBLIC_SUBJECT_KINDS:
        room = rooms.open_public_about(about=about, title=card.title, by=viewer.actor)
        messages.send_message(room_uid=room.uid, body=data["body"], client_id=data["client_id"], by=viewer.actor)
        return room
    assert viewer.user is not None  # noqa: S101  the view requires a sign-in
    return cases.open_conversation(
        about=about,
        title=card.title,
        customer=viewer.user,
        by=viewer.actor,
        body=data["body"],
        client_id=data["client_id"],
    ).room
