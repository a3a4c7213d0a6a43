"""Pages to subscribe, confirm and unsubscribe. GET changes nothing, because mail scanners follow links."""

from collections.abc import Mapping
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.subscriptions import topics
from accounts.subscriptions.forms import SubscribeForm, TopicForm
from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import default_topics, subscriptions
from accounts.users.models import User
from core import rate_limits
from core.context import Grant
from core.keyset_pagination import Page, keyset
from core.web.http import PageRequest, SeeOther
from core.web.origin import same_origin_post

# Subscriptions that one network may request.
RATE = "10/hour"


@never_cache
@same_origin_post
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PageRequest) -> HttpResponse:
    """Subscribe to a topic; the response is the same for every address except one's own."""
    known = request.grant.user.email if request.grant.user else ""
    initial = {"topic": _get_requested_topic(request), "email": known}
    form = SubscribeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        rate_limits.require(RATE, "letters", rate_limits.client_key(request))
        given = form.cleaned_data
        holds = not given["website"] and subscriptions.subscribe(
            email=given["email"], topic=given["topic"], viewer=request.grant, source=given["source"] or "page"
        )
        if holds:
            messages.success(request, _("You are subscribed."))
            return SeeOther(_get_next_url(request))
        return SeeOther(reverse("subscriptions:confirmation_sent"))
    topic = str(form["topic"].value() or "")
    about = topics.describe([topic], request.grant).get(topic)
    context = {"form": form, "topic": topics.get_topic(topic), "about": about}
    return render(request, "subscriptions/index.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def confirmation_sent(request: PageRequest) -> HttpResponse:
    """Check your inbox."""
    return render(request, "subscriptions/confirmation_sent.html")


@csrf_exempt  # the token is the proof; there may be no session
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: PageRequest, token: str) -> HttpResponse:
    """Confirm a subscription with a button."""
    done = request.method == "POST"
    act = (
        subscriptions.confirm(token=token, by=request.grant.actor)
        if done
        else subscriptions.get_by_confirm_token(token)
    )
    return _render_answer(request, "subscriptions/confirm.html", act, done=done)


@csrf_exempt  # mail clients post here by themselves (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: PageRequest, token: str) -> HttpResponse:
    """Unsubscribe with a button, or with the button of the mail client."""
    row = subscriptions.get_by_unsubscribe_token(token)
    if request.method == "POST":
        subscriptions.unsubscribe(subscription_id=row.pk, by=request.grant.actor)
    return _render_answer(request, "subscriptions/unsubscribe.html", row, done=request.method == "POST")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def notifications(request: PageRequest) -> HttpResponse:
    """Email subscriptions of the account; POST subscribes to a topic."""
    user = cast("User", request.user)
    if request.method == "POST":
        form = TopicForm(request.POST)
        topic = form.cleaned_data["topic"] if form.is_valid() else ""
        kind = topics.get_topic(topic)
        if "off" in request.POST and kind is not None and kind.on_by_default:
            default_topics.unsubscribe(user=user, topic=topic, by=request.grant.actor)
            messages.success(request, _("Switched off. Emails already sent may still arrive."))
            return SeeOther(_get_next_url(request))
        holds = subscriptions.subscribe(email=user.email, topic=topic, viewer=request.grant, source="account")
        messages.success(request, _("You are subscribed.") if holds else _("Check your inbox."))
        return SeeOther(_get_next_url(request))
    mine = Subscription.objects.of(user).exclude(state=Subscription.State.PENDING)
    standing = {topic.kind for topic in topics.get_public_topics()}
    page = keyset(mine.exclude(topic__in=standing).active(), by=("-id",), cursor=request.GET.get("cursor", ""), size=24)
    known = {row.topic: row for row in mine.filter(topic__in=standing)}
    context = {
        "standing": [(topic, known.get(topic.kind), _is_on(topic, known)) for topic in topics.get_public_topics()],
        "page": page,
        "rows": _describe_rows(page, request.grant),
    }
    return render(request, "accounts/notifications.html", context)


@require_POST
@login_required
def end_notification(request: PageRequest, uid: str) -> HttpResponse:
    """End one of one's own subscriptions."""
    row = get_object_or_404(Subscription.objects.of(cast("User", request.user)), uid=uid)
    subscriptions.unsubscribe(subscription_id=row.pk, by=request.grant.actor)
    messages.success(request, _("You are unsubscribed. Emails already sent may still arrive."))
    return SeeOther(_get_next_url(request))


def _is_on(topic: topics.Topic, known: Mapping[str, Subscription]) -> bool:
    row = known.get(topic.kind)
    return topic.on_by_default if row is None else row.state == Subscription.State.ACTIVE


def _describe_rows(
    page: Page[Subscription], viewer: Grant
) -> list[tuple[Subscription, topics.Topic, topics.TopicInfo | None]]:
    """Return rows with topic and information; one look-up for each kind."""
    found = topics.describe([row.topic for row in page], viewer)
    rows = ((row, topics.get_topic(row.topic), found.get(row.topic)) for row in page)
    return [(row, topic, about) for row, topic, about in rows if topic is not None]


def _render_answer(request: PageRequest, template: str, row: Subscription, *, done: bool) -> HttpResponse:
    about = topics.describe([row.topic], request.grant).get(row.topic)
    return render(request, template, {"topic": topics.get_topic(row.topic), "about": about, "done": done})


def _get_requested_topic(request: PageRequest) -> str:
    return request.GET.get("topic", "newsletter")[:120]


def _get_next_url(request: PageRequest) -> str:
    """Return the page of the form, if it is local."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if wanted and ours else reverse("accounts:notifications")
