"""Pages of the moderation queue, of reports and of bans."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.bans import services as bans
from accounts.moderation import queue
from accounts.moderation import registry as moderation
from accounts.moderation.forms import BanForm, DecisionForm, ReportForm
from accounts.moderation.models import Case
from accounts.moderation.services import cases, reports
from accounts.users.models import User
from core import rate_limits
from core.errors import Denied, DomainError
from core.forms import add_error
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther
from core.web.origin import same_origin_post

PAGE_SIZE = 24
# Reports of one stranger's network, and of one person.
ANONYMOUS_RATE, USER_RATE = "5/hour", "20/hour"


@never_cache
@same_origin_post
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: PageRequest, kind: str, subject_id: str) -> HttpResponse:
    """Report content to staff; anonymous visitors may too."""
    source = moderation.get_source(kind)
    found = source.find(subject_id, request.grant) if source else None
    if found is None:
        raise Http404
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _file_report(request, kind, subject_id, form)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            messages.success(request, _("Thank you for your report. Our staff will review it."))
            return SeeOther(found.url or reverse("home"))
    context = {"form": form, "found": found}
    return render(request, "moderation/report.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@login_required
def index(request: PageRequest) -> HttpResponse:
    """List the open cases, oldest first. The number of queries depends on the number of kinds only."""
    kinds = moderation.get_sources(request.grant.actor)
    if not kinds:
        raise Denied
    chosen = [source for source in kinds if source.kind == request.GET.get("kind")]
    waiting = queue.get_open_cases(chosen or kinds)
    page = keyset(waiting, by=("id",), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = {
        "page": page,
        "rows": queue.build_items(page.items),
        "kinds": queue.count_by_source(kinds),
        "chosen": chosen[0].kind if chosen else "",
        "undoable": queue.get_undoable(cast("User", request.user), timezone.now()),
        "may_ban": request.grant.actor.can("accounts.ban_user"),
    }
    return render(request, "moderation/queue.html", context)


@require_POST
@login_required
def decide(request: PageRequest) -> HttpResponse:
    """Decide or undo the selected cases, each in its own transaction."""
    form = DecisionForm(request.POST)
    try:
        wanted = form.get_cases()[: cases.MAX_BULK_DECISIONS]
    except ValueError:
        raise BadRequest from None
    if not form.is_valid():
        raise BadRequest
    act, words, by, done = form.cleaned_data["act"], form.cleaned_data["words"], request.grant.actor, 0
    for uid, version in sorted(wanted):
        try:
            if act == "undo":
                cases.undo_decision(case_uid=uid, version=version, by=by)
            else:
                cases.decide(case_uid=uid, version=version, act=act, by=by, words=words)
            done += 1
        except cases.AlreadyDecided as refusal:
            messages.warning(request, refusal.detail)
        except cases.UndoWindowPassed as refusal:
            messages.error(request, refusal.detail)
    if done:
        text = ngettext("%(count)d case decided.", "%(count)d cases decided.", done)
        back = ngettext("%(count)d case reopened.", "%(count)d cases reopened.", done)
        messages.success(request, (back if act == "undo" else text) % {"count": done})
    elif not wanted:
        messages.info(request, _("Nothing was selected."))
    kind = request.GET.get("kind", "")
    known = kind if moderation.get_source(kind) else ""
    return SeeOther(reverse("moderation:queue") + (f"?kind={known}" if known else ""))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def new_ban(request: PageRequest) -> HttpResponse:
    """Create a ban."""
    request.grant.actor.require("accounts.ban_user")
    form = BanForm(request.POST or None, initial={"email": _get_author_email(request.GET.get("case", ""))})
    if form.is_valid():
        now = timezone.now()
        try:
            bans.ban(by=request.grant.actor, now=now, **form.get_arguments(now))
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            messages.success(request, _("Ban created."))
            return SeeOther(reverse("moderation:queue"))
    return render(request, "moderation/ban.html", {"form": form}, status=422 if form.errors else 200)


def _file_report(request: PageRequest, kind: str, subject_id: str, form: ReportForm) -> None:
    """File the report. A filled honeypot field gets the same response, and nothing is stored."""
    viewer, network = request.grant, rate_limits.client_key(request)
    rate_limits.require(USER_RATE if viewer.user else ANONYMOUS_RATE, "report", viewer.actor.id or network)
    if not request.POST.get("website"):
        reports.report_visible(kind=kind, subject_id=subject_id, viewer=viewer, network=network, **form.cleaned_data)


def _get_author_email(case_uid: str) -> str:
    try:
        case = Case.objects.select_related("author").filter(uid=UUID(case_uid)).first()
    except ValueError:
        return ""
    return case.author.email if case and case.author else ""
