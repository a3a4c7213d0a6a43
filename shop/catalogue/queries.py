"""Find variants by their current or a former SKU, so that posts, links and integrations still work."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from core.errors import NotFound
from shop.catalogue.models import ProductSlug, Variant, VariantSku


def resolve_sku(sku: str) -> Variant | None:
    """The variant of a SKU with its product; one query, two for a former SKU."""
    return Variant.objects.filter(sku=sku).select_related("product").first() or _resolve_former_sku(sku)


def _resolve_former_sku(sku: str) -> Variant | None:
    former = VariantSku.objects.filter(sku=sku).select_related("variant__product").first()
    return former.variant if former else None


def get_current_sku(sku: str) -> str:
    """The current SKU for a former one, otherwise the SKU itself; one query."""
    return VariantSku.objects.filter(sku=sku).values_list("variant__sku", flat=True).first() or sku


def get_current_ids(ids: Collection[str]) -> dict[str, str]:
    """The current public id for each former SKU and former product slug among these; two queries."""
    skus = VariantSku.objects.filter(sku__in=ids).values_list("sku", "variant__sku")
    slugs = ProductSlug.objects.filter(slug__in=ids).values_list("slug", "product__slug")
    return dict([*slugs, *skus])


def get_all_skus(variant: Variant) -> list[str]:
    """All SKUs of the variant, the current one first; one query."""
    return [variant.sku, *variant.old_skus.order_by("-pk").values_list("sku", flat=True)]


class UnknownVariant(NotFound):
    code = "unknown_variant"
    message = _("This product does not exist.")
