"""The support desk."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from chat.rooms import queries as room_queries
from chat.rooms.models import can_answer_support
from chat.support import queries as support_queries
from chat.support import services as cases
from chat.support.forms import CaseForm
from chat.support.rendering import get_case_context
from core.errors import Denied, Invalid
from core.keyset_pagination import keyset
from core.web.http import PageRequest

TABS = ("open", "mine", "waiting", "closed")


@require_safe
@login_required
def desk(request: PageRequest) -> HttpResponse:
    """The queue: longest wait first; closed cases newest first."""
    viewer = request.grant
    if not can_answer_support(viewer.actor):
        raise Denied
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    order = ("-turn_at", "-id") if tab == "closed" else ("turn_at", "id")
    page = keyset(support_queries.get_desk_cases(tab, viewer), by=order, cursor=request.GET.get("cursor", ""))
    context = {"tab": tab, "page": page, "counts": support_queries.count_desk_cases(viewer)}
    response = render(request, "chat/parts/queue.html" if request.htmx else "chat/desk.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def case(request: PageRequest, uid: UUID) -> HttpResponse:
    """Assign, close, reopen or prioritise a case, then redirect to the conversation. GET renders the case panel."""
    by = request.grant.actor
    if request.method != "POST":
        access = room_queries.get_access(uid, by)
        if not access.is_agent:
            raise Denied
        return render(request, "chat/parts/case.html", {"room": access.room, **get_case_context(access)})
    match request.POST.get("verb"):
        case "take":
            cases.assign_case(room_uid=uid, assignee=by.user, by=by)
        case "close":
            cases.close_case(room_uid=uid, by=by)
        case "reopen":
            cases.reopen_case(room_uid=uid, by=by)
        case "change":
            _change(request, uid)
        case _:
            raise Invalid(field="verb")
    return redirect("chat:conversation", uid)


def _change(request: PageRequest, uid: UUID) -> None:
    by = request.grant.actor
    if not can_answer_support(by):
        raise Denied
    form = CaseForm(request.POST)
    if not form.is_valid():
        raise Invalid(field=next(iter(form.errors)))
    given = form.cleaned_data
    cases.change_case(room_uid=uid, assignee=given["assignee"], priority=given["priority"], by=by)
