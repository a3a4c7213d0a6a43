"""The tables of this app, collected for Django. The database refuses what must not be: oversold stock, wrong totals."""

from shop.addresses.models import SavedAddress
from shop.cart.models import Cart, CartLine
from shop.catalogue.models import (
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
from shop.orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from shop.payments.models import (
    BankBooking,
    LedgerEntry,
    Payment,
    Refund,
    RefundLine,
    SandboxCharge,
    SandboxRefund,
    WebhookInbox,
)
from shop.pricing.models import Market, Price, TaxClass, TaxRate
from shop.reviews.models import Review
from shop.shipping.models import ShippingMethod
from shop.stock.models import Reservation, StockLevel, StockMovement, Warehouse

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
