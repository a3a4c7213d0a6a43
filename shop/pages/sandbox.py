"""The sandbox provider's hosted page. It is another house: it knows a charge and where to send the customer back to,
and nothing of orders.
"""

from typing import cast

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.money import Money
from core.web.http import PageRequest, SeeOther
from shop import return_urls
from shop.models import SandboxCharge
from shop.providers import sandbox
from shop.providers.sandbox import ChargeClosed, Outcome


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hosted_page(request: PageRequest, ref: str) -> HttpResponse:
    """Pay, decline, or be asked for a second step first; then back to the shop."""
    if sandbox.Sandbox.code not in settings.PAYMENT_PROVIDERS:
        raise Http404
    charge = sandbox.charge_of(ref)
    outcome = request.POST.get("outcome", "")
    if request.method == "POST" and outcome in list(Outcome):
        try:
            charge = sandbox.settle(ref=ref, outcome=Outcome(outcome))
        except ChargeClosed:
            charge = sandbox.charge_of(ref)
        if charge.status not in sandbox.OPEN:
            return SeeOther(_way_back(request, charge))
    status = cast("SandboxCharge.Status", charge.status)
    context = {
        "charge": charge,
        "way_back": _way_back(request, charge),
        "amount": Money(charge.amount, charge.currency),
        "is_open": status in sandbox.OPEN,
        "needs_step": status == SandboxCharge.Status.NEEDS_STEP,
    }
    return render(request, "shop/sandbox.html", context)


def _way_back(request: PageRequest, charge: SandboxCharge) -> str:
    """Where the customer goes next; to the shop's first page when the charge names a site that is not known."""
    return charge.return_url if return_urls.is_allowed(request, charge.return_url) else reverse("shop:index")
