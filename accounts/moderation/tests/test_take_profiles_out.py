"""What staff take out of a profile is kept for a while: taking the decision back puts it there again."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.moderation.models import Case, KeptProfile
from accounts.moderation.services import cases, profiles, reports
from accounts.moderation.services.cases import UndoWindowPassed
from accounts.tests.factories import UserFactory
from accounts.users import services as people
from accounts.users.models import User
from blog.tests.factories import picture
from core.content.models import Picture
from core.context import Actor, Grant
from core.errors import Denied
from core.testing import JustSignedIn, events_named, snapshot

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def person():
    user = UserFactory(name="Ben", bio="Watches, cheap!")
    people.change_profile(user_id=user.pk, by=Actor.person(user), avatar=picture())
    return User.objects.get(pk=user.pk)


@pytest.fixture
def by(with_rights):
    return Actor.person(with_rights("accounts.moderate", "accounts.change_user"))


@pytest.fixture
def case(person):
    reports.report_visible(kind="user", subject_id=person.public_id, reason="spam", viewer=Grant.session(UserFactory()))
    return Case.objects.get()


def take_out(case, by):
    return cases.decide(case_uid=case.uid, version=case.version, act="refuse", by=by)


def profile_of(person):
    return User.objects.values_list("name", "bio", "avatar").get(pk=person.pk)


def test_words_and_picture_go_and_the_name_stays(person, case, by):
    shown = person.avatar_id

    take_out(case, by)

    assert profile_of(person) == ("Ben", "", None)
    kept = KeptProfile.objects.get()
    assert (kept.user, kept.bio, kept.avatar_id) == (person, "Watches, cheap!", shown)
    assert events_named("user.changed_profile")[-1].actor_id == by.id


def test_taken_back_it_is_as_it_was(person, case, by):
    before = profile_of(person)
    file = str(person.avatar.file)

    decided = take_out(case, by)
    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=by)

    assert profile_of(person) == before
    assert default_storage.exists(file)
    assert not KeptProfile.objects.exists()
    assert [event.data["changed"] for event in events_named("user.changed_profile")][-2:] == [["avatar", "bio"]] * 2
    assert len(events_named("case.reopened")) == 1


def test_what_they_wrote_meanwhile_stays(person, case, by):
    decided = take_out(case, by)
    people.change_profile(user_id=person.pk, by=Actor.person(person), bio="I am sorry.")

    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=by)

    assert profile_of(person) == ("Ben", "I am sorry.", person.avatar_id)


def test_where_nothing_was_there_is_nothing_to_take_back(person, case, by):
    people.change_profile(user_id=person.pk, by=Actor.person(person), bio="", avatar=None)
    decided = take_out(case, by)

    with pytest.raises(UndoWindowPassed):
        cases.undo_decision(case_uid=decided.uid, version=decided.version, by=by)

    assert not KeptProfile.objects.exists()


def test_letting_it_stand_can_be_taken_back_too(person, case, by):
    before = profile_of(person)

    decided = cases.decide(case_uid=case.uid, version=1, act="approve", by=by)
    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=by)

    assert profile_of(person) == before
    assert Case.objects.get().state == "open"


def test_who_may_not_change_people_neither_takes_out_nor_puts_back(person):
    stranger = Actor.person(UserFactory())
    KeptProfile.objects.create(user=person, bio="Kilns, cheap!")
    User.objects.filter(pk=person.pk).update(bio="")
    before = snapshot("accounts.User", "accounts.KeptProfile", "core.Event")

    for act in (profiles.remove_content, profiles.restore_content):
        with pytest.raises(Denied), transaction.atomic():
            act(user_id=person.pk, by=stranger)

    assert snapshot("accounts.User", "accounts.KeptProfile", "core.Event") == before


def test_after_a_month_it_is_forgotten_with_the_files_of_the_picture(person, by, django_capture_on_commit_callbacks):
    file = str(person.avatar.file)
    profiles.remove_content(user_id=person.pk, by=by, now=NOW)

    early = profiles.purge_expired(now=NOW + timedelta(days=29))
    with django_capture_on_commit_callbacks(execute=True):
        late = profiles.purge_expired(now=NOW + timedelta(days=31))

    assert (early, late) == (0, 1)
    assert not KeptProfile.objects.exists()
    assert not Picture.objects.exists()
    assert not default_storage.exists(file)


def test_taken_out_twice_the_last_is_kept(person, by):
    profiles.remove_content(user_id=person.pk, by=by)
    people.change_profile(user_id=person.pk, by=Actor.person(person), bio="Pills, cheap!")

    profiles.remove_content(user_id=person.pk, by=by)

    kept = KeptProfile.objects.get()
    assert (kept.bio, kept.avatar) == ("Pills, cheap!", None)
    assert not Picture.objects.exists()


def test_only_who_may_look_at_it_reads_it_in_the_staff_area(person, by, staff, with_rights):
    profiles.remove_content(user_id=person.pk, by=by)
    address = reverse("admin:accounts_keptprofile_change", args=[KeptProfile.objects.get().pk])
    allowed, other = JustSignedIn(), JustSignedIn()
    allowed.force_login(staff)
    moderator = with_rights("accounts.moderate", "accounts.change_user")
    other.force_login(moderator)

    assert "Watches, cheap!" in allowed.get(address).content.decode()
    assert other.get(address).status_code == 403
    assert allowed.post(address, {"bio": "x"}).status_code == 403
