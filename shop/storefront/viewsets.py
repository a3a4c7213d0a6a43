"""The catalogue for programs: open to everyone."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.api.fields import UrlField
from core.api.pagination import KeysetPagination
from core.api.viewsets import MoneyField, Problem, ReadViewSet
from core.keyset_pagination import Page
from shop.catalogue.models import Category, Product
from shop.listing import queries as catalogue
from shop.listing.cards import get_product_url
from shop.listing.forms import ProductFilter, ProductForm, build_filters
from shop.listing.list_items import ListItem, get_list_items
from shop.listing.offers import Offer, StockStatus, get_offers
from shop.listing.pagination import paginate_products
from shop.listing.serializers import ProductImageSerializer
from shop.pricing import queries as pricing_queries
from shop.reviews import services as reviews
from shop.reviews.serializers import ReviewCreateSerializer, ReviewSerializer


class CategorySerializer(serializers.Serializer[Any]):
    """A shelf of the shop; `inside` is the slug of the one it stands in."""

    slug = serializers.CharField()
    name = serializers.CharField()
    intro = serializers.CharField()
    inside = serializers.CharField(source="parent.slug", default=None, allow_null=True)


class ChoiceSerializer(serializers.Serializer[Any]):
    """The value a variant has of an option."""

    option = serializers.CharField()
    option_name = serializers.CharField()
    value = serializers.CharField()
    name = serializers.CharField()
    swatch = serializers.CharField(help_text="A colour such as #a5bba3, or empty.")


class VariantSerializer(serializers.Serializer[Offer]):
    """One exact thing to buy. `left` is how many can be bought now, backorders included."""

    sku = serializers.CharField()
    title = serializers.CharField()
    options = ChoiceSerializer(source="choices", many=True)
    price = MoneyField()
    stock = serializers.ChoiceField(choices=[stock.value for stock in StockStatus])
    left = serializers.IntegerField()
    weight_g = serializers.IntegerField()
    is_digital = serializers.BooleanField()
    images = ProductImageSerializer(many=True)


class ProductSerializer(serializers.Serializer[Any]):
    """A product in a list; price, stock and picture are those of the variants that match the filters."""

    slug = serializers.CharField(source="product.slug")
    title = serializers.CharField(source="product.title")
    summary = serializers.CharField(source="product.summary")
    url = serializers.SerializerMethodField()
    price = MoneyField(help_text="The lowest.")
    price_varies = serializers.BooleanField()
    stock = serializers.ChoiceField(choices=[stock.value for stock in StockStatus])
    image = ProductImageSerializer(allow_null=True)
    rating = serializers.FloatField(source="product.rating", allow_null=True)
    rating_count = serializers.IntegerField(source="product.rating_count")

    @extend_schema_field(UrlField)
    def get_url(self, row: ListItem) -> str:
        return get_product_url(row.product.slug)

    def to_representation(self, row: ListItem) -> dict[str, Any]:
        """What the fields above say, put down by hand: it takes a tenth of the time, and no list is asked for more."""
        product, price, image = row.product, row.price, row.image
        return {
            "slug": product.slug,
            "title": product.title,
            "summary": product.summary,
            "url": get_product_url(product.slug),
            "price": {"amount": str(price.amount), "currency": price.currency},
            "price_varies": row.price_varies,
            "stock": str(row.stock),
            "image": image and {"url": image.url, "width": image.width, "height": image.height, "alt": image.alt},
            "rating": product.rating,
            "rating_count": product.rating_count,
        }


class ProductDetailSerializer(serializers.ModelSerializer[Product]):
    """A product with all its variants. `description` is Markdown, `description_html` made from it."""

    category = serializers.SlugRelatedField[Category](slug_field="slug", read_only=True)
    url = serializers.SerializerMethodField()
    rating = serializers.FloatField(allow_null=True)
    attributes = serializers.DictField()
    variants = serializers.SerializerMethodField()

    class Meta:
        model = Product
        fields = (
            "slug",
            "title",
            "status",
            "summary",
            "description",
            "description_html",
            "category",
            "url",
            "attributes",
            "rating",
            "rating_count",
            "variants",
        )

    @extend_schema_field(UrlField)
    def get_url(self, product: Product) -> str:
        return get_product_url(product.slug)

    @extend_schema_field(VariantSerializer(many=True))
    def get_variants(self, product: Product) -> Any:
        return VariantSerializer(self.context["offers"], many=True).data


class ProductPagination(KeysetPagination):
    """Pages that may have been read already; the cursors of those are the ones of the shop's pages."""

    address = ""
    around: Page[Product] | None = None

    def show(self, request: Request, page: Page[Product]) -> None:
        """The page that was read is the one to answer with."""
        self.address, self.around = request.build_absolute_uri(), page

    def get_next_link(self) -> str | None:
        return super().get_next_link() if self.around is None else self._link(self.around.next)

    def get_previous_link(self) -> str | None:
        return super().get_previous_link() if self.around is None else self._link(self.around.previous)

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self.address, "cursor", cursor) if cursor else None


