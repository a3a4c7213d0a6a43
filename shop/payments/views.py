"""The hosted page of the sandbox provider, and webhooks of providers."""

from http import HTTPStatus
from typing import Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from core import rate_limits
from core.api.problems import problem_response
from core.errors import DomainError
from core.money import Money
from core.web.http import PageRequest, SeeOther
from shop.payments import return_urls
from shop.payments.models import SandboxCharge
from shop.payments.providers import UnknownProvider, sandbox
from shop.payments.providers.sandbox import ChargeClosed, Outcome
from shop.payments.services import inbox


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hosted_page(request: PageRequest, ref: str) -> HttpResponse:
    """Pay, decline, or be asked for a second step first; then back to the shop."""
    if sandbox.Sandbox.code not in settings.PAYMENT_PROVIDERS:
        raise Http404
    charge = sandbox.get_charge(ref)
    outcome = request.POST.get("outcome", "")
    if request.method == "POST" and outcome in list(Outcome):
        try:
            charge = sandbox.settle_charge(ref=ref, outcome=Outcome(outcome))
        except ChargeClosed:
            charge = sandbox.get_charge(ref)
        if charge.status not in sandbox.OPEN_STATUSES:
            return SeeOther(_get_return_url(request, charge))
    status = cast("SandboxCharge.Status", charge.status)
    context = {
        "charge": charge,
        "way_back": _get_return_url(request, charge),
        "amount": Money(charge.amount, charge.currency),
        "is_open": status in sandbox.OPEN_STATUSES,
        "needs_step": status == SandboxCharge.Status.NEEDS_STEP,
    }
    return render(request, "shop/sandbox.html", context)


def _get_return_url(request: PageRequest, charge: SandboxCharge) -> str:
    """Where the customer goes next; to the shop's first page when the charge names a site that is not known."""
    return charge.return_url if return_urls.is_allowed_return_url(request, charge.return_url) else reverse("shop:index")


MAX_BODY_BYTES: Final = 256 * 1024
# Of one network. A provider that is told to wait comes again; without Redis nobody is.
WEBHOOK_RATE: Final = "1200/minute"


@csrf_exempt
@never_cache
@require_POST
def provider_webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep a message and say 200; a worker finds out what it means.

    A wrong signature is a 400, a provider we do not know a 404, more than MOST_BYTES a 413, too many a 429: all of
    these keep nothing. The same message again is a 200 and changes nothing.
    """
    try:
        rate_limits.require(WEBHOOK_RATE, "provider-webhook", rate_limits.client_key(request))
        body = request.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            return _refuse_webhook(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "message_too_large", "The webhook body is too large."
            )
        inbox.receive_webhook(provider=provider, body=body, headers=request.headers)
    except UnknownProvider:
        return _refuse_webhook(HTTPStatus.NOT_FOUND, "not_found", "Unknown payment provider.")
    except DomainError as refusal:
        return _refuse_webhook(refusal.status, refusal.code, refusal.detail, refusal.details.get("retry_after"))
    return HttpResponse(content_type="text/plain")


provider_webhook.reads_body_itself = True  # type: ignore[attr-defined]  # signed as it was sent, to the byte


def _refuse_webhook(status: int, code: str, detail: str, retry_after: object = None) -> HttpResponse:
    response = problem_response(int(status), code, detail)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response
