"""The shop for programs."""

from typing import Any

from shop.checkout.viewsets import CartViewSet
from shop.order_management.viewsets import OrderViewSet
from shop.stock.viewsets import StockLevelViewSet, StockMovementViewSet
from shop.storefront.viewsets import CategoryViewSet, ProductViewSet

routes: list[tuple[str, Any, str]] = [
    ("categories", CategoryViewSet, "category"),
    ("products", ProductViewSet, "product"),
    ("carts", CartViewSet, "cart"),
    ("orders", OrderViewSet, "order"),
    ("stock_levels", StockLevelViewSet, "stock-level"),
    ("stock_movements", StockMovementViewSet, "stock-movement"),
]
