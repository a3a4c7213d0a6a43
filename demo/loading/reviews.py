"""Load product reviews."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from demo.loading.studio import Step, Studio, read_content
from shop.catalogue.models import Product
from shop.reviews import services as reviews


def steps(studio: Studio) -> Iterator[Step]:
    """Yield each review, some days after its order."""
    placed = {order["index"]: order["days_ago"] for order in read_content("orders.json")}
    for data in read_content("reviews.json"):
        written = studio.ago(placed[data["order"]] - data["days_after_order"])
        yield Step(written, f"review:{data['order']}:{data['product']}", partial(_add_review, studio, data))


def _add_review(studio: Studio, data: dict[str, Any], now: datetime) -> None:
    reviews.write_review(
        product_id=Product.objects.values_list("pk", flat=True).get(slug=data["product"]),
        rating=data["rating"],
        by=studio.actor(data["email"]),
        title=data["title"],
        body=data["body"],
        now=now,
    )
