"""Pages to start and stop impersonating."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication.recent_authentication import recent_authentication_required
from accounts.impersonation import impersonated_by
from accounts.impersonation import services as impersonations
from accounts.impersonation.forms import ReasonForm
from accounts.impersonation.models import Impersonation
from accounts.users.models import User
from core.context import Actor
from core.errors import DomainError
from core.forms import add_error
from core.web.http import PageRequest, SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@recent_authentication_required
def impersonate(request: PageRequest, uid: UUID) -> HttpResponse:
    """Enter a reason and start impersonating. Raises Denied without the permission."""
    request.grant.actor.require(impersonations.PERMISSION)
    person = get_object_or_404(User, uid=uid)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            begun = impersonations.start(person_uid=uid, reason=form.cleaned_data["reason"], by=request.grant.actor)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            impersonated_by.begin(request.session, begun.uid)
            return SeeOther(reverse("accounts:overview"))
    known = {"form": form, "person": person, "minutes": impersonations.MAX_DURATION.seconds // 60}
    return render(request, "accounts/impersonate.html", known, status=422 if form.errors else 200)


@require_POST
@login_required
def stop(request: PageRequest) -> HttpResponse:
    """Stop impersonating."""
    impersonation = cast("impersonated_by.ImpersonatedBy | None", request.impersonated_by)
    if impersonation is None:
        return SeeOther(reverse("accounts:overview"))
    impersonations.end(uid=impersonation.uid, because=Impersonation.End.STOPPED, by=Actor.person(impersonation.staff))
    impersonated_by.clear(request.session)
    messages.success(request, _("You have stopped impersonating."))
    if impersonation.staff.has_perm("accounts.view_user"):
        return SeeOther(reverse("admin:accounts_user_change", args=[impersonation.person.pk]))
    return SeeOther(reverse("accounts:overview"))
