"""Pictures that any app may show."""

from operator import itemgetter
from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.db import models
from django.db.models import Q
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.media import Image, Rendition


def picture_name(picture: "Picture", filename: str) -> str:
    return f"pictures/{picture.uid.hex[-2:]}/{picture.uid.hex}.webp"


class Picture(models.Model):
    """A picture that any app may show. Either it has words for those who cannot see it, or it is decoration."""

    public_kind: ClassVar[str] = "picture"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    file = models.FileField(_("file"), upload_to=picture_name)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    color = models.CharField(_("colour"), max_length=7, editable=False)
    digest = models.CharField(_("digest"), max_length=64, db_index=True, editable=False)
    alt = models.CharField(
        _("alternative text"),
        max_length=400,
        blank=True,
        help_text=_("What the picture shows, for those who cannot see it."),
    )
    decorative = models.BooleanField(_("decorative"), default=False)
    renditions = models.JSONField(_("renditions"), default=list, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(decorative=True) | ~Q(alt=""), name="picture_alt_or_decorative"),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="picture_size"),
        ]

    def __str__(self) -> str:
        return self.alt or str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def image(self) -> Image:
        """The picture as pages draw it; no query."""
        return image_of(
            str(self.file.name), self.width, self.height, self.alt, self.decorative, self.color, self.renditions
        )

    @property
    def face(self) -> Image:
        """The picture as a small mark beside a name; no query."""
        return face_of(
            str(self.file.name), self.width, self.height, self.alt, self.decorative, self.color, self.renditions
        )


def columns_of(path: str) -> JSONObject:
    """What `image_of` and `face_of` take, of the picture at the end of a path, as one value of a subquery."""
    names = ("width", "height", "alt", "decorative", "color", "renditions")
    return JSONObject(name=f"{path}__file", **{name: f"{path}__{name}" for name in names})


def face_of(  # noqa: PLR0917  the columns of a row
    name: str, width: int, height: int, alt: str, decorative: bool, color: str, renditions: list[dict[str, Any]]
) -> Image:
    """The narrowest file of a picture that every browser reads; itself while there is no other."""
    ready = min((one for one in renditions if one["type"] == "webp"), key=itemgetter("width"), default=None)
    if ready is not None:
        name, width, height = ready["name"], ready["width"], round(height * ready["width"] / width)
    return image_of(name, width, height, alt, decorative, color, [])


def image_of(  # noqa: PLR0917  the columns of a row
    name: str, width: int, height: int, alt: str, decorative: bool, color: str, renditions: list[dict[str, Any]]
) -> Image:
    """The picture of a row's values, for whoever reads them without the row."""
    address = default_storage.url  # looked up once: it is found through a lazy object
    return Image(
        url=address(name),
        width=width,
        height=height,
        alt="" if decorative else alt,
        color=color,
        renditions=tuple([Rendition(address(ready["name"]), ready["width"], ready["type"]) for ready in renditions]),
    )
