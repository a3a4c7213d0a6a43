"""Panels of the chat on other pages."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from chat.messages import queries
from chat.rooms.models import Room, can_answer_support
from chat.support import queries as support_queries
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant

MAX_CONVERSATIONS_SHOWN = 5


@panels.register("admin.index")
def waiting_customers(subject: None, viewer: Grant) -> Panel | None:
    """For agents: how many customers wait, and since when."""
    if not can_answer_support(viewer.actor):
        return None
    context = {"counts": support_queries.count_desk_cases(viewer), "since": support_queries.get_oldest_open_turn()}
    return Panel(_("Conversations"), "chat/panels/waiting.html", context, order=30)


@panels.register("account.overview")
def my_conversations(subject: User, viewer: Grant) -> Panel | None:
    rooms = list(queries.get_joined_rooms(viewer)[:MAX_CONVERSATIONS_SHOWN])
    return Panel(_("Conversations"), "chat/panels/rooms.html", {"rooms": queries.build_room_lines(rooms)}, order=40)


@panels.register("order.below")
def about_this_order(subject: Any, viewer: Grant) -> Panel | None:
    """The conversation about an order. Its customer can also start one."""
    if viewer.user is None:
        return None
    room = support_queries.get_rooms_about("order", subject.public_id, viewer)
    if room is None and can_answer_support(viewer.actor):
        return None
    state = room.case.label(is_staff=can_answer_support(viewer.actor)) if room else ""
    context = {"room": room, "state": state, "start": reverse("chat:about", args=["order", subject.public_id])}
    return Panel(_("Questions about this order?"), "chat/panels/about.html", context, order=60)


@panels.register("customer.admin")
def conversations_of_customer(subject: User, viewer: Grant) -> Panel | None:
    if not can_answer_support(viewer.actor):
        return None
    rooms = Room.objects.filter(kind=Room.Kind.SUPPORT, customer=subject).select_related("case")
    return Panel(
        _("Conversations"),
        "chat/panels/cases.html",
        {"rooms": rooms.order_by("-pk")[:MAX_CONVERSATIONS_SHOWN]},
        order=40,
    )
