"""One's own page, on paper and for programs."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from accounts.authentication.services import accounts as user_accounts
from accounts.authentication.services.accounts import AddressTaken
from accounts.staff import services as roles
from accounts.tests.factories import UserFactory
from accounts.users import services as people
from accounts.users.models import User
from core.content.models import Picture
from core.content.services.pictures import add_picture, render_picture
from core.context import Actor
from core.errors import Denied
from core.media import images
from core.testing import deliver_events, events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

ME, AVATAR = "/api/v1/me/", "/api/v1/me/avatar/"
OVERVIEW, PROFILE = reverse("accounts:overview"), reverse("accounts:profile")


@pytest.fixture
def user():
    return UserFactory(name="Nora Quist", email="nora@example.com")


def portrait(size=(60, 40)):
    file = BytesIO()
    Image.new("RGB", size, "#a1543b").save(file, "JPEG")
    return SimpleUploadedFile("me.jpg", file.getvalue(), "image/jpeg")


def test_the_overview_greets_by_name(client, user):
    client.force_login(user)

    page = client.get(OVERVIEW).content.decode()

    assert "Hello, <bdi>Nora Quist</bdi>" in page
    assert "nora@example.com" in page
    assert "noindex" in page


def test_the_overview_costs_as_much_with_many_people_as_with_one(client, user, django_assert_max_num_queries):
    client.force_login(user)
    client.get(OVERVIEW)
    costs = []
    for more in (0, 23, 76):
        UserFactory.create_batch(more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(OVERVIEW)
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 12


@pytest.mark.parametrize("url", [OVERVIEW, PROFILE])
def test_strangers_are_sent_to_the_door(client, url):
    assert client.get(url)["Location"] == f"{reverse('account_login')}?next={url}"


def test_page_and_api_change_the_same_row_and_tell_the_same(client, api, user):
    told = []
    for change in (
        lambda: client.post(PROFILE, {"name": "Nora Q.", "bio": "I glaze."}),
        lambda: api.patch(ME, {"name": "Nora Q.", "bio": "I glaze."}),
    ):
        User.objects.filter(pk=user.pk).update(name="Nora Quist", bio="")
        client.force_login(user)
        api.force_login(user)
        answer = change()
        assert answer.status_code in (200, 302)
        event = events_named("user.changed_profile")[-1]
        told.append((event.subject_id, event.actor_id, event.data, list(User.objects.values("name", "bio"))))

    assert told[0] == told[1]
    assert told[0][2] == {"changed": ["bio", "name"]}
    assert told[0][3] == [{"name": "Nora Q.", "bio": "I glaze."}]


def test_saving_what_was_there_tells_nothing(client, user):
    client.force_login(user)

    client.post(PROFILE, {"name": user.name, "bio": user.bio})

    assert no_event("user.changed_profile")


def test_a_picture_is_shown_and_taken_away(client, user):
    client.force_login(user)

    client.post(PROFILE, {"name": user.name, "bio": "", "picture": portrait()})
    user.refresh_from_db()
    assert (user.avatar.width, user.avatar.height, user.avatar.decorative) == (60, 40, True)
    assert user.avatar.image.url in client.get(OVERVIEW).content.decode()

    client.post(PROFILE, {"name": user.name, "bio": "", "remove_picture": "on"})
    user.refresh_from_db()
    assert user.avatar is None


def files_of(settings):
    return sorted(path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_a_former_picture_goes_with_all_its_files(client, user, settings, django_capture_on_commit_callbacks):
    client.force_login(user)
    client.post(PROFILE, {"name": "Nora", "bio": "", "picture": portrait((700, 500))})
    deliver_events()
    user.refresh_from_db()
    assert len(files_of(settings)) == 5  # the picture, and two widths in two formats

    with django_capture_on_commit_callbacks(execute=True):
        client.post(PROFILE, {"name": "Nora", "bio": "", "picture": portrait()})
    user.refresh_from_db()
    assert files_of(settings) == [f"{user.avatar.uid.hex}.webp"]

    with django_capture_on_commit_callbacks(execute=True):
        client.post(PROFILE, {"name": "Nora", "bio": "", "remove_picture": "on"})
    assert files_of(settings) == []
    assert not Picture.objects.exists()


def test_a_picture_that_something_else_shows_stays(client, user):
    picture = add_picture(upload=portrait(), by=Actor.person(user), decorative=True)
    people.change_profile(user_id=user.pk, by=Actor.person(user), avatar=picture)
    other = UserFactory(avatar=picture)

    people.change_profile(user_id=user.pk, by=Actor.person(user), avatar=None)

    other.refresh_from_db()
    assert other.avatar == picture


def test_renditions_of_a_picture_that_is_gone_leave_no_files(user, settings, monkeypatch):
    picture = add_picture(upload=portrait((700, 500)), by=Actor.person(user), decorative=True)
    really = images.render

    def removed_meanwhile(source, stem):
        yield from really(source, stem)
        Picture.objects.all().delete()

    monkeypatch.setattr(images, "render", removed_meanwhile)
    render_picture(str(picture.uid))

    assert files_of(settings) == [f"{picture.uid.hex}.webp"]


def test_page_and_api_change_the_same_picture_and_tell_the_same(client, api, user):
    client.force_login(user)
    api.force_login(user)
    client.post(PROFILE, {"name": user.name, "bio": "", "picture": portrait()})
    answer = api.put(AVATAR, {"picture": portrait()}, format="multipart")

    user.refresh_from_db()
    assert answer.status_code == 200
    assert answer.json()["avatar"] == user.avatar.image.url
    first, second = events_named("user.changed_profile")
    assert first.data == second.data == {"changed": ["avatar"]}
    assert api.delete(AVATAR).json()["avatar"] is None
    user.refresh_from_db()
    assert user.avatar is None


def test_where_a_picture_was_taken_is_not_kept(api, user):
    file, taken = BytesIO(), Image.Exif()
    taken[0x0132] = "2026:01:02 03:04:05"
    taken.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (60, 40)).save(file, "JPEG", exif=taken)
    api.force_login(user)

    api.put(AVATAR, {"picture": SimpleUploadedFile("me.jpg", file.getvalue(), "image/jpeg")}, format="multipart")

    user.refresh_from_db()
    with user.avatar.file.open("rb") as file, Image.open(file) as kept:
        assert dict(kept.getexif()) == {}


@pytest.mark.parametrize("sent", [{}, {"picture": "text"}, {"picture": SimpleUploadedFile("me.svg", b"<svg/>")}])
def test_what_is_no_picture_is_refused_to_programs_too(api, user, sent):
    api.force_login(user)

    assert api.put(AVATAR, sent, format="multipart").status_code in (400, 422)

    assert not Picture.objects.exists()
    assert no_event("user.changed_profile")


def test_what_is_no_picture_is_refused_and_keeps_what_was_typed(client, user):
    client.force_login(user)
    wrong = SimpleUploadedFile("me.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")

    answer = client.post(PROFILE, {"name": "Nora Q.", "bio": "I glaze.", "picture": wrong})

    assert answer.status_code == 422
    assert "not a picture" in answer.context["form"].errors["picture"][0]
    assert 'value="Nora Q."' in answer.content.decode()
    user.refresh_from_db()
    assert (user.name, user.avatar) == ("Nora Quist", None)


def test_the_api_tells_a_person_who_they_are(api, user, django_assert_max_num_queries):
    roles.assign_role(user_id=user.pk, role="author", by=Actor.system("test"))
    api.force_login(User.objects.get(pk=user.pk))

    with django_assert_max_num_queries(5):
        answer = api.get(ME)

    assert answer.json() == {
        "uid": str(user.uid),
        "email": "nora@example.com",
        "name": "Nora Quist",
        "display_name": "Nora Quist",
        "bio": "",
        "avatar": None,
        "is_staff": True,
        "roles": ["author"],
        "joined_at": user.created_at.isoformat().replace("+00:00", "Z"),
    }


@pytest.mark.parametrize("method", ["get", "patch"])
def test_the_api_answers_nobody_who_is_nobody(api, user, method):
    before = snapshot("accounts.User")

    answer = getattr(api, method)(ME, {"name": "Mallory"} if method == "patch" else None)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer["Content-Type"] == "application/problem+json"
    assert snapshot("accounts.User") == before


def test_the_session_alone_changes_nothing_without_its_csrf_token(user):
    from rest_framework.test import APIClient

    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(user)

    answer = browser.patch(ME, {"name": "Mallory"})

    assert answer.status_code == 403
    user.refresh_from_db()
    assert user.name == "Nora Quist"


@pytest.mark.parametrize("typed", [{"name": "x" * 121}, {"bio": None}, {"name": ["a"]}])
def test_what_is_no_profile_is_refused(api, user, typed):
    api.force_login(user)

    answer = api.patch(ME, typed)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(typed))}"
    assert no_event("user.changed_profile")


def test_the_api_changes_nothing_but_the_profile(api, user):
    api.force_login(user)

    more = {"email": "evil@example.com", "is_staff": True, "uid": "x", "roles": ["owner"]}
    refused = api.patch(ME, {"name": "Nora Q.", **more})

    user.refresh_from_db()
    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{name}" for name in more]
    assert (user.name, user.email, user.is_staff, user.groups.count()) == ("Nora Quist", "nora@example.com", False, 0)


def test_a_strangers_profile_is_changed_by_those_who_may(user, staff, customer):
    with pytest.raises(Denied):
        people.change_profile(user_id=user.pk, by=Actor.person(customer), name="Mallory")
    user.refresh_from_db()
    assert user.name == "Nora Quist"
    assert no_event("user.changed_profile")

    people.change_profile(user_id=user.pk, by=Actor.person(staff), name="N. Quist")
    user.refresh_from_db()
    assert user.name == "N. Quist"


def test_staff_add_a_person_whose_address_they_vouch_for(staff, manager, mailoutbox):
    with pytest.raises(Denied):
        user_accounts.add_user(email="new@example.com", by=Actor.person(manager))
    assert no_event("user.added")

    added = user_accounts.add_user(email=" New@Example.com", name="New", by=Actor.person(staff))

    assert (added.email, added.has_usable_password()) == ("new@example.com", False)
    assert added.emailaddress_set.get().verified
    with pytest.raises(AddressTaken):
        user_accounts.add_user(email="new@example.com", by=Actor.person(staff))
    assert User.objects.filter(email="new@example.com").count() == 1
