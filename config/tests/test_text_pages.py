"""About, delivery, returns and privacy: written by staff, read by everyone."""

import pytest
from django.urls import reverse

from core.content.models import TextPage
from core.content.services.text_pages import EmptyPage, delete_text_page, published_slugs, save_text_page
from core.context import Actor, Grant
from core.errors import Denied, NotFound
from core.search import index as search
from core.search.models import SearchDocument
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

OWNER = Actor.system("test")


def write(**values) -> TextPage:
    given = {"slug": "delivery", "title": "Delivery", "body": "Parcels leave on **Tuesdays**.", "by": OWNER}
    return save_text_page(**given | values)


def test_a_page_is_written_and_read(client):
    write(description="When parcels leave.")

    html = client.get("/pages/delivery/").content.decode()

    assert "<h1>Delivery</h1>" in html
    assert "<p>Parcels leave on <strong>Tuesdays</strong>.</p>" in html
    assert '<meta name="description" content="When parcels leave.">' in html
    assert [event.subject_id for event in events_named("page.saved")] == ["delivery"]


def test_a_page_is_written_anew(client):
    write()
    write(body="Parcels leave on *Thursdays*.")

    assert b"<em>Thursdays</em>" in client.get("/pages/delivery/").content
    assert TextPage.objects.count() == 1
    assert len(events_named("page.saved")) == 2


def test_saving_what_is_there_already_changes_nothing():
    write()
    before = snapshot("core.TextPage", "core.Event")

    write()

    assert snapshot("core.TextPage", "core.Event") == before


def test_a_script_in_the_text_is_text(client):
    write(body="<script>alert(1)</script> [x](javascript:alert(1))")

    html = client.get("/pages/delivery/").content.decode()

    assert "<script>alert" not in html
    assert 'href="javascript' not in html


@pytest.mark.parametrize(("values", "field"), [({"title": " "}, "title"), ({"body": "\n"}, "body_source")])
def test_an_empty_page_is_refused_and_changes_nothing(values, field):
    with pytest.raises(EmptyPage) as refused:
        write(**values)

    assert refused.value.field == field
    assert not TextPage.objects.exists()
    assert no_event("page.saved")


def test_those_without_the_permission_neither_write_nor_delete(customer):
    write()
    before = snapshot("core.TextPage", "core.Event")

    with pytest.raises(Denied):
        write(body="Nothing is ever sent.", by=Actor.person(customer))
    with pytest.raises(Denied):
        delete_text_page(slug="delivery", by=Actor.person(customer))

    assert snapshot("core.TextPage", "core.Event") == before


def test_what_is_not_written_is_not_found(client):
    assert client.get("/pages/imprint/").status_code == 404
    with pytest.raises(NotFound):
        delete_text_page(slug="imprint", by=OWNER)


def test_a_page_is_found_by_search_until_it_is_deleted(deliver_events):
    write()
    deliver_events()
    found = search.find("parcels", Grant.anonymous()).hits

    delete_text_page(slug="delivery", by=OWNER)
    deliver_events()

    assert [(hit.kind, hit.url) for hit in found] == [("page", "/pages/delivery/")]
    assert not SearchDocument.objects.filter(kind="page").exists()


def test_the_admin_writes_through_the_same_service(client, staff):
    client.force_login(staff)
    form = {"title": "Delivery", "slug": "delivery", "description": "", "body_source": "Parcels leave on **Tuesdays**."}

    added = client.post(reverse("admin:core_textpage_add"), form)
    page = TextPage.objects.get()
    changed = client.post(reverse("admin:core_textpage_change", args=[page.pk]), form | {"title": "Parcels"})
    page.refresh_from_db()

    assert (added.status_code, changed.status_code) == (302, 302)
    assert (page.title, page.body_html) == ("Parcels", "<p>Parcels leave on <strong>Tuesdays</strong>.</p>\n")
    assert [event.actor_id for event in events_named("page.saved")] == [str(staff.uid)] * 2


def test_the_admin_deletes_through_the_same_service(client, staff):
    page = write()
    client.force_login(staff)

    client.post(reverse("admin:core_textpage_delete", args=[page.pk]), {"post": "yes"})

    assert not TextPage.objects.exists()
    assert len(events_named("page.deleted")) == 1


def test_a_page_costs_one_query(client, django_assert_num_queries):
    write()
    published_slugs()  # known for the footer

    with django_assert_num_queries(1):
        client.get("/pages/delivery/")
