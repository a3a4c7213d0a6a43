"""The queue of the support desk."""

from datetime import datetime

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When

from accounts.users.models import User
from chat.messages.queries import _removed_count_subquery
from chat.rooms.models import Membership, Room
from chat.support.models import SupportCase
from core.context import Grant


def get_rooms_about(kind: str, public_id: str, viewer: Grant) -> Room | None:
    """Return conversations about a subject that the viewer can see, their own first. One query."""
    rooms = Room.objects.filter(kind=Room.Kind.SUPPORT).about(kind, public_id).visible_to(viewer)
    own = Case(When(customer=viewer.user, then=0), default=1)
    return rooms.select_related("case", "customer").order_by(own, "-pk").first()


def get_desk_cases(tab: str, viewer: Grant) -> QuerySet[SupportCase]:
    """Return the queue of a tab: "open", "mine", "waiting" or "closed". Longest wait first; closed ones newest
    first.
    """
    mine = Membership.objects.active().filter(room=OuterRef("room"), user=viewer.user)
    placed = SupportCase.objects.for_desk().annotate(my_read=Subquery(mine.values("last_read_seq")[:1]))
    cases = placed.annotate(unread=F("room__last_seq") - F("my_read") - _removed_count_subquery("room", "my_read"))
    if tab == "mine":
        return cases.unresolved().filter(assignee=viewer.user)
    return cases.filter(status=tab)


def count_desk_cases(viewer: Grant) -> dict[str, int]:
    """Count the cases of each tab. One query."""
    unsettled = SupportCase.objects.unresolved()
    return unsettled.aggregate(
        open=Count("pk", filter=Q(status=SupportCase.Status.OPEN)),
        waiting=Count("pk", filter=Q(status=SupportCase.Status.WAITING)),
        mine=Count("pk", filter=Q(assignee=viewer.user)),
    )


def get_agents() -> QuerySet[User]:
    """Return users who can be assigned."""
    may = Q(is_superuser=True) | Q(groups__permissions__codename="answer_conversation")
    return User.objects.filter(may, is_active=True, is_staff=True).distinct().order_by("name", "email")


def get_oldest_open_turn() -> datetime | None:
    """Return when the longest-waiting customer began to wait. One query."""
    open_cases = SupportCase.objects.filter(status=SupportCase.Status.OPEN)
    return open_cases.order_by("turn_at").values_list("turn_at", flat=True).first()
