"""A picture of any kind is decoded within bounds, or refused in words; what is kept can be drawn at every width."""

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from core.content.models import Picture
from core.content.services import pictures
from core.context import Actor
from core.media import decoding, images
from core.media.decoding import PictureMoves, PictureTooLarge, PictureTooNarrow, UnusablePicture

SYSTEM = Actor.system("test")


def file_of(image, kind, **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def plain(mode="RGB", size=(400, 200), color=None):
    return Image.new(mode, size, color if color is not None else 0)


def broken(kind, at, **options):
    """A file whose bytes in the middle are others."""
    raw = bytearray(file_of(Image.radial_gradient("L").convert("RGB"), kind, **options))
    middle = int(len(raw) * at)
    raw[middle : middle + 40] = b"\xff" * 40
    return bytes(raw)


AVIF = file_of(Image.radial_gradient("L").convert("RGB"), "AVIF")
UNUSABLE = {
    "AVIF with a broken box": AVIF[:60] + b"\xff\xff\xff\xff" + AVIF[64:],
    "AVIF cut short": AVIF[: len(AVIF) // 2],
    "AVIF of its first box": AVIF[:32],
    "HEIF": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 200,
    "PNG cut short": file_of(Image.radial_gradient("L"), "PNG")[:2000],
    "PNG broken": broken("PNG", 0.5),
    "JPEG cut short": file_of(Image.radial_gradient("L"), "JPEG")[:1500],
    "WebP broken": broken("WEBP", 0.02, lossless=True),
    "GIF of nothing but its header": b"GIF89a\x10\x00\x10\x00\x00\x00\x00;",
    "BMP": file_of(plain(), "BMP"),
    "floating point": file_of(plain("F"), "TIFF"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_broken_file_is_refused_in_words(name):
    with pytest.raises(UnusablePicture) as refused:
        images.reencode(BytesIO(UNUSABLE[name]))

    assert refused.value.status == 422
    assert "JPEG, PNG, WebP" in refused.value.detail


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF"])
def test_more_pixels_than_fit_are_refused_before_they_are_decoded(kind, monkeypatch):
    raw = file_of(plain("L", (2100, 50)).convert("RGB"), kind)
    monkeypatch.setattr(decoding, "MAX_MEGAPIXELS", {kind: 0.1})

    with pytest.raises(PictureTooLarge, match="AVIF up to 10, WebP up to 7"):
        images.reencode(BytesIO(raw))


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused():
    raw = file_of(plain("RGBA", (6300, 6300)), "PNG")

    assert len(raw) < 400_000
    with pytest.raises(PictureTooLarge):
        images.reencode(BytesIO(raw))


def test_a_progressive_photo_with_more_coefficients_than_fit_is_refused():
    raw = file_of(plain("RGB", (4500, 3200)), "JPEG", progressive=True, subsampling=0)

    with pytest.raises(PictureTooLarge):
        images.reencode(BytesIO(raw))


@pytest.mark.parametrize("size", [(2400, 1), (1, 2400), (410, 10)])
def test_a_line_is_no_picture(size):
    with pytest.raises(PictureTooNarrow):
        images.reencode(BytesIO(file_of(plain(size=size), "PNG")))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG", "AVIF"])
def test_what_moves_or_has_pages_is_refused(kind):
    raw = file_of(plain(color=(9, 9, 9)), kind, save_all=True, append_images=[plain(color=(200, 0, 0))])

    with pytest.raises(PictureMoves):
        images.reencode(BytesIO(raw))


@pytest.mark.parametrize(
    ("raw", "color"),
    [
        (file_of(plain("CMYK", color=(0, 255, 255, 0)), "JPEG", quality=95), (250, 0, 0)),
        (file_of(plain("I;16", color=32768), "PNG"), (128, 128, 128)),
        (file_of(plain("I;16", color=32768), "TIFF"), (128, 128, 128)),
        (file_of(plain("1", color=1), "PNG"), (255, 255, 255)),
        (file_of(plain("LA", color=(100, 255)), "PNG"), (100, 100, 100)),
        (file_of(plain("P", color=0), "GIF"), (0, 0, 0)),
        (file_of(plain("RGB", color=(10, 20, 200)), "JPEG", icc_profile=b"x" * 3_000_000), (10, 20, 200)),
    ],
    ids=["CMYK", "16 bits PNG", "16 bits TIFF", "1 bit", "grey with alpha", "palette", "huge colour profile"],
)
@pytest.mark.django_db
def test_unusual_pictures_keep_their_colours_and_can_be_drawn(raw, color):
    picture = pictures.add_picture(upload=BytesIO(raw), by=SYSTEM, alt="Clay")

    pictures.render_picture(str(picture.uid))

    found = tuple(int(picture.color[place : place + 2], 16) for place in (1, 3, 5))
    assert all(abs(one - other) < 12 for one, other in zip(found, color, strict=True)), found
    assert [ready["type"] for ready in Picture.objects.get().renditions] == ["avif", "webp"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_was_held(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = plain(color=(0, 0, 200))
    image.paste((200, 0, 0), (0, 0, 200, 100))  # the corner that is upper left without turning

    upright = Image.open(BytesIO(images.reencode(BytesIO(file_of(image, kind, exif=exif))).content)).convert("RGB")

    assert upright.size == ((400, 200) if orientation < 5 else (200, 400))
    across, down = upright.size
    corners = [(0, 0), (across - 1, 0), (across - 1, down - 1), (0, down - 1)]
    red = [place for place, corner in enumerate(corners) if upright.getpixel(corner)[0] > 150]
    assert red == [{1: 0, 2: 1, 3: 2, 4: 3, 5: 0, 6: 1, 7: 2, 8: 3}[orientation]]


def test_a_photo_with_a_preview_inside_is_a_photo():
    raw = file_of(plain(color=(200, 0, 0)), "MPO", save_all=True, append_images=[plain(size=(40, 20))])

    assert images.reencode(BytesIO(raw)).width == 400


@pytest.mark.django_db
def test_a_narrow_picture_has_a_rendition_that_can_be_drawn():
    picture = pictures.add_picture(upload=BytesIO(file_of(plain(size=(2000, 50)), "PNG")), by=SYSTEM, alt="A rail")

    pictures.render_picture(str(picture.uid))

    assert len(Picture.objects.get().renditions) == 8


MEASURE = """
import os, resource, sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
import django
django.setup()
from PIL import Image
from core.media import images as media

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def file_of(kind, size, mode, **options):
    # Written in another process: what it takes is not what is measured.
    reading, writing = os.pipe()
    if os.fork() == 0:
        image = Image.radial_gradient("L").resize(size).convert(mode)
        if mode == "RGBA":
            image.putalpha(Image.radial_gradient("L").resize(size))
        with os.fdopen(writing, "wb") as out:
            held = BytesIO()
            image.save(held, kind, **options)
            out.write(held.getvalue())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as taken:
        raw = taken.read()
    os.wait()
    return raw

kind, side, down, mode, options = eval(sys.argv[1])
for warm in ("JPEG", "PNG", "WEBP", "AVIF"):
    media.reencode(BytesIO(file_of(warm, (60, 40), "RGB")))
raw = file_of(kind, (side, down), mode, **options)
idle = peak()
with ThreadPoolExecutor(4) as pool:
    widths = list(pool.map(lambda _: media.reencode(BytesIO(raw)).width, range(int(sys.argv[2]))))
print(peak() - idle, *widths)
"""


@pytest.mark.parametrize(
    ("picture", "at_once"),
    [
        (("JPEG", 8000, 5000, "RGB", {}), 4),
        (("JPEG", 6000, 4000, "RGB", {"progressive": True}), 1),
        (("PNG", 4000, 3000, "RGBA", {"compress_level": 1}), 4),
        (("WEBP", 3000, 2330, "RGBA", {"method": 0}), 1),
        (("AVIF", 3600, 2770, "RGBA", {"speed": 10}), 1),
    ],
    ids=["JPEG", "progressive JPEG", "PNG", "WebP", "AVIF"],
)
def test_the_largest_pictures_take_less_than_150_megabytes(picture, at_once):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEASURE, repr(picture), str(at_once)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    megabytes, *widths = map(int, done.stdout.split())
    assert widths == [2400] * at_once
    assert megabytes < 150
