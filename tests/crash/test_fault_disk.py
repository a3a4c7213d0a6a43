"""The disk of the media is full: an upload is refused in words and leaves nothing, and all goes on once there is room."""

import os
import random
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse
from PIL import Image

from core.content.models import Picture
from core.content.services import pictures
from core.content.services.pictures import NoRoomForPicture
from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from core.monitoring import checks
from core.monitoring.doctor import State
from core.testing import no_event

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

SIZE = 4 * 1024 * 1024
SYSTEM = Actor.system("test")


class Disk:
    """A file system of its own, of four megabytes; what fills it can be taken away."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ballast = folder, folder / "ballast"

    @property
    def free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, *, but: int) -> None:
        self.ballast.write_bytes(bytes(self.free - but))

    def clear(self) -> None:
        self.ballast.unlink()

    def files(self) -> list[str]:
        return [path.name for path in self.folder.rglob("*") if path.is_file() and path != self.ballast]


@pytest.fixture
def disk(tmp_path: Path, settings, clean_surroundings: None) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"needs to mount a file system, as root may: {mounted.stderr.strip()}")
    settings.MEDIA_ROOT = str(folder)
    yield Disk(folder)
    subprocess.run(["umount", folder], check=True)


def noise() -> BytesIO:
    """A picture that does not compress: more than half a megabyte, and as much again for its renditions."""
    out = BytesIO()
    Image.frombytes("RGB", (900, 900), random.Random(7).randbytes(900 * 900 * 3)).save(out, "PNG")
    out.seek(0)
    out.name = "noise.png"
    return out


def test_an_upload_is_refused_in_words_and_accepted_once_there_is_room(disk: Disk, client, customer):
    client.force_login(customer)
    disk.fill(but=64 * 1024)

    refused = client.post(reverse("accounts:profile"), {"name": "Clara", "picture": noise()})

    customer.refresh_from_db()
    assert refused.status_code == 422
    assert "Save without the picture, or try again later." in refused.content.decode()
    assert (customer.name, customer.avatar, disk.files()) == ("Clara Customer", None, [])
    assert disk.free >= 60 * 1024, "something half written stays"
    assert not Picture.objects.exists()
    assert no_event("picture.added")
    disk.clear()

    accepted = client.post(reverse("accounts:profile"), {"name": "Clara", "picture": noise()})

    customer.refresh_from_db()
    assert accepted.status_code == 302
    assert (customer.name, len(disk.files())) == ("Clara", 1)
    assert customer.avatar == Picture.objects.get()


def test_not_a_byte_of_room_is_answered_alike(disk: Disk):
    disk.fill(but=0)

    with pytest.raises(NoRoomForPicture):
        pictures.add_picture(upload=noise(), by=SYSTEM, alt="Noise")

    assert disk.files() == []
    assert not Picture.objects.exists()


def test_renditions_wait_for_room_and_leave_no_half_file(disk: Disk):
    picture = pictures.add_picture(upload=noise(), by=SYSTEM, alt="Noise")
    events.relay()
    delivery = EventDelivery.objects.get(handler="core.render_added_picture")
    kept = disk.files()
    disk.fill(but=8 * 1024)

    assert events.deliver(delivery.pk) is False
    delivery.refresh_from_db()
    picture.refresh_from_db()
    assert "No space left on device" in delivery.error
    assert picture.image.renditions == ()
    assert disk.files() == kept
    disk.clear()

    EventDelivery.objects.filter(pk=delivery.pk).update(next_at="2020-01-01T00:00Z")
    assert events.deliver(delivery.pk) is True
    picture.refresh_from_db()
    assert {ready.width for ready in picture.image.renditions} == {320, 640}


def test_the_doctor_says_to_make_room_and_leaves_nothing_either(disk: Disk):
    disk.fill(but=0)

    full = checks.storage()

    assert (full.state, full.fix) == (State.BROKEN, checks.FREE_SPACE)
    assert "No space left on device" in full.what
    assert disk.files() == []
    disk.clear()

    assert checks.storage().state is State.OK
