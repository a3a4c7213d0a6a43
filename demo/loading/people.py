"""Load users: staff, customers, and one guest commenter."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts.authentication.services import accounts as user_accounts
from accounts.permissions.models import Role
from accounts.staff import services as roles
from accounts.users import services as people
from accounts.users.models import User
from demo import DEMO_PASSWORD
from demo.loading.studio import DEMO_ACTOR, Step, Studio, read_content

ROLES = {"owner": "owner", "author": "author", "agent": "support-agent"}


def steps(studio: Studio) -> Iterator[Step]:
    """Yield a step for each account. Guest customers have none. Staff sign in with a password only."""
    all_let_in = not Role.objects.filter(requires_mfa=True).exists()
    yield Step(studio.ago(0.01), "roles", _make_mfa_optional, done=all_let_in)
    known = set(User.objects.values_list("email", flat=True))
    for person in read_content("people.json"):
        email = person["email"]
        if person["account"]:
            joined = studio.ago(person["joined_days_ago"])
            yield Step(joined, f"person:{email}", partial(_create_user, person), done=email in known)
    for comment in read_content("comments.json"):
        email = comment["email"]
        if comment["guest_name"]:
            joined = studio.ago(comment["days_ago"] + 0.1)
            yield Step(
                joined, f"person:{email}", partial(_grant_api_access, email, comment["guest_name"]), done=email in known
            )


@transaction.atomic
def _create_user(person: dict[str, Any], now: datetime) -> None:
    user = user_accounts.add_user(
        email=person["email"], name=person["name"], password=DEMO_PASSWORD, by=DEMO_ACTOR, now=now
    )
    if person["bio"]:
        people.change_profile(user_id=user.pk, by=DEMO_ACTOR, now=now, bio=person["bio"])
    if person["role"] == "owner":
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    if person["role"] in ROLES:
        roles.assign_role(user_id=user.pk, role=ROLES[person["role"]], by=DEMO_ACTOR, now=now)


@transaction.atomic
def _make_mfa_optional(now: datetime) -> None:
    for slug in sorted(roles.BUILT_IN_SLUGS):
        roles.set_mfa_requirement(slug=slug, is_required=False, by=DEMO_ACTOR, now=now)


def _grant_api_access(email: str, name: str, now: datetime) -> None:
    user_accounts.add_user(email=email, name=name, by=DEMO_ACTOR, now=now)
