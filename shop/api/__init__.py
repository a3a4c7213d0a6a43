"""The shop for programs."""

from typing import Any

from shop.api.carts import CartViewSet
from shop.api.catalogue import CategoryViewSet, ProductViewSet
from shop.api.orders import OrderViewSet
from shop.api.stock import StockLevelViewSet, StockMovementViewSet

routes: list[tuple[str, Any, str]] = [
    ("categories", CategoryViewSet, "category"),
    ("products", ProductViewSet, "product"),
    ("carts", CartViewSet, "cart"),
    ("orders", OrderViewSet, "order"),
    ("stock_levels", StockLevelViewSet, "stock-level"),
    ("stock_movements", StockMovementViewSet, "stock-movement"),
]
