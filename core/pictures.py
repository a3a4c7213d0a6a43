"""Keep an uploaded picture, and make its renditions later."""

from typing import IO

from django.core.files.base import ContentFile
from django.db import transaction

from core import events, media
from core.context import Actor
from core.models import Picture


def add_picture(*, upload: IO[bytes], by: Actor, alt: str = "", decorative: bool = False) -> Picture:
    """Re-encode and store an upload. Raises media.UnusablePicture. Records picture.added, whose handler renders it."""
    encoded = media.reencode(upload)
    return _store(encoded, by=by, alt=alt, decorative=decorative)


@transaction.atomic
def _store(encoded: media.Encoded, *, by: Actor, alt: str, decorative: bool) -> Picture:
    picture = Picture(
        width=encoded.width,
        height=encoded.height,
        color=encoded.color,
        digest=encoded.digest,
        alt=alt,
        decorative=decorative or not alt,
    )
    picture.file.save("", ContentFile(encoded.content), save=False)
    picture.save()
    events.record("picture.added", ("picture", str(picture.uid)), by=by, width=picture.width, height=picture.height)
    return picture


def render_picture(uid: str) -> None:
    """Make the renditions of one picture and then name them in its row, so that a page never names a missing file."""
    picture = Picture.objects.filter(uid=uid).first()
    if picture is None:
        return
    with picture.file.open("rb") as source:
        ready = media.render(source, str(picture.file.name).removesuffix(".webp"))
        renditions = [{"width": width, "type": kind, "name": name} for width, kind, name in ready]
    Picture.objects.filter(pk=picture.pk).update(renditions=renditions)
