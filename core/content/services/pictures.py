"""Keep an uploaded picture, and make its renditions later."""

from functools import partial
from typing import IO

import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.content.models import Picture, picture_name
from core.context import Actor
from core.errors import Conflict, Invalid, Unavailable
from core.events import services as events
from core.media import images
from core.media.storage import save_file

log = structlog.get_logger(__name__)


class NoRoomForPicture(Unavailable):
    code = "no_room_for_picture"
    message = _(
        "The picture could not be kept: there is no room for it right now. Nothing was changed. "
        "Save without the picture, or try again later."
    )


class PictureInUse(Conflict):
    code = "picture_in_use"
    message = _("A page still shows this picture. Choose another one there first.")


class MissingDescription(Invalid):
    code = "missing_description"
    message = _("Say what the picture shows, or mark it as decorative.")


def add_picture(*, upload: IO[bytes], by: Actor, alt: str = "", decorative: bool = False) -> Picture:
    """Re-encode and store an upload. Raises media.UnusablePicture and NoRoomForPicture, having kept nothing.

    Records picture.added, whose handler renders it.
    """
    encoded = images.reencode(upload)
    picture = Picture(
        width=encoded.width,
        height=encoded.height,
        color=encoded.color,
        digest=encoded.digest,
        alt=alt,
        decorative=decorative or not alt,
    )
    _write(picture, encoded.content)
    return _store(picture, by=by)


@transaction.atomic
def describe_picture(*, picture_id: int, alt: str, by: Actor, decorative: bool = False) -> Picture:
    """Change the alternative text. Locks the picture. Raises MissingDescription. Records picture.changed."""
    picture = Picture.objects.select_for_update().get(pk=picture_id)
    alt = alt.strip()
    if not alt and not decorative:
        raise MissingDescription(field="alt")
    if (picture.alt, picture.decorative) != (alt, decorative):
        picture.alt, picture.decorative = alt, decorative
        picture.save(update_fields=["alt", "decorative"])
        events.record("picture.changed", picture, by=by, decorative=decorative)
    return picture


@transaction.atomic
def remove_picture(picture: Picture) -> bool:
    """Remove a picture and, once that is committed, its files; False, and nothing done, while something shows it.

    Locks the picture. Part of what made it unneeded, which records the event.
    """
    locked = Picture.objects.select_for_update().filter(pk=picture.pk).first()
    if locked is None or _is_shown(locked):
        return False
    names = [str(locked.file.name), *(ready["name"] for ready in locked.renditions)]
    locked.delete()
    transaction.on_commit(partial(_delete_files, names), robust=True)
    return True


def render_picture(uid: str) -> None:
    """Make the renditions of one picture and then name them in its row, so that a page never names a missing file."""
    picture = Picture.objects.filter(uid=uid).first()
    if picture is None:
        return
    with picture.file.open("rb") as source:
        ready = list(images.render(source, str(picture.file.name).removesuffix(".webp")))
        renditions = [{"width": width, "type": kind, "name": name} for width, kind, name in ready]
    if not Picture.objects.filter(pk=picture.pk).update(renditions=renditions):
        _delete_files([name for _width, _kind, name in ready])  # it was removed meanwhile


def _write(picture: Picture, content: bytes) -> None:
    """The file comes before the row that names it."""
    try:
        picture.file.name = save_file(picture_name(picture, ""), content)
    except OSError as failure:
        log.exception("picture_not_written", size=len(content))
        raise NoRoomForPicture from failure


def _is_shown(picture: Picture) -> bool:
    """Whether anything points at it; a query for each kind of thing that may."""
    pointers = [relation.field for relation in Picture._meta.related_objects]  # noqa: SLF001  Django's documented API
    return any(field.model._default_manager.filter(**{field.name: picture}).exists() for field in pointers)  # noqa: SLF001


def _delete_files(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)


@transaction.atomic
def _store(picture: Picture, *, by: Actor) -> Picture:
    picture.save()
    events.record("picture.added", ("picture", str(picture.uid)), by=by, width=picture.width, height=picture.height)
    return picture
