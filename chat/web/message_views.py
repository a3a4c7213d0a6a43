"""Actions on one message, in a dialog of the room or, without scripts, on a page."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from chat.delivery import protocol
from chat.messages import limits, log, queries
from chat.messages.forms import EditForm, ReactionForm, ReportForm
from chat.messages.models import Message
from chat.messages.services import changes
from chat.rooms import queries as room_queries
from chat.rooms.queries import Access
from core.composition import cards
from core.errors import Invalid
from core.forms import add_error
from core.web.http import PageRequest

CONTEXT_MESSAGES = 25
CLOSE_DIALOG = {"HX-Trigger": "message:done"}


@require_safe
@login_required
def menu(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    access, message = queries.get_message(uid, seq, request.grant.actor)
    return _render_menu(request, access, message, EditForm(initial={"body": message.body}))


@require_safe
def message_cards(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    """Return the cards of a message that this viewer can see, for messages that arrived over the socket."""
    _access, message = queries.get_message(uid, seq, request.grant.actor)
    found = cards.resolve([(kind, public_id) for kind, public_id in message.cards], request.grant)
    return render(request, "chat/parts/cards.html", {"cards": found.values()})


@require_POST
@login_required
def edit(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    form = EditForm(request.POST)
    if form.is_valid():
        try:
            changes.edit_message(room_uid=uid, seq=seq, body=form.cleaned_data["body"], by=request.grant.actor)
        except Invalid as refusal:
            add_error(form, refusal)
        else:
            return _redirect_to_message(request, uid, seq)
    access, message = queries.get_message(uid, seq, request.grant.actor)
    return _render_menu(request, access, message, form, status=422)


@require_POST
@login_required
def delete(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    changes.delete_message(room_uid=uid, seq=seq, by=request.grant.actor)
    return _redirect_to_message(request, uid, seq)


@require_POST
@login_required
def react(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    """Add or remove a reaction."""
    form = ReactionForm(request.POST)
    if not form.is_valid():
        raise changes.UnknownReaction
    emoji = form.cleaned_data["emoji"]
    _access, message = queries.get_message(uid, seq, request.grant.actor)
    has_it = any(mark.emoji == emoji and mark.user == request.user for mark in message.reactions.all())
    changes.react(room_uid=uid, seq=seq, emoji=emoji, on=not has_it, by=request.grant.actor)
    return _redirect_to_message(request, uid, seq)


@require_POST
@login_required
def report(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    form = ReportForm(request.POST)
    if not form.is_valid():
        raise Invalid(field="reason")
    limits.require_report(request.grant.actor)
    changes.report_message(room_uid=uid, seq=seq, reason=form.cleaned_data["reason"], by=request.grant.actor)
    return _redirect_to_message(request, uid, seq)


def _render_menu(
    request: PageRequest, access: Access, message: Message, form: EditForm, status: int = 200
) -> HttpResponse:
    is_own = message.author is not None and message.author == request.user
    context = {
        "access": access,
        "room": access.room,
        "message": log.build_message(message, request.grant.user),
        "is_own": is_own,
        "can_delete": is_own or access.can_moderate,
        "edit_form": form,
        "report_form": ReportForm(),
        "emojis": protocol.REACTIONS,
    }
    template = "chat/parts/menu.html" if request.htmx else "chat/message.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _redirect_to_message(request: PageRequest, uid: UUID, seq: int) -> HttpResponse:
    """Redirect to the message in its room. The dialog gets an empty response, because the socket updates the page."""
    if request.htmx:
        return HttpResponse(status=204, headers=CLOSE_DIALOG)
    room = room_queries.get_access(uid, request.grant.actor).room
    page = f"?before={seq + CONTEXT_MESSAGES}" if room.last_seq - seq >= CONTEXT_MESSAGES else ""
    return HttpResponseRedirect(f"{room.get_absolute_url()}{page}#m{seq}")
