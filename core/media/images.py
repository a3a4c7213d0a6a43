"""Pictures: what is uploaded is never what is served.

An upload is decoded within a pixel limit, turned upright, stripped of everything but pixels and re-encoded as
WebP under a random name. Renditions in fixed widths are made later, in a task; a page names only those that exist.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import IO

from django.core.files.storage import default_storage
from PIL import Image as PIL_Image

from core.media.decoding import MAX_BYTES, UnusablePicture, decode
from core.media.storage import save_file

__all__ = ["Encoded", "Image", "Rendition", "UnusablePicture", "reencode", "render"]

WIDTHS = (320, 640, 960, 1600)
FORMATS = {"avif": {"quality": 62, "speed": 8}, "webp": {"quality": 82, "method": 4}}
_one_at_a_time = Lock()


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
    """Decode an upload and re-encode it. Several at once take turns, so that their memory does not add up.

    Raises UnusablePicture for anything that is not a bounded picture.
    """
    raw = upload.read(MAX_BYTES + 1)
    with _one_at_a_time:
        pixels = decode(raw)
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
                (width, max(1, round(original.height * width / original.width))), PIL_Image.Resampling.LANCZOS
            )
            for kind, options in FORMATS.items():
                out = BytesIO()
                resized.save(out, kind.upper(), **options)
                name = f"{stem}-{width}.{kind}"
                if default_storage.exists(name):
                    default_storage.delete(name)
                yield width, kind, save_file(name, out.getvalue())


def _mean_color(pixels: PIL_Image.Image) -> str:
    red, green, blue = pixels.convert("RGB").resize((1, 1), PIL_Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return f"#{red:02x}{green:02x}{blue:02x}"
