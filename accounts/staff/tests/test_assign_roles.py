"""What each role may do, and who gives roles to whom."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from accounts.permissions.models import Role
from accounts.staff import services as roles
from accounts.staff.services import (
    BUILT_IN_ROLES,
    CannotChangeOwnRoles,
    RoleExceedsOwnPermissions,
    RoleExists,
    RoleIsBuiltIn,
    RoleNameRequired,
)
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.context import Actor
from core.errors import Denied
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


def permissions_of(slug):
    found = Permission.objects.filter(group__role__slug=slug)
    return {f"{app}.{code}" for app, code in found.values_list("content_type__app_label", "codename")}


def everything(*labels):
    found = Permission.objects.filter(content_type__app_label__in=labels)
    return {f"{app}.{code}" for app, code in found.values_list("content_type__app_label", "codename")}


def person(role):
    user = UserFactory()
    roles.assign_role(user_id=user.pk, role=role, by=Actor.system("test"))
    return User.objects.get(pk=user.pk)


def test_the_house_ships_six_roles():
    assert set(Role.objects.values_list("slug", flat=True)) == {
        "owner",
        "editor",
        "author",
        "shop-manager",
        "support-agent",
        "analyst",
    }


def test_the_owner_may_do_everything_in_the_house_and_nothing_outside():
    assert permissions_of("owner") == everything(*roles.PROJECT_APPS)


QUEUE = {"accounts.moderate", "accounts.view_case", "accounts.view_report"}
BANS = {"accounts.ban_user", "accounts.view_ban"}


@pytest.mark.parametrize(
    ("slug", "allowed"),
    [
        ("editor", {"accounts": QUEUE | BANS, "analytics": "view", "chat": set(), "shop": {"shop.view_product"}}),
        ("author", {"accounts": set(), "analytics": set(), "chat": set(), "shop": {"shop.view_product"}}),
        ("analyst", {"accounts": set(), "analytics": "view", "chat": set(), "shop": "view", "blog": "view"}),
        (
            "shop-manager",
            {
                "accounts": {"accounts.view_user", "accounts.view_entitlement", "accounts.end_entitlement"} | QUEUE,
                "analytics": "view",
                "chat": set(),
                "blog": set(),
                "shop": "all",
            },
        ),
        (
            "support-agent",
            {
                "accounts": {"accounts.view_user", "accounts.view_entitlement"} | QUEUE | BANS,
                "analytics": set(),
                "blog": set(),
                "core": set(),
                "chat": "all",
            },
        ),
    ],
)
def test_a_role_may_do_exactly_what_it_says(slug, allowed):
    held = permissions_of(slug)

    for app, said in allowed.items():
        expected = {
            "all": everything(app),
            "view": {code for code in everything(app) if code.startswith(f"{app}.view_")},
        }.get(str(said), said)
        assert {code for code in held if code.startswith(f"{app}.")} == expected, app


def test_nobody_but_the_owner_makes_people_or_gives_roles():
    powers = {"accounts.add_user", "accounts.change_user", "accounts.assign_role", "accounts.change_role"}

    for shipped in BUILT_IN_ROLES:
        assert permissions_of(shipped.slug) & powers == (powers if shipped.slug == "owner" else set()), shipped.slug


def test_syncing_takes_back_what_was_added_by_hand_and_keeps_own_roles():
    own = roles.save_role(slug="", name="Packer", description="", permissions=[], by=Actor.system("test"))
    extra = Permission.objects.get(content_type__app_label="accounts", codename="delete_user")
    for slug in ("author", own.slug):
        Role.objects.get(slug=slug).group.permissions.add(extra)

    roles.sync_roles()

    assert "accounts.delete_user" not in permissions_of("author")
    assert permissions_of("packer") == {"accounts.delete_user"}


def test_syncing_tolerates_permissions_that_do_not_exist_yet():
    Permission.objects.filter(content_type__app_label="shop").delete()

    roles.sync_roles()
    assert not any(code.startswith("shop.") for code in permissions_of("analyst"))

    roles.sync_after_migrate(sender=apps.get_app_config("accounts"), using="default")
    assert "shop.view_order" in permissions_of("analyst")


def test_a_role_opens_the_admin_and_the_last_one_taken_closes_it(staff):
    user = UserFactory()
    by = Actor.person(staff)

    assert roles.assign_role(user_id=user.pk, role="author", by=by)
    assert roles.assign_role(user_id=user.pk, role="analyst", by=by)
    assert not roles.assign_role(user_id=user.pk, role="analyst", by=by)
    assert User.objects.get(pk=user.pk).is_staff

    assert roles.remove_role(user_id=user.pk, role="author", by=by)
    assert User.objects.get(pk=user.pk).is_staff
    assert roles.remove_role(user_id=user.pk, role="analyst", by=by)
    assert not User.objects.get(pk=user.pk).is_staff
    assert not roles.remove_role(user_id=user.pk, role="analyst", by=by)

    told = [
        (event.name, event.subject_id, event.data)
        for name in ("role.assigned", "role.removed")
        for event in events_named(name)
    ]
    assert told == [
        ("role.assigned", str(user.uid), {"role": "author"}),
        ("role.assigned", str(user.uid), {"role": "analyst"}),
        ("role.removed", str(user.uid), {"role": "author"}),
        ("role.removed", str(user.uid), {"role": "analyst"}),
    ]


@pytest.mark.parametrize("move", [roles.assign_role, roles.remove_role])
@pytest.mark.parametrize("giver", ["shop-manager", "editor", "support-agent", None])
def test_roles_are_moved_by_those_who_may(move, giver):
    by = person(giver) if giver else UserFactory()
    user = person("author")
    before = snapshot("accounts.User"), permissions_of("author"), set(user.groups.values_list("name", flat=True))
    assigned = len(events_named("role.assigned"))

    with pytest.raises(Denied):
        move(user_id=user.pk, role="author", by=Actor.person(by))

    assert (
        snapshot("accounts.User"),
        permissions_of("author"),
        set(user.groups.values_list("name", flat=True)),
    ) == before
    assert len(events_named("role.assigned")) == assigned
    assert no_event("role.removed")


def test_nobody_gives_a_role_that_may_do_more_than_they_may():
    assign = Permission.objects.get(content_type__app_label="accounts", codename="assign_role")
    roles.save_role(slug="", name="Personnel", description="", permissions=[assign], by=Actor.system("test"))
    giver, user = person("personnel"), UserFactory()

    with pytest.raises(RoleExceedsOwnPermissions):
        roles.assign_role(user_id=user.pk, role="owner", by=Actor.person(giver))
    assert not user.groups.exists()

    assert roles.assign_role(user_id=user.pk, role="personnel", by=Actor.person(giver))


def test_nobody_changes_their_own_roles():
    owner = person("owner")

    for move in (roles.assign_role, roles.remove_role):
        with pytest.raises(CannotChangeOwnRoles):
            move(user_id=owner.pk, role="owner", by=Actor.person(owner))

    assert list(owner.groups.values_list("role__slug", flat=True)) == ["owner"]


def test_an_owner_makes_a_role_and_changes_it():
    owner = Actor.person(person("owner"))
    view = Permission.objects.get(content_type__app_label="shop", codename="view_order")
    send = Permission.objects.get(content_type__app_label="shop", codename="fulfil_order")

    made = roles.save_role(slug="", name="Packing room", description="Sends.", permissions=[view], by=owner)
    roles.save_role(slug=made.slug, name="Packers", description="Sends.", permissions=[view, send], by=owner)

    assert made.slug == "packing-room"
    assert permissions_of("packing-room") == {"shop.view_order", "shop.fulfil_order"}
    assert Role.objects.get(slug="packing-room").group.name == "Packers"
    assert [event.data["permissions"] for event in events_named("role.saved")] == [1, 2]


@pytest.mark.parametrize(
    ("slug", "name", "refusal"),
    [
        ("author", "Author", RoleIsBuiltIn),
        ("", "Author", RoleExists),
        ("", "author!", RoleExists),
        ("", "!!!", RoleNameRequired),
    ],
)
def test_shipped_roles_stay_as_they_are(slug, name, refusal):
    before = permissions_of("author")

    with pytest.raises(refusal):
        roles.save_role(slug=slug, name=name, description="", permissions=[], by=Actor.person(person("owner")))

    assert permissions_of("author") == before
    assert no_event("role.saved")


def test_a_role_is_not_made_by_those_who_may_not():
    with pytest.raises(Denied):
        roles.save_role(slug="", name="Mine", description="", permissions=[], by=Actor.person(person("editor")))

    assert not Role.objects.filter(slug="mine").exists()
    assert no_event("role.saved")


def test_a_role_asks_for_a_second_factor_until_an_owner_says_otherwise():
    owner = Actor.person(person("owner"))
    assert Role.objects.get(slug="author").requires_mfa

    assert roles.set_mfa_requirement(slug="author", is_required=False, by=owner)
    assert not roles.set_mfa_requirement(slug="author", is_required=False, by=owner)

    assert not Role.objects.get(slug="author").requires_mfa
    assert [event.data for event in events_named("role.changed_factor_rule")] == [{"requires_factor": False}]


def test_who_may_not_change_roles_does_not_change_what_they_ask_for():
    with pytest.raises(Denied):
        roles.set_mfa_requirement(slug="author", is_required=False, by=Actor.person(person("shop-manager")))

    assert Role.objects.get(slug="author").requires_mfa
    assert no_event("role.changed_factor_rule")
