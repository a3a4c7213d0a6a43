"""Stock for staff. Counts change through the services only: pieces come in, or a count is corrected and says why."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.context import Actor, grant_of
from core.staff.actions import act
from core.staff.edit_admin import EditAdmin
from core.staff.read_only_admin import ReadOnlyAdmin
from core.web.responses import posted
from shop.catalogue.models import Variant
from shop.catalogue.queries import get_all_skus
from shop.configuration.admin import ConfigurationAdmin
from shop.stock import services as stock
from shop.stock import services as stock_services
from shop.stock.forms import ReceiveForm, StockForm
from shop.stock.models import StockLevel, StockMovement, Warehouse


class LowFilter(admin.SimpleListFilter):
    """Shelves at their low mark or under it."""

    title = gettext_lazy("stock")
    parameter_name = "low"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("low")), ("none", _("out of stock"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockLevel]) -> QuerySet[StockLevel]:
        if self.value() == "yes":
            return queryset.filter(on_hand__lte=F("reserved") + F("low_at"))
        return queryset.filter(on_hand__lte=F("reserved")) if self.value() == "none" else queryset


@admin.register(Warehouse)
class WarehouseAdmin(ConfigurationAdmin):
    list_display = ("name", "code", "priority")
    search_fields = ("name", "code")
    prepopulated_fields: ClassVar = {"code": ("name",)}

    def save(self, row: Warehouse, by: Actor) -> None:
        stock_services.save_warehouse(warehouse=row, by=by)


@admin.register(StockLevel)
class StockLevelAdmin(EditAdmin):
    """One shelf for one variant; its marks can be set here, its counts by "Adjust stock"."""

    list_display = ("sku", "product", "warehouse", "on_hand", "reserved", "free", "backorder_limit", "low_at")
    list_filter = (LowFilter, "warehouse")
    list_select_related = ("variant__product", "warehouse")
    search_fields = ("variant__sku", "variant__product__title")
    show_full_result_count = False
    readonly_fields = ("variant", "warehouse", "on_hand", "reserved", "free")
    fields = (*readonly_fields, "backorder_limit", "low_at")
    change_form_template = "shop/admin/stock_level.html"
    change_list_template = "shop/admin/stock_level_list.html"

    def history_subjects(self, obj: StockLevel) -> list[tuple[str, str]]:
        """What happened to its stock is told of the variant."""
        return [(Variant.public_kind, sku) for sku in get_all_skus(obj.variant)]

    @admin.display(description=gettext_lazy("SKU"), ordering="variant__sku")
    def sku(self, level: StockLevel) -> str:
        return level.variant.sku

    @admin.display(description=gettext_lazy("product"), ordering="variant__product__title")
    def product(self, level: StockLevel) -> str:
        return level.variant.product.title

    @admin.display(description=gettext_lazy("free"))
    def free(self, level: StockLevel) -> int:
        return level.in_stock

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=LevelForm, **kwargs)

    def save_model(self, request: HttpRequest, obj: StockLevel, form: forms.ModelForm, change: bool) -> None:
        """The backorder limit goes through its service, the low mark is the row's own."""
        StockLevel.objects.filter(pk=obj.pk).update(low_at=obj.low_at)
        if "backorder_limit" in form.changed_data:
            stock.set_backorder_limit(
                sku=obj.variant.sku,
                limit=obj.backorder_limit,
                warehouse=obj.warehouse.code,
                by=grant_of(request).actor,
            )

    def get_urls(self) -> list[URLPattern]:
        move, receive = self.admin_site.admin_view(self.move), self.admin_site.admin_view(self.receive)
        return [
            path("receive/", receive, name="shop_stocklevel_receive"),
            path("<int:pk>/movement/", move, name="shop_stocklevel_movement"),
            *super().get_urls(),
        ]

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Receive pieces, or correct the count, of a level that is there."""
        level = get_object_or_404(StockLevel.objects.select_related("variant__product", "warehouse"), pk=pk)

        def carry_out(form: StockForm) -> str:
            by = grant_of(request).actor
            return get_stock_message(
                apply_stock_form(form, sku=level.variant.sku, warehouse=level.warehouse.code, by=by)
            )

        title = _("Adjust stock: %(sku)s") % {"sku": level.variant.sku}
        form = StockForm(posted(request))
        return act(self, request, level, title=title, permission="shop.adjust_stock", form=form, carry_out=carry_out)

    def receive(self, request: HttpRequest) -> HttpResponse:
        """Receive the first or more pieces of any SKU; `?product=` offers the SKUs of one product."""
        product = request.GET.get("product", "")
        variants = Variant.objects.filter(product=int(product)) if product.isascii() and product.isdigit() else ()
        initial = {"sku": request.GET.get("sku", ""), "what": StockForm.RECEIVE}
        form = ReceiveForm(posted(request), variants=variants, initial=initial)

        def carry_out(form: ReceiveForm) -> str:
            asked, by = form.cleaned_data, grant_of(request).actor
            return get_stock_message(
                apply_stock_form(form, sku=asked["sku"].strip().upper(), warehouse=asked["warehouse"].code, by=by)
            )

        back = reverse("admin:shop_stocklevel_changelist")
        if variants:
            back = reverse("admin:shop_product_change", args=[product])
        return act(
            self,
            request,
            None,
            title=_("Receive stock"),
            permission="shop.adjust_stock",
            form=form,
            carry_out=carry_out,
            back=back,
        )


def apply_stock_form(form: StockForm, *, sku: str, warehouse: str, by: Actor) -> StockLevel:
    """Carry out what a stock form says."""
    asked = form.cleaned_data
    about: dict[str, Any] = {
        "sku": sku,
        "warehouse": warehouse,
        "note": asked["note"],
        "key": f"admin:{asked['key']}",
        "by": by,
    }
    if form.is_receipt:
        if asked["change"] < 1:
            raise stock.InvalidStockChange(_("Enter the number of items received, 1 or more."), field="change")
        return stock.receive_stock(quantity=asked["change"], **about)
    return stock.adjust_stock(change=asked["change"], cause=asked["cause"], **about)


def get_stock_message(level: StockLevel) -> str:
    words = _("%(sku)s: %(count)d on hand in %(warehouse)s.")
    return words % {"sku": level.variant.sku, "count": level.on_hand, "warehouse": level.warehouse.name}


class LevelForm(forms.ModelForm):
    """A limit must leave room for what is promised already."""

    class Meta:
        model = StockLevel
        fields = ("backorder_limit", "low_at")

    def clean_backorder_limit(self) -> int:
        limit: int = self.cleaned_data["backorder_limit"]
        if self.instance.reserved > self.instance.on_hand + limit:
            raise forms.ValidationError(_("More items are already reserved."), code="promised")
        return limit


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    list_display = ("at", "sku", "warehouse", "quantity", "reason", "cause", "note", "actor")
    list_filter = ("reason", "cause")
    list_select_related = ("level__variant", "level__warehouse", "actor")
    search_fields = ("=level__variant__sku",)
    show_full_result_count = False

    @admin.display(description=gettext_lazy("SKU"))
    def sku(self, movement: StockMovement) -> str:
        return movement.level.variant.sku

    @admin.display(description=gettext_lazy("warehouse"))
    def warehouse(self, movement: StockMovement) -> str:
        return movement.level.warehouse.name
