"""Staff compose the front page: blocks with links, cards and pictures, and the library of pictures."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image as PillowImage

from core.content.models import HomeBlock, Picture
from core.content.services import home_blocks
from core.content.services.pictures import add_picture
from core.context import Actor
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db


def test_the_list_names_each_position_and_keeps_what_is_typed(client, staff):
    client.force_login(staff)
    block = HomeBlock.objects.create(kind="hero", title="Pots", link_url="/shop/", link_label="Look", position=0)
    address = reverse("admin:core_homeblock_changelist")
    typed = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": block.pk, "form-0-position": "3"}

    page = client.get(address).content.decode()
    answer = client.post(address, {**typed, "_save": "Save"})

    block.refresh_from_db()
    assert page.count('aria-label="position"') == 1
    assert (answer.status_code, block.position) == (302, 3)


GOOD = {"kind": "hero", "title": "Pots", "position": "0", "link_url": "/shop/", "link_label": "Look"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"link_url": "javascript:alert(1)"}, "link_url"),
        ({"link_url": "//evil.example/"}, "link_url"),
        ({"link_url": "/\\evil.example/"}, "link_url"),
        ({"link_url": "data:text/html,x"}, "link_url"),
        ({"kind": "nonsense"}, "kind"),
        ({"card_kind": "nonsense"}, "card_kind"),
        ({"kind": "cards", "card_kind": ""}, "card_kind"),
    ],
)
def test_what_the_home_page_cannot_draw_is_refused_at_its_field(client, staff, change, field):
    client.force_login(staff)

    answer = client.post(reverse("admin:core_homeblock_add"), {**GOOD, **change})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not HomeBlock.objects.exists()
    assert no_event("home_block.saved")


@pytest.mark.parametrize("link", ["/shop/", "/", "https://example.org/a?b=c", "#top", ""])
def test_links_of_the_site_and_of_the_web_are_taken(client, staff, link):
    client.force_login(staff)

    answer = client.post(reverse("admin:core_homeblock_add"), {**GOOD, "link_url": link})

    assert answer.status_code == 302
    assert HomeBlock.objects.get().link_url == link
    assert len(events_named("home_block.saved")) == 1


@pytest.mark.parametrize("block", [{"link_url": "javascript:alert(1)"}, {"kind": "nonsense"}, {"kind": "cards"}])
def test_the_service_and_the_database_refuse_them_too(block):
    made = HomeBlock(**{"kind": "hero", "title": "Pots", **block})

    with pytest.raises(home_blocks.InvalidHomeBlock):
        home_blocks.save_home_block(block=made, by=Actor.system("test"))
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save()


def test_a_block_shows_a_picture_that_is_chosen_or_uploaded(client, staff):
    client.force_login(staff)
    chosen = add_picture(upload=png(), alt="A bowl", by=Actor.system("test"))
    page = client.get(reverse("admin:core_homeblock_add")).content.decode()

    client.post(
        reverse("admin:core_homeblock_add"),
        {**GOOD, "picture": chosen.pk, "dark_picture_file": png(), "dark_picture_alt": "A bowl at night"},
    )

    block = HomeBlock.objects.get()
    assert f'value="{chosen.pk}"' in page
    assert "A bowl" in page
    assert (block.picture, block.dark_picture.alt) == (chosen, "A bowl at night")


def test_an_upload_says_what_it_shows(client, staff):
    client.force_login(staff)

    answer = client.post(reverse("admin:core_homeblock_add"), {**GOOD, "picture_file": png()})

    assert list(answer.context["adminform"].form.errors) == ["picture_alt"]
    assert not Picture.objects.exists()


def test_a_picture_is_uploaded_described_and_removed_in_the_library(client, staff):
    client.force_login(staff)

    client.post(reverse("admin:core_picture_add"), {"upload": png(), "alt": "A mug"})
    picture = Picture.objects.get()
    listed = client.get(reverse("admin:core_picture_changelist")).content.decode()
    client.post(reverse("admin:core_picture_change", args=[picture.pk]), {"alt": "A blue mug"})

    picture.refresh_from_db()
    assert 'class="picture-thumbnail"' in listed
    assert picture.alt == "A blue mug"
    assert len(events_named("picture.changed")) == 1

    client.post(reverse("admin:core_picture_delete", args=[picture.pk]), {"post": "yes"})
    assert not Picture.objects.exists()


def test_a_picture_that_something_shows_is_not_removed(client, staff):
    client.force_login(staff)
    picture = add_picture(upload=png(), alt="A bowl", by=Actor.system("test"))
    HomeBlock.objects.create(kind="hero", title="Pots", picture=picture)

    client.post(reverse("admin:core_picture_delete", args=[picture.pk]), {"post": "yes"})

    assert Picture.objects.filter(pk=picture.pk).exists()


@pytest.mark.parametrize(("file", "alt", "field"), [(b"no picture", "A mug", "upload"), (None, "", "alt")])
def test_a_picture_without_words_or_pixels_is_refused(client, staff, file, alt, field):
    client.force_login(staff)
    upload = png() if file is None else SimpleUploadedFile("mug.png", file, "image/png")

    answer = client.post(reverse("admin:core_picture_add"), {"upload": upload, "alt": alt})

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Picture.objects.exists()


def png():
    out = BytesIO()
    PillowImage.new("RGB", (8, 8), "#a5bba3").save(out, "PNG")
    return SimpleUploadedFile("mug.png", out.getvalue(), "image/png")
