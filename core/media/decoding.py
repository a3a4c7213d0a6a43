"""Decode an uploaded picture within bounds of memory.

What a decoder needs is known from the header: JPEG can be decoded at a fraction of its size, all other formats need the
whole picture at once, and some of them several times. The limits keep each below 150 MB.
"""

from collections.abc import Mapping
from io import BytesIO

import structlog
from django.utils.translation import gettext_lazy as _
from PIL import Image as PIL_Image

from core.errors import Invalid

log = structlog.get_logger(__name__)

MAX_BYTES = 12 * 1024 * 1024
MAX_SIDE = 2400
# The longer side in terms of the shorter: a rendition of 320 pixels is still some pixels high.
MAX_RATIO = 40
# Megapixels that can be decoded, by format. WebP and AVIF keep several copies while they decode.
MAX_MEGAPIXELS: Mapping[str, int] = {"JPEG": 40, "MPO": 40, "PNG": 12, "GIF": 12, "TIFF": 12, "AVIF": 10, "WEBP": 7}
# A progressive JPEG keeps the coefficients of all its components, two bytes each.
MAX_COEFFICIENTS = 40_000_000

ORIENTATION = 0x0112
UPRIGHT = {
    2: PIL_Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL_Image.Transpose.ROTATE_180,
    4: PIL_Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL_Image.Transpose.TRANSPOSE,
    6: PIL_Image.Transpose.ROTATE_270,
    7: PIL_Image.Transpose.TRANSVERSE,
    8: PIL_Image.Transpose.ROTATE_90,
}
EIGHT_BITS = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")


class UnusablePicture(Invalid):
    code = "unusable_picture"
    message = _("This file is not a picture we can use. Upload a JPEG, PNG, WebP, AVIF, GIF or TIFF up to 12 MB.")


class PictureTooLarge(UnusablePicture):
    message = _(
        "This picture has too many pixels. "
        "JPEG may have up to 40 megapixels, PNG, GIF and TIFF up to 12, AVIF up to 10, WebP up to 7."
    )


class PictureTooNarrow(UnusablePicture):
    message = _("This picture is too narrow: its longer side may be at most 40 times the shorter one.")


class PictureMoves(UnusablePicture):
    message = _("This file holds several pictures or an animation. Upload a single still picture.")


def decode(raw: bytes) -> PIL_Image.Image:
    """The picture upright, in RGB or RGBA, no side longer than MAX_SIDE.

    Raises UnusablePicture for everything that is not a bounded, whole, still picture.
    """
    if len(raw) > MAX_BYTES:
        raise UnusablePicture
    try:
        with PIL_Image.open(BytesIO(raw)) as opened:
            _require_bounded(opened)
            return _reduced(opened)
    except UnusablePicture:
        raise
    except Exception as failure:  # noqa: BLE001
        # Decoders raise many kinds of errors for a broken file, from struct.error to RuntimeError.
        log.info("picture_not_decoded", error=repr(failure))
        raise UnusablePicture from None


def _require_bounded(opened: PIL_Image.Image) -> None:
    limit = MAX_MEGAPIXELS.get(opened.format or "")
    if limit is None or opened.mode not in EIGHT_BITS + SIXTEEN_BITS:
        raise UnusablePicture
    pixels = opened.width * opened.height
    if pixels > limit * 1_000_000 or (opened.info.get("progressive") and _coefficients(opened) > MAX_COEFFICIENTS):
        raise PictureTooLarge
    if max(opened.size) > MAX_RATIO * min(opened.size):
        raise PictureTooNarrow
    if opened.format != "MPO" and getattr(opened, "is_animated", False):  # MPO: a photo with a preview or depth
        raise PictureMoves


def _coefficients(opened: PIL_Image.Image) -> float:
    sampling = [(across, down) for _id, across, down, _table in getattr(opened, "layer", [])]
    across, down = (max(factors) for factors in zip(*sampling, strict=True))
    blocks: int = sum(one * other for one, other in sampling)
    return opened.width * opened.height * blocks / float(across * down)


def _reduced(opened: PIL_Image.Image) -> PIL_Image.Image:
    opened.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG alone: decoded at a fraction of its size
    opened.load()
    orientation = opened.getexif().get(ORIENTATION)  # afterwards: TIFF is turned while it loads
    has_alpha = opened.has_transparency_data
    mode = "RGBA" if has_alpha else "RGB"
    pixels: PIL_Image.Image = opened
    if opened.mode in SIXTEEN_BITS:
        pixels = opened.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    elif opened.mode != mode:
        pixels = opened.convert(mode)
    if pixels is not opened:
        opened.close()  # frees its memory before the next copy
    pixels.thumbnail((MAX_SIDE, MAX_SIDE), PIL_Image.Resampling.LANCZOS, reducing_gap=2.0)
    turn = UPRIGHT.get(orientation or 1)
    return pixels.convert(mode) if turn is None else pixels.transpose(turn).convert(mode)
