"""No room for a picture: the upload is refused and leaves nothing; what is made later is made when there is room."""

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image

from core.content.models import Picture
from core.content.services import pictures
from core.content.services.pictures import NoRoomForPicture
from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from core.testing import no_event

SYSTEM = Actor.system("test")
ROOM = 64 * 1024


def noise() -> BytesIO:
    """A picture that does not compress: its file and its larger renditions are bigger than there is room for."""
    out = BytesIO()
    Image.frombytes("RGB", (700, 700), random.Random(7).randbytes(700 * 700 * 3)).save(out, "PNG")
    out.seek(0)
    out.name = "noise.png"
    return out


@contextmanager
def no_room() -> Iterator[None]:
    """Writing a file fails in its middle, as on a full disk: a real limit of the operating system."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files() -> list[Path]:
    return [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_an_upload_is_refused_and_leaves_neither_row_nor_file_nor_event():
    with no_room(), pytest.raises(NoRoomForPicture) as refused:
        pictures.add_picture(upload=noise(), by=SYSTEM, alt="Noise")

    assert (refused.value.status, refused.value.code) == (503, "no_room_for_picture")
    assert not Picture.objects.exists()
    assert no_event("picture.added")
    assert files() == []


@pytest.mark.django_db
def test_without_room_half_a_file_would_stay():
    """The control: what the storage itself leaves."""
    with no_room(), pytest.raises(OSError, match="File too large"):
        default_storage.save("half", ContentFile(noise().read()))

    assert [path.stat().st_size for path in files()] == [ROOM]


@pytest.mark.django_db
def test_the_form_says_so_and_the_rest_of_the_profile_is_not_changed(client, customer):
    client.force_login(customer)

    with no_room():
        answer = client.post(reverse("accounts:profile"), {"name": "Somebody Else", "picture": noise()})

    customer.refresh_from_db()
    assert answer.status_code == 422
    assert "there is no room for it right now" in answer.content.decode()
    assert (customer.name, customer.avatar) == ("Clara Customer", None)


@pytest.mark.django_db(transaction=True)
def test_renditions_are_made_once_there_is_room_again():
    picture = pictures.add_picture(upload=noise(), by=SYSTEM, alt="Noise")
    events.relay()
    delivery_id = EventDelivery.objects.get(handler="core.render_added_picture").pk

    with no_room():
        assert events.deliver(delivery_id) is False
    picture.refresh_from_db()
    assert picture.image.renditions == ()

    EventDelivery.objects.filter(pk=delivery_id).update(next_at="2020-01-01T00:00Z")
    assert events.deliver(delivery_id) is True
    picture.refresh_from_db()
    assert {ready.width for ready in picture.image.renditions} == {320, 640}