class CategoryViewSet(ReadViewSet[Category]):
    """The shelves, as a flat list; `inside` makes the tree."""

    serializer_class = CategorySerializer
    program_scopes: ClassVar = {"GET": "shop:read"}
    lookup_field = "slug"
    queryset = Category.objects.select_related("parent")
    ordering = ("position", "id")


class ProductViewSet(ReadViewSet[Product]):
    """What is for sale, and what once was."""

    serializer_class = ProductSerializer
    program_scopes: ClassVar = {"GET": "shop:read"}
    required_scopes: ClassVar = {"POST": "shop:write"}
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    queryset = Product.objects.visible()
    filterset_class = ProductFilter
    pagination_class = ProductPagination
    ordering: Sequence[str] = catalogue.ORDERINGS[catalogue.DEFAULT_ORDERING]
    ordering_fields: ClassVar = ("popularity", "created_at", "price", "title")

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return ProductDetailSerializer if self.action == "retrieve" else super().get_serializer_class()

    @extend_schema(responses={200: ProductSerializer(many=True), 400: Problem})
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Products for sale; four queries however many."""
        market, now = pricing_queries.get_default_market(), timezone.now()
        given = ProductForm(request.query_params)
        if not given.is_valid():
            raise translate_validation(given.errors)
        wanted = given.cleaned_data
        filters = build_filters(wanted, market)
        within = catalogue.get_category_ids(wanted["category"]) if wanted["category"] else None
        pages, cursor = cast("ProductPagination", self.paginator), request.query_params.get("cursor", "")
        by, size = pages.get_ordering(request, self.get_queryset(), self), pages.get_page_size(request)
        page = paginate_products(market, filters, now, within=within, by=by, cursor=cursor, size=size)
        pages.show(request, page)
        shown = ProductSerializer(get_list_items(page.items, market, filters, now), many=True)
        return self.get_paginated_response(shown.data)

    @extend_schema(responses={200: ProductDetailSerializer, 404: Problem})
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One product with its variants."""
        market, now = pricing_queries.get_default_market(), timezone.now()
        product = self._product()
        return Response(ProductDetailSerializer(product, context={"offers": get_offers([product], market, now)}).data)

    @extend_schema(responses={200: ReviewSerializer(many=True), 404: Problem})
    @action(
        detail=True,
        methods=["get"],
        serializer_class=ReviewSerializer,
        is_list=True,
        ordering=("-created_at", "-id"),
        filter_backends=[],
    )
    def reviews(self, request: Request, slug: str) -> Response:
        """Customer reviews, newest first."""
        published: QuerySet[Any] = self._product().reviews.published().select_related("user")
        page = self.paginate_queryset(published)
        return self.get_paginated_response(ReviewSerializer(page, many=True).data)

    @extend_schema(
        request=ReviewCreateSerializer, responses={201: ReviewSerializer, 400: Problem, 403: Problem, 409: Problem}
    )
    @reviews.mapping.post
    def write_review(self, request: Request, slug: str) -> Response:
        """Say what you think of what you bought; once."""
        asked = ReviewCreateSerializer.parse(request)
        review = reviews.write_review(product_id=self._product().pk, by=self.grant.actor, **asked)
        return Response(ReviewSerializer(review).data, status=201)

    def _product(self) -> Product:
        found = Product.objects.visible().select_related("category").filter(slug=self.kwargs["slug"]).first()
        if found is None:
            raise Http404
        return found
