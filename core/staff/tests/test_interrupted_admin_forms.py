"""A form of the staff area that was sent after the session had ended comes back filled after signing in again."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import interrupted_forms
from core.content.models import TextPage
from core.testing import open_tab

pytestmark = pytest.mark.django_db

NOTICE = "Nothing has been saved yet"


@pytest.fixture
def page() -> TextPage:
    return TextPage.objects.create(slug="about", title="About", description="Us", body_source="Clay", body_html="")


@pytest.fixture
def url(page: TextPage) -> str:
    return reverse("admin:core_textpage_change", args=[page.pk])


@pytest.fixture
def interrupted(client: Client, staff: Any, url: str) -> dict[str, Any]:
    """Staff opened the page, the session ended, and then the form was sent."""
    client.force_login(staff)
    owner = interrupted_forms.owner_token(str(staff.uid))
    typed = {
        **open_tab(client, url),
        interrupted_forms.FIELD: owner,
        "title": "About the studio",
        "password": "hunter2",
    }
    assert owner.split(":")[0] in client.get(url).content.decode()
    client.logout()
    answer = client.post(url, typed)
    assert answer.status_code == 302
    return typed


def test_the_same_person_finds_the_form_filled_and_can_save_it(
    client: Client, staff: Any, url: str, page: TextPage, interrupted: dict[str, Any]
):
    client.force_login(staff)

    shown = client.get(url)

    form = shown.context["adminform"].form
    page.refresh_from_db()
    assert (form["title"].value(), form["description"].value()) == ("About the studio", "Us")
    assert NOTICE in shown.content.decode()
    assert "hunter2" not in shown.content.decode()
    assert page.title == "About"
    client.post(url, interrupted)
    page.refresh_from_db()
    assert page.title == "About the studio"
    assert NOTICE not in client.get(url).content.decode()


def test_what_was_saved_meanwhile_is_not_overwritten(
    client: Client, staff: Any, url: str, page: TextPage, interrupted: dict[str, Any]
):
    TextPage.objects.update(title="Changed by another")
    client.force_login(staff)
    shown = client.get(url)

    answer = client.post(url, {**interrupted, "_loaded": shown.context["loaded"]})

    page.refresh_from_db()
    assert (answer.status_code, page.title) == (200, "Changed by another")
    assert "Changed meanwhile by somebody else to" in answer.content.decode()


def test_another_person_sees_nothing_of_it(client: Client, url: str, interrupted: dict[str, Any]):
    other = get_user_model().objects.create_user(email="other@example.com", is_staff=True, is_superuser=True)
    client.force_login(other)

    shown = client.get(url).content.decode()

    assert "About the studio" not in shown
    assert NOTICE not in shown


def test_it_is_gone_after_an_hour(
    client: Client, staff: Any, url: str, interrupted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    client.force_login(staff)
    later = (timezone.now() + timedelta(hours=1)).timestamp()
    monkeypatch.setattr(interrupted_forms.time, "time", lambda: later)

    kept = interrupted_forms.kept_values(client.get(url).wsgi_request, str(staff.uid))

    assert kept == {}


def test_secrets_are_not_kept(client: Client, staff: Any, url: str, interrupted: dict[str, Any]):
    client.force_login(staff)

    kept = interrupted_forms.kept_values(client.get(url).wsgi_request, str(staff.uid))

    assert kept["title"] == ["About the studio"]
    assert not {"password", "csrfmiddlewaretoken", interrupted_forms.FIELD} & kept.keys()
