"""Carts in the API. The token of a cart gives access to it; a user's cart also requires that user."""

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import EmailField
from core.api.idempotency import idempotent
from core.api.pagination import OnePage, one_page
from core.api.schema import IDEMPOTENCY_KEY
from core.api.viewsets import GrantedViewMixin, In, MoneyField, NothingIn, Problem
from core.composition import attribution
from core.errors import NotFound
from shop.addresses.serializers import AddressSerializer
from shop.cart import queries
from shop.cart import services as carts
from shop.cart.models import MAX_QUANTITY, Cart
from shop.cart.queries import CartView, CartViewLine
from shop.checkout import services as checkout
from shop.order_management import order_queries as orders
from shop.order_management.serializers import OrderSerializer
from shop.order_management.viewsets import start_order_payment
from shop.orders.models import Order
from shop.payments.return_urls import validate_return_url
from shop.payments.serializers import PaymentSerializer


class CartLineCreateSerializer(In):
    """An item to add to the cart. `ref` is the signed source that the customer came from."""

    sku = serializers.CharField(max_length=60)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    ref = serializers.CharField(max_length=300, allow_blank=True, default="")


class CartLineUpdateSerializer(In):
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class CartUpdateSerializer(In):
    """Checkout details. Omitted fields are unchanged. An empty billing address means the delivery address."""

    email = EmailField(required=False)
    shipping_address = AddressSerializer(required=False)
    billing_address = AddressSerializer(required=False)
    shipping_method = serializers.CharField(max_length=30, required=False)
    note = serializers.CharField(max_length=500, allow_blank=True, required=False)


class OrderCreateSerializer(In):
    """The quote that the customer saw, and the payment method."""

    quote_hash = serializers.CharField(max_length=64)
    provider = serializers.CharField(max_length=20)
    return_url = serializers.URLField(max_length=400, required=False)


class CountrySerializer(In):
    country = serializers.RegexField(
        "[A-Za-z]{2}", allow_blank=True, default="", error_messages={"invalid": _("Enter a two-letter country code.")}
    )


class CartLineSerializer(serializers.Serializer[CartViewLine]):
    """A line with its current price. `unit` is null if it is no longer sold."""

    sku = serializers.CharField()
    title = serializers.CharField(source="line.variant.product.title")
    variant_title = serializers.CharField(source="line.variant.title")
    quantity = serializers.IntegerField(source="line.quantity")
    unit = MoneyField(allow_null=True)
    total = MoneyField(allow_null=True)
    available = serializers.IntegerField()
    is_unavailable = serializers.BooleanField()
    is_short = serializers.BooleanField()
    changed_from = MoneyField(allow_null=True)


class CartSerializer(serializers.Serializer[CartView]):
    """A priced cart. Send `quote_hash` back with the order."""

    status = serializers.CharField(source="cart.status")
    version = serializers.IntegerField(source="cart.version")
    country = serializers.CharField()
    lines = CartLineSerializer(many=True)
    subtotal = MoneyField(source="quote.subtotal")
    discount = MoneyField(source="quote.discount")
    shipping = MoneyField(source="quote.shipping")
    tax = MoneyField(source="quote.tax")
    tax_included = serializers.BooleanField(source="quote.tax_included")
    is_taxed = serializers.SerializerMethodField(
        help_text="Whether every line has a tax rate for the country. If not, the cart cannot be ordered."
    )
    total = MoneyField(source="quote.total")
    quote_hash = serializers.CharField(source="quote.hash")
    needs_shipping = serializers.BooleanField()
    email = serializers.CharField(source="cart.email")
    shipping_address = AddressSerializer(source="cart.shipping_address")
    billing_address = AddressSerializer(source="cart.billing_address")
    shipping_method = serializers.CharField(source="method.code", default=None, allow_null=True)
    note = serializers.CharField(source="cart.note")

    def get_is_taxed(self, view: CartView) -> bool:
        return not view.untaxed


class NewCartSerializer(serializers.Serializer[Any]):
    """A new cart. Store the token: it is shown only once."""

    token = serializers.CharField()
    cart = CartSerializer()


class ShippingOptionSerializer(serializers.Serializer[Any]):
    """A delivery method with its price and expected delivery dates."""

    code = serializers.CharField(source="method.code")
    name = serializers.CharField(source="method.name")
    is_pick_up = serializers.BooleanField(source="method.is_pick_up")
    price = MoneyField()
    earliest = serializers.DateField()
    latest = serializers.DateField()


class PlacedOrderSerializer(serializers.Serializer[Any]):
    """The order, its payment and its token."""

    order = OrderSerializer()
    payment = PaymentSerializer(allow_null=True)
    token = serializers.CharField(help_text="Gives access to a guest's order: `GET /api/v1/orders/{number}/?token=…`.")


