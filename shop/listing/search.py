"""What search knows of the shop: products, never orders."""

from collections.abc import Iterator, Sequence

from core.search import index as search
from core.search.index import Document
from shop.catalogue.models import OptionValue, Product
from shop.listing.cards import get_product_url

BATCH_SIZE = 500


@search.register("product")
def product_documents(slugs: Sequence[str] | None) -> Iterator[Document]:
    """Documents of products for sale; popularity breaks ties. Two queries a batch."""
    found = Product.objects.active().select_related("category").order_by("pk")
    if slugs is not None:
        found = found.filter(slug__in=slugs)
    for product in found.prefetch_related("variants__option_values__value").iterator(chunk_size=BATCH_SIZE):
        values = {chosen.value for variant in product.variants.all() for chosen in variant.option_values.all()}
        yield Document(
            public_id=product.slug,
            title=product.title,
            url=get_product_url(product.slug),
            summary=product.summary,
            body="\n".join(filter(None, (product.category.name, _join_names(values), product.description))),
            weight=float(product.popularity),
            at=product.created_at,
        )


def _join_names(values: set[OptionValue]) -> str:
    return " ".join(sorted(value.name for value in values))
