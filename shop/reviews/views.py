"""Reviews of a product: reading them all, and writing one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.moderation.services.spam import LooksLikeSpam
from accounts.moderation.spam import SubmissionContext
from core import rate_limits
from core.context import Actor
from core.errors import DomainError
from core.forms import add_error
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther
from core.web.response_cache import cache_for_anonymous
from core.web.responses import posted
from shop.catalogue.models import Product
from shop.reviews import services as verbs
from shop.reviews.forms import WriteReviewForm
from shop.reviews.models import Review

PAGE_SIZE = 20


@cache_for_anonymous
@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request: PageRequest, slug: str) -> HttpResponse:
    """All that buyers said, newest first; a buyer who has not spoken yet may."""
    product = get_object_or_404(Product.objects.visible(), slug=slug)
    form = WriteReviewForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            how = SubmissionContext(network=rate_limits.client_key(request))
            written = verbs.write_review(product_id=product.pk, by=request.grant.actor, how=how, **form.cleaned_data)
        except (verbs.InvalidReview, LooksLikeSpam) as refusal:
            add_error(form, refusal)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
            return SeeOther(request.path)
        else:
            shown = written.status == Review.Status.PUBLISHED
            thanks = _("Thank you. Your review is published.")
            messages.success(
                request, thanks if shown else _("Thank you. Your review will appear once we have checked it.")
            )
            return SeeOther(f"{reverse('shop:product', args=[slug])}#reviews")
    published = product.reviews.published().select_related("user", "user__avatar")
    page = keyset(published, by=("-created_at", "-id"), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    may_write = form.is_bound or can_review(product, request.grant.actor)
    context = {"product": product, "page": page, "review_form": form if may_write else None}
    return render(request, "shop/product/reviews_page.html", context, status=422 if form.errors else 200)


def can_review(product: Product, by: Actor) -> bool:
    """Whether this person bought the product and has not spoken yet; no query for strangers, two for people."""
    if by.user is None or verbs.get_purchase(product.pk, by) is None:
        return False
    return not Review.objects.filter(product=product, user=by.user).exists()
