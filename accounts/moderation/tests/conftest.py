"""A kind of thing of these tests' own, so that the queue is tried without any other part of the house."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.moderation import registry as moderation
from accounts.moderation.registry import ContentSource, ReportedContent, ReportTarget
from accounts.permissions.models import Role
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.context import Actor, Grant


class Wall:
    """Notes on a wall: `states` by id. Only who is signed in sees "secret"."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.authors: dict[str, User] = {}
        self.looked = 0

    def put(self, note: str, author: User, state: str = "shown") -> str:
        self.states[note], self.authors[note] = state, author
        return note

    def show(self, ids):
        self.looked += 1
        return {
            one: ReportedContent(f"Note {one}", "Buy clay!", f"/wall/{one}/", "Ben", self.states[one])
            for one in ids
            if one in self.states
        }

    def find(self, one: str, viewer: Grant) -> ReportTarget | None:
        if one not in self.states or (one == "secret" and viewer.user is None):
            return None
        return ReportTarget(f"Note {one}", f"/wall/{one}/", self.authors[one])

    def decide(self, one: str, stands: bool, by: Actor, now: datetime) -> str:
        before = self.states.get(one, "")
        if before:
            self.states[one] = "shown" if stands else "gone"
        return before

    def restore(self, one: str, state: str, by: Actor, now: datetime) -> None:
        self.states[one] = state


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wall]:
    """The one kind of thing there is."""
    made = Wall()
    note = ContentSource(
        kind="note", words="Notes", permission="core.view_textpage", show=made.show, find=made.find,
        decide=made.decide, restore=made.restore, hidden="waits",
    )  # fmt: skip
    monkeypatch.setattr(moderation, "_sources", {"note": note})
    return made


@pytest.fixture
def with_rights() -> Callable[..., User]:
    """`with_rights("accounts.moderate", …)` is staff who may exactly that."""

    def make(*rights: str, **fields: object) -> User:
        user = UserFactory(is_staff=True, **fields)
        group = Group.objects.create(name=f"Role of {user.email}")
        Role.objects.create(group=group, slug=f"role-{user.pk}", requires_mfa=False)
        for right in rights:
            app, codename = right.split(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        user.groups.add(group)
        return User.objects.get(pk=user.pk)

    return make


@pytest.fixture
def moderator(with_rights) -> User:
    return with_rights("accounts.moderate", "core.view_textpage", name="Mona Moderator")
