"""Pictures: what is uploaded is never what is served.

An upload is decoded within a pixel limit, turned upright, stripped of everything but pixels and written anew as
WebP under a random name. Renditions in fixed widths are made later, in a task; a page names only those that exist.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import Image as PIL_Image
from PIL import ImageOps, UnidentifiedImageError

from core.errors import Invalid
from core.storage import keep

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 2400
WIDTHS = (320, 640, 960, 1600)
FORMATS = {"avif": {"quality": 62, "speed": 8}, "webp": {"quality": 82, "method": 4}}
ACCEPTED = frozenset({"JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF"})


class UnusablePicture(Invalid):
    code = "unusable_picture"
    message = _(
        "This file is not a picture we can use. Upload a JPEG, PNG, WebP or AVIF up to 12 MB and 40 megapixels."
    )


@dataclass(frozen=True, slots=True)
class Rendition:
    """One ready file of a picture."""

    url: str
    width: int
    type: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as a page needs it: `url` always works, `renditions` are those that are ready."""

    url: str
    width: int
    height: int
    alt: str
    color: str = ""
    renditions: tuple[Rendition, ...] = ()

    def srcset(self, kind: str) -> str:
        return ", ".join(f"{ready.url} {ready.width}w" for ready in self.renditions if ready.type == kind)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A re-encoded picture: WebP bytes, size in pixels, mean colour as `#rrggbb`."""

    content: bytes
    width: int
    height: int
    color: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def reencode(upload: IO[bytes]) -> Encoded:
    """Decode an upload and write it anew. Raises UnusablePicture for anything that is not a bounded picture."""
    raw = upload.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise UnusablePicture
    try:
        with PIL_Image.open(BytesIO(raw)) as opened:
            if opened.format not in ACCEPTED or opened.width * opened.height > MAX_PIXELS:
                raise UnusablePicture
            upright = ImageOps.exif_transpose(opened)
            pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, PIL_Image.DecompressionBombError):
        raise UnusablePicture from None
    pixels.thumbnail((MAX_SIDE, MAX_SIDE), PIL_Image.Resampling.LANCZOS)
    out = BytesIO()
    pixels.save(out, "WEBP", quality=90, method=4)
    return Encoded(out.getvalue(), pixels.width, pixels.height, _mean_color(pixels))


def render(source: IO[bytes], stem: str) -> Iterator[tuple[int, str, str]]:
    """Write the renditions of a picture beside it; yields (width in pixels, format, stored name) of each.

    Names are derived from `stem`, so making them twice leaves one file each.
    """
    with PIL_Image.open(source) as original:
        original.load()
        for width in [width for width in WIDTHS if width < original.width]:
            resized = original.resize(
                (width, round(original.height * width / original.width)), PIL_Image.Resampling.LANCZOS
            )
            for kind, options in FORMATS.items():
                out = BytesIO()
                resized.save(out, kind.upper(), **options)
                name = f"{stem}-{width}.{kind}"
                if default_storage.exists(name):
                    default_storage.delete(name)
                yield width, kind, keep(name, out.getvalue())


def _mean_color(pixels: PIL_Image.Image) -> str:
    red, green, blue = pixels.convert("RGB").resize((1, 1), PIL_Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return f"#{red:02x}{green:02x}{blue:02x}"
