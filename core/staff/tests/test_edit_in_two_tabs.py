"""Two tabs of the admin on one object: the older one overwrites nothing, and says what changed meanwhile."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import models
from django.test import Client
from django.urls import reverse

from core import constraints
from core.content.models import HomeBlock, TextPage
from core.context import Grant
from core.staff.edit_admin import EditAdmin, ExplainedForm
from core.staff.read_only_admin import ReadOnlyAdmin
from core.testing import open_tab
from shop.tests.factories import MarketFactory

# Posts have a version of their own and show both texts.
OWN_MECHANISM = {"blog.Post"}


@pytest.fixture
def desk(client: Client, staff: Any) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def page(db: None) -> TextPage:
    return TextPage.objects.create(slug="about", title="About", description="Us", body_source="Clay", body_html="")


def change_url(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def errors_of(answer: Any) -> dict[str, list[str]]:
    return {name: [str(one) for one in found] for name, found in answer.context["adminform"].form.errors.items()}


def test_an_old_tab_does_not_revert_what_was_saved_meanwhile(desk: Client, page: TextPage):
    old_tab, other_tab = open_tab(desk, change_url(page)), open_tab(desk, change_url(page))
    desk.post(change_url(page), other_tab | {"title": "About the studio"})

    answer = desk.post(change_url(page), old_tab | {"description": "Who we are"})

    page.refresh_from_db()
    assert (page.title, page.description) == ("About the studio", "Us")
    assert errors_of(answer) == {
        "title": ["Changed meanwhile by somebody else. The field now shows the saved value: About the studio"]
    }
    form = answer.context["adminform"].form
    assert (form["title"].value(), form["description"].value()) == ("About the studio", "Who we are")


def test_both_values_are_shown_where_both_tabs_changed_a_field(desk: Client, page: TextPage):
    old_tab, other_tab = open_tab(desk, change_url(page)), open_tab(desk, change_url(page))
    desk.post(change_url(page), other_tab | {"body_source": "Clay and fire"})

    answer = desk.post(change_url(page), old_tab | {"body_source": "Clay and water"})

    page.refresh_from_db()
    text = answer.content.decode()
    assert page.body_source == "Clay and fire"
    assert errors_of(answer)["body_source"] == [
        "Changed meanwhile by somebody else to: Clay and fire. Save again to replace it with your value."
    ]
    assert "Clay and water</textarea>" in text


def test_saving_again_after_the_warning_is_done(desk: Client, page: TextPage):
    old_tab, other_tab = open_tab(desk, change_url(page)), open_tab(desk, change_url(page))
    desk.post(change_url(page), other_tab | {"title": "B"})
    warned = desk.post(change_url(page), old_tab | {"title": "C"})
    loaded = unescape(re.search(r'name="_loaded" value="([^"]*)"', warned.content.decode())[1])

    answer = desk.post(change_url(page), old_tab | {"title": "C", "_loaded": loaded})

    page.refresh_from_db()
    assert (answer.status_code, page.title) == (302, "C")


def test_the_same_change_in_both_tabs_is_no_conflict(desk: Client, page: TextPage):
    old_tab, other_tab = open_tab(desk, change_url(page)), open_tab(desk, change_url(page))
    desk.post(change_url(page), other_tab | {"title": "B"})

    answer = desk.post(change_url(page), old_tab | {"title": "B", "description": "New"})

    page.refresh_from_db()
    assert (answer.status_code, page.title, page.description) == (302, "B", "New")


def test_an_old_list_does_not_revert_a_position(desk: Client):
    block = HomeBlock.objects.create(kind="facts", title="Facts", text="One", position=1)
    url = reverse("admin:core_homeblock_changelist")
    loaded = unescape(re.search(r'name="_loaded" value="([^"]*)"', desk.get(url).content.decode())[1])
    HomeBlock.objects.update(position=5)
    typed = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": block.pk, "form-0-position": "1"}

    answer = desk.post(url, {**typed, "_save": "Save", "_loaded": loaded})

    block.refresh_from_db()
    assert (answer.status_code, block.position) == (200, 5)


def test_a_save_that_changes_nothing_says_so(desk: Client, page: TextPage):
    answer = desk.post(change_url(page), open_tab(desk, change_url(page)), follow=True)

    assert [str(message) for message in answer.context["messages"]] == ["Nothing was changed."]


def test_a_broken_note_of_what_was_loaded_is_no_server_error(desk: Client, page: TextPage):
    tab = open_tab(desk, change_url(page))

    for broken in ("{", "[]", '{"core.textpage:1": 3}', "null"):
        assert desk.post(change_url(page), tab | {"_loaded": broken}).status_code == 302


def test_every_admin_that_edits_rows_has_the_check():
    editing = {
        model._meta.label
        for model, one in admin.site._registry.items()
        if not isinstance(one, EditAdmin | ReadOnlyAdmin)
        and type(one).has_change_permission is ModelAdmin.has_change_permission
    }

    assert editing - OWN_MECHANISM == set()


@pytest.fixture
def editing(rf: Any, staff: Any) -> list[tuple[Any, Any]]:
    """The admins in which a member of staff with every permission adds or changes rows, with the form of each."""
    MarketFactory()
    staff.is_superuser = True
    request = rf.get("/admin/")
    request.user, request.grant, request.session = staff, Grant.session(staff), {}
    found = [one for one in admin.site._registry.values() if not isinstance(one, ReadOnlyAdmin)]
    changing = [one for one in found if one.has_change_permission(request) or one.has_add_permission(request)]
    return [(one, one.get_form(request)) for one in changing if one.model._meta.app_label != "auth"]


def test_every_constraint_of_what_staff_edit_has_words_for_people(editing: Any):
    models = [one.model for one, _form in editing] + [inline.model for one, _form in editing for inline in one.inlines]
    names = {rule.name for model in models for rule in model._meta.constraints}

    assert {"shipping_method_once", "tax_rate_fraction", "room_one_public_about", "post_entitlement"} <= names
    assert sorted(name for name in names if not constraints.is_explained(name)) == []


def test_every_form_of_staff_says_constraints_in_words(editing: Any):
    assert [one.model._meta.label for one, form in editing if not issubclass(form, ExplainedForm)] == []
