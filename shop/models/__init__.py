"""The shop's tables. The database refuses what must not be: oversold stock, two live orders of a cart, wrong totals."""

from shop.models.address import SavedAddress
from shop.models.cart import Cart, CartLine
from shop.models.catalogue import (
    Category,
    Option,
    OptionValue,
    Product,
    ProductImage,
    ProductSlug,
    Variant,
    VariantOptionValue,
    VariantSku,
)
from shop.models.order import Fulfilment, FulfilmentLine, Order, OrderLine
from shop.models.payment import (
    BankBooking,
    LedgerEntry,
    Payment,
    Refund,
    RefundLine,
    SandboxCharge,
    SandboxRefund,
    WebhookInbox,
)
from shop.models.price import Market, Price, ShippingMethod, TaxClass, TaxRate
from shop.models.review import Review
from shop.models.stock import Reservation, StockLevel, StockMovement, Warehouse

__all__ = [
    "BankBooking",
    "Cart",
    "CartLine",
    "Category",
    "Fulfilment",
    "FulfilmentLine",
    "LedgerEntry",
    "Market",
    "Option",
    "OptionValue",
    "Order",
    "OrderLine",
    "Payment",
    "Price",
    "Product",
    "ProductImage",
    "ProductSlug",
    "Refund",
    "RefundLine",
    "Reservation",
    "Review",
    "SandboxCharge",
    "SandboxRefund",
    "SavedAddress",
    "ShippingMethod",
    "StockLevel",
    "StockMovement",
    "TaxClass",
    "TaxRate",
    "Variant",
    "VariantOptionValue",
    "VariantSku",
    "Warehouse",
    "WebhookInbox",
]
