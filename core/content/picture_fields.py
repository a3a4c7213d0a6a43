"""Form fields to choose an existing picture or upload a new one."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.content.models import Picture
from core.content.services.pictures import add_picture
from core.context import Actor
from core.media.images import UnusablePicture, reencode

MAX_OFFERED = 120


def thumbnail(picture: Picture | None, *, size: int = 72) -> SafeString | str:
    """A small drawing of a picture, for lists and beside fields."""
    if picture is None:
        return ""
    shown = picture.face
    return format_html(
        '<img class="picture-thumbnail" src="{}" alt="{}" width="{}" height="{}" loading="lazy">',
        shown.url,
        shown.alt,
        size,
        size,
    )


class PicturePicker(forms.RadioSelect):
    """The latest pictures to choose from, drawn small; closed until it is asked for."""

    template_name = "admin/picture_picker.html"

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        picture = getattr(value, "instance", None)
        return option | {"thumbnail": thumbnail(picture), "label": str(picture) if picture else gettext("no picture")}


class PictureChoices(forms.models.ModelChoiceIterator):
    """No picture, the chosen one, and the latest."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        yield ("", "")
        chosen = getattr(self.field, "chosen", None)
        pictures: QuerySet[Picture] = Picture.objects.order_by("-pk")
        rows = list(Picture.objects.filter(pk=chosen)) if chosen else []
        for picture in [*rows, *(one for one in pictures[:MAX_OFFERED] if one.pk != chosen)]:
            yield self.choice(picture)


class PictureField(forms.ModelChoiceField):
    """A picture of the library."""

    widget = PicturePicker
    iterator = PictureChoices
    chosen: Any = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Picture.objects.all(), required=False, blank=True, **kwargs)


class PictureForm(forms.ModelForm):
    """Give each field of `picture_fields` a picker, and an upload that goes before what was picked."""

    picture_fields: ClassVar[tuple[str, ...]] = ("picture",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.picture_fields:
            if name in self.fields:
                self.fields[name].chosen = getattr(self.instance, f"{name}_id")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.picture_fields:
            upload, alt = cleaned.get(f"{name}_file"), cleaned.get(f"{name}_alt", "")
            if upload and not alt:
                self.add_error(f"{name}_alt", _("Say what the picture shows, for those who cannot see it."))
        return cleaned

    def keep_uploads(self, by: Actor) -> None:
        """Store what was uploaded and point the row at it; call it before the row is saved."""
        for name in self.picture_fields:
            if self.cleaned_data.get(f"{name}_file"):
                upload, alt = self.cleaned_data[f"{name}_file"], self.cleaned_data[f"{name}_alt"]
                setattr(self.instance, name, add_picture(upload=upload, alt=alt, by=by))


class UploadField(forms.FileField):
    """A picture that can be used; what it is decides its content, not its name."""

    widget = forms.FileInput(attrs={"accept": "image/*"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        if upload and upload is not initial:
            try:
                reencode(upload)
            except UnusablePicture as refusal:
                raise forms.ValidationError(refusal.detail, code=refusal.code) from None
            upload.seek(0)
        return upload


def upload_field() -> UploadField:
    return UploadField(required=False, label=_("Upload a new picture"))


def alt_field() -> forms.CharField:
    return forms.CharField(
        required=False, max_length=400, label=_("What the new picture shows"), widget=forms.TextInput({"size": 50})
    )