@extend_schema(parameters=[OpenApiParameter("token", str, OpenApiParameter.PATH)])
class CartViewSet(GrantedViewMixin, viewsets.ViewSet):
    """A cart, from empty to ordered."""

    serializer_class = CartSerializer
    pagination_class: Any = None
    lookup_field = "token"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    required_scopes: ClassVar[dict[str, str]] = {}
    program_scopes: ClassVar = {"GET": "shop:read"} | dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), "shop:write")

    @extend_schema(parameters=[], request=None, responses={201: NewCartSerializer})
    def create(self, request: Request) -> Response:
        """Create an empty cart. A user who has an open cart gets that one with a new token."""
        NothingIn.parse(request)
        cart, token = carts.open_cart(by=self.grant.actor)
        return Response({"token": token, "cart": CartSerializer(_price_cart(cart)).data}, status=201)

    @extend_schema(responses={200: CartSerializer, 404: Problem})
    def retrieve(self, request: Request, token: str) -> Response:
        """The cart with current prices."""
        return Response(CartSerializer(_price_cart(self._cart(token))).data)

    @extend_schema(
        request=CartUpdateSerializer,
        responses={200: CartSerializer, 400: Problem, 404: Problem, 409: Problem, 422: Problem},
    )
    def partial_update(self, request: Request, token: str) -> Response:
        """Store checkout details."""
        data = CartUpdateSerializer.parse(request)
        return self._answer(carts.set_details(cart_id=self._cart(token).pk, by=self.grant.actor, **data))

    @extend_schema(
        parameters=[OpenApiParameter("country", str)],
        responses={200: ShippingOptionSerializer(many=True), 404: Problem},
    )
    @action(
        detail=True,
        methods=["get"],
        serializer_class=ShippingOptionSerializer,
        pagination_class=OnePage,
        is_list=True,
        parameters=("country",),
    )
    def shipping_methods(self, request: Request, token: str) -> Response:
        """Delivery methods for a country, or for the address of the cart."""
        cart = self._cart(token)
        country = CountrySerializer.parse_query(request)["country"].upper()
        is_served = not country or country in cart.market.countries
        options = queries.get_shipping_options(_price_cart(cart), country=country) if is_served else []
        return Response(one_page(ShippingOptionSerializer(options, many=True).data))

    @extend_schema(
        request=CartLineCreateSerializer,
        responses={201: CartSerializer, 400: Problem, 404: Problem, 409: Problem, 422: Problem},
    )
    @action(detail=True, methods=["post"])
    def lines(self, request: Request, token: str) -> Response:
        """Add items to the cart."""
        data = CartLineCreateSerializer.parse(request)
        cart = self._cart(token)
        source = attribution.read(data.pop("ref"))
        carts.add_line(cart_id=cart.pk, source=source, by=self.grant.actor, **data)
        return self._answer(cart, 201)

    @extend_schema(
        request=CartLineUpdateSerializer, responses={200: CartSerializer, 400: Problem, 404: Problem, 409: Problem}
    )
    @action(detail=True, methods=["put"], url_path=r"lines/(?P<sku>[-A-Z0-9]+)")
    def line(self, request: Request, token: str, sku: str) -> Response:
        """Set the quantity of a line."""
        cart = self._cart(token)
        quantity = CartLineUpdateSerializer.parse(request)["quantity"]
        carts.set_quantity(cart_id=cart.pk, sku=sku, quantity=quantity, by=self.grant.actor)
        return self._answer(cart)

    @extend_schema(responses={200: CartSerializer, 404: Problem, 409: Problem})
    @line.mapping.delete
    def remove_line(self, request: Request, token: str, sku: str) -> Response:
        """Remove a line."""
        cart = self._cart(token)
        carts.remove_line(cart_id=cart.pk, sku=sku, by=self.grant.actor)
        return self._answer(cart)

    @extend_schema(
        request=OrderCreateSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: PlacedOrderSerializer, 400: Problem, 404: Problem, 409: Problem, 422: Problem},
    )
    @action(detail=True, methods=["post"])
    def orders(self, request: Request, token: str) -> Response:
        """Place an order. If the cart is an order already, that order is returned.

        The payment starts after the order is stored, so the response may have none. Then POST one to the order.
        """
        data = OrderCreateSerializer.parse(request)
        return_url = validate_return_url(request, data.get("return_url", ""))
        response = self._place(request, token)
        placed = Order.objects.filter(number=response.data["number"])
        attempt = start_order_payment(request, placed.get(), data["provider"], return_url, self.grant.actor)
        order = orders.prefetch_order_details(placed).get()
        paying = PaymentSerializer(attempt).data if attempt else None
        response.data = {"order": OrderSerializer(order).data, "payment": paying, "token": order.signature}
        return response

    @idempotent
    def _place(self, request: Request, token: str) -> Response:
        data = OrderCreateSerializer.parse(request)
        order = checkout.place_order(
            cart_id=self._cart(token, is_open=False).pk,
            quote_hash=data["quote_hash"],
            provider=data["provider"],
            by=self.grant.actor,
        )
        return Response(OrderSerializer(order).data, status=201)

    def _cart(self, token: str, *, is_open: bool = True) -> Cart:
        """The cart of a token for this caller. A visitor's cart becomes the user's."""
        user = self.grant.user
        found = queries.get_cart_by_token(token)
        if found is None or (found.user_id and found.user != user) or (is_open and found.status != Cart.Status.OPEN):
            raise NotFound
        if user is not None and found.user_id is None and found.status == Cart.Status.OPEN:
            return carts.get_current_cart(token=token, user=user) or found
        return found

    def _answer(self, cart: Cart, status: int = 200) -> Response:
        cart.refresh_from_db(fields=["version"])
        return Response(CartSerializer(_price_cart(cart)).data, status=status)


def _price_cart(cart: Cart) -> CartView:
    country = cart.shipping_address.get("country", "")
    return queries.price_cart(cart, country=country, method=cart.shipping_method, now=timezone.now())
