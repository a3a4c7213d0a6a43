"""Pictures, the blocks of the home page, and pages of text."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.db import models
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import text_pages
from core.admin.shared import MOMENT, ReadOnlyAdmin
from core.middleware import grant_of
from core.models import HomeBlock, Picture, TextPage


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin):
    list_display = ("alt", "decorative", "width", "height", "created_at")
    search_fields = ("alt",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return ModelAdmin.has_change_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("file", "width", "height", "color", "created_at")


@admin.register(HomeBlock)
class HomeBlockAdmin(ModelAdmin):
    list_display = ("title", "kind", "position", "starts_at", "ends_at")
    list_editable = ("position",)
    raw_id_fields = ("picture", "dark_picture")  # the stock pickers leave their search box without a label
    formfield_overrides: ClassVar = {models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MOMENT}}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """In the list the column's head is no label: each field says itself what it is."""
        position = AdminIntegerFieldWidget(attrs={"aria-label": _("position")})
        return super().get_changelist_form(request, **{**kwargs, "widgets": {"position": position}})


@admin.register(TextPage)
class TextPageAdmin(ModelAdmin):
    list_display = ("title", "slug", "updated_at")
    search_fields = ("title", "slug")
    fields = ("title", "slug", "description", "body_source")

    def view_on_site(self, page: TextPage) -> str:
        return page.get_absolute_url()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("title",)}

    def save_model(self, request: HttpRequest, obj: TextPage, form: Any, change: bool) -> None:
        saved = text_pages.save_text_page(
            slug=obj.slug,
            title=obj.title,
            description=obj.description,
            body=obj.body_source,
            by=grant_of(request).actor,
        )
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: TextPage) -> None:
        text_pages.delete_text_page(slug=obj.slug, by=grant_of(request).actor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TextPage]) -> None:
        for page in queryset:
            self.delete_model(request, page)
