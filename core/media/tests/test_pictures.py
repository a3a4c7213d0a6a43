"""What is uploaded is never what is served."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from PIL import Image

from core import testing
from core.content.models import Picture
from core.content.services import pictures
from core.context import Actor
from core.media import decoding, images
from core.media.images import UnusablePicture

SYSTEM = Actor.system("test")


def upload(kind: str = "PNG", size: tuple[int, int] = (1000, 500), **options: object) -> BytesIO:
    out = BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(out, kind, **options)
    out.seek(0)
    return out


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_rewritten_and_rendered():
    picture = pictures.add_picture(upload=upload("JPEG"), by=SYSTEM, alt="A bowl")
    assert picture.image.renditions == ()

    testing.deliver_events()

    picture.refresh_from_db()
    assert (picture.width, picture.height, picture.color) == (1000, 500, "#c86432")
    assert [(ready.width, ready.type) for ready in picture.image.renditions] == [
        (320, "avif"), (320, "webp"), (640, "avif"), (640, "webp"), (960, "avif"), (960, "webp"),
    ]  # fmt: skip
    for ready in picture.renditions:
        with default_storage.open(ready["name"]) as file, Image.open(file) as rendition:
            assert rendition.size == (ready["width"], ready["width"] // 2)
            assert rendition.format.lower() == ready["type"]


@pytest.mark.django_db(transaction=True)
def test_rendering_twice_leaves_one_file_each():
    picture = pictures.add_picture(upload=upload(), by=SYSTEM, alt="A bowl")
    pictures.render_picture(str(picture.uid))
    pictures.render_picture(str(picture.uid))

    folder = picture.file.name.rpartition("/")[0]
    assert len(default_storage.listdir(folder)[1]) == 7


def test_metadata_and_what_hides_behind_the_pixels_is_gone():
    exif = Image.Exif()
    exif[0x010E] = "home address"
    photo = upload("JPEG", exif=exif)
    photo.seek(0, 2)
    photo.write(b"<script>alert(1)</script>")
    photo.seek(0)

    encoded = images.reencode(photo)

    assert b"home address" not in encoded.content
    assert b"<script>" not in encoded.content
    assert Image.open(BytesIO(encoded.content)).format == "WEBP"


def test_a_picture_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6

    encoded = images.reencode(upload("JPEG", exif=exif))

    assert (encoded.width, encoded.height) == (500, 1000)


def test_a_huge_picture_is_made_smaller():
    encoded = images.reencode(upload(size=(4800, 2400)))

    assert (encoded.width, encoded.height) == (2400, 1200)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        upload("BMP").getvalue(),
        upload().getvalue()[:200],
        b"0" * (images.MAX_BYTES + 1),
    ],
    ids=["empty", "text", "svg", "broken", "bmp", "cut", "large"],
)
def test_what_is_no_bounded_picture_is_refused(content):
    with pytest.raises(UnusablePicture):
        images.reencode(BytesIO(content))


def test_a_decompression_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_MEGAPIXELS", {"PNG": 0.0001})

    with pytest.raises(UnusablePicture):
        images.reencode(upload())


@pytest.mark.django_db
def test_the_database_asks_for_words_or_decoration():
    with pytest.raises(IntegrityError, match="picture_alt_or_decorative"), transaction.atomic():
        Picture.objects.create(file="x.webp", width=1, height=1, color="#000000", digest="x", alt="", decorative=False)
