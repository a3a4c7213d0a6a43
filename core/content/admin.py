"""Pictures, the blocks of the home page, and pages of text."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.db import models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core import constraints
from core.composition import cards
from core.content.models import HomeBlock, Picture, TextPage
from core.content.picture_fields import PictureField, PictureForm, UploadField, alt_field, thumbnail, upload_field
from core.content.services import home_blocks, pictures, text_pages
from core.context import grant_of
from core.forms import add_error
from core.staff.edit_admin import EditAdmin
from core.staff.read_only_admin import MOMENT

constraints.register(
    {
        "home_block_kind": ("kind", _("Choose a kind from the list.")),
        "home_block_link": ("link_url", _("Link to a page of this site, such as /search/, or to an https:// address.")),
        "home_block_card_kind": ("card_kind", _("Choose what the cards show from the list.")),
        "home_block_says_which_cards": ("card_kind", _("Choose what the cards show.")),
        "home_block_dates": ("ends_at", _("The block must end after it starts.")),
        "text_page_says_something": ("body_source", _("A page needs a title and a text.")),
        "picture_size": ("upload", _("Choose another file: the picture has no width or height.")),
        "picture_alt_or_decorative": ("alt", _("Say what the picture shows, or mark it as decorative.")),
    }
)


class PictureAdminForm(forms.ModelForm):
    """A new picture is uploaded; later only its description changes."""

    upload = UploadField(label=_("Picture"))

    class Meta:
        model = Picture
        fields = ("alt", "decorative")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["upload"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not cleaned.get("alt") and not cleaned.get("decorative"):
            self.add_error("alt", _("Say what the picture shows, or mark it as decorative."))
        return cleaned


@admin.register(Picture)
class PictureAdmin(EditAdmin):
    """The library: upload a picture, correct what it says, remove what nothing shows."""

    form = PictureAdminForm
    list_display = ("preview", "alt", "decorative", "size", "created_at")
    list_display_links = ("preview", "alt")
    search_fields = ("alt",)
    show_full_result_count = False
    actions = None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("alt", "decorative")
        return ("drawing", *own, "size", "created_at") if obj else ("upload", *own)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("drawing", "size", "created_at")

    @admin.display(description=_("picture"))
    def preview(self, picture: Picture) -> SafeString | str:
        return thumbnail(picture)

    @admin.display(description=_("picture"))
    def drawing(self, picture: Picture) -> SafeString | str:
        return thumbnail(picture, size=240)

    @admin.display(description=_("size"))
    def size(self, picture: Picture) -> str:
        return f"{picture.width} × {picture.height}"

    def save_model(self, request: HttpRequest, obj: Picture, form: Any, change: bool) -> None:
        by, given = grant_of(request).actor, form.cleaned_data
        about = {"alt": given["alt"], "decorative": given["decorative"], "by": by}
        if change:
            pictures.describe_picture(picture_id=obj.pk, **about)
        else:
            added = pictures.add_picture(upload=given["upload"], **about)
            obj.pk, obj.uid = added.pk, added.uid

    def delete_model(self, request: HttpRequest, obj: Picture) -> None:
        if not pictures.remove_picture(obj):
            raise pictures.PictureInUse


class HomeBlockForm(PictureForm):
    """A block with its pictures and cards, each chosen from what there is."""

    picture_fields = ("picture", "dark_picture")

    picture = PictureField(label=_("Picture"))
    picture_file, picture_alt = upload_field(), alt_field()
    dark_picture = PictureField(label=_("Picture for dark mode"))
    dark_picture_file, dark_picture_alt = upload_field(), alt_field()
    card_kind = forms.ChoiceField(label=_("Kind of cards"), required=False)

    class Meta:
        model = HomeBlock
        fields = (
            *("kind", "title", "text", "link_url", "link_label", "picture", "dark_picture"),
            *("card_kind", "card_ids", "position", "starts_at", "ends_at"),
        )
        widgets: ClassVar = {"starts_at": MOMENT, "ends_at": MOMENT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(kind, kind.replace("_", " ")) for kind in cards.kinds()]
        self.fields["card_kind"].choices = [("", _("no cards")), *named]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors:
            draft = HomeBlock(**{name: cleaned[name] for name in ("kind", "link_url", "link_label", "card_kind")})
            try:
                home_blocks.check(draft)
            except home_blocks.InvalidHomeBlock as refusal:
                add_error(self, refusal)
        return cleaned


@admin.register(HomeBlock)
class HomeBlockAdmin(EditAdmin):
    form = HomeBlockForm
    list_display = ("title", "kind", "position", "starts_at", "ends_at")
    fields = (
        *("kind", "title", "text", "link_url", "link_label"),
        *("picture", ("picture_file", "picture_alt"), "dark_picture", ("dark_picture_file", "dark_picture_alt")),
        *("card_kind", "card_ids", "position", "starts_at", "ends_at"),
    )
    list_editable = ("position",)
    formfield_overrides: ClassVar = {models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MOMENT}}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """In the list the column's head is no label: each field says itself what it is."""
        position = AdminIntegerFieldWidget(attrs={"aria-label": _("position")})
        return super().get_changelist_form(request, **{**kwargs, "widgets": {"position": position}})

    def save_model(self, request: HttpRequest, obj: HomeBlock, form: Any, change: bool) -> None:
        by = grant_of(request).actor
        if isinstance(form, HomeBlockForm):
            form.keep_uploads(by)
        home_blocks.save_home_block(block=obj, by=by)

    def delete_model(self, request: HttpRequest, obj: HomeBlock) -> None:
        home_blocks.delete_home_block(block=obj, by=grant_of(request).actor)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[HomeBlock]) -> None:
        for block in queryset:
            self.delete_model(request, block)


@admin.register(TextPage)
class TextPageAdmin(EditAdmin):
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
