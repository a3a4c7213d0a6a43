"""What staff do to people, roles and entitlements in the admin: through services, and never beyond their own power."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.permissions.models import Entitlement, Role
from accounts.staff import services as roles
from accounts.tests.factories import PASSWORD, EntitlementFactory, UserFactory
from accounts.users.models import User
from core.context import Actor, Grant
from core.testing import JustSignedIn, events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

PEOPLE, ADD = reverse("admin:accounts_user_changelist"), reverse("admin:accounts_user_add")


def with_role(role):
    user = UserFactory()
    roles.assign_role(user_id=user.pk, role=role, by=Actor.system("test"))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def client():
    """A browser of staff who said just now who they are."""
    return JustSignedIn()


@pytest.fixture
def owner():
    return with_role("owner")


def page_of(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def typed(user, **changes):
    """The form as a browser sends it, without the boxes that are not ticked."""
    given = {"name": user.name, "bio": user.bio, "is_active": "on" if user.is_active else "", **changes}
    return {key: value for key, value in given.items() if value != ""}


def role_ids(*slugs):
    return [str(pk) for pk in Role.objects.filter(slug__in=slugs).values_list("pk", flat=True)]


def test_an_owner_adds_a_person_with_a_role(client, owner):
    client.force_login(owner)

    answer = client.post(ADD, {"email": "New@Example.com", "name": "New", "roles": role_ids("author")})

    assert answer.status_code == 302
    added = User.objects.get(email="new@example.com")
    assert (added.name, added.is_staff, added.has_usable_password()) == ("New", True, False)
    assert list(added.groups.values_list("role__slug", flat=True)) == ["author"]
    assert events_named("user.added")[0].actor_id == str(owner.uid)
    assert events_named("role.assigned")[-1].data == {"role": "author"}


def test_a_known_address_is_refused_on_the_form(client, owner):
    client.force_login(owner)

    answer = client.post(ADD, {"email": owner.email.upper(), "name": "New"})

    assert answer.status_code == 200
    assert "email" in answer.context["adminform"].errors
    assert no_event("user.added")


def test_an_owner_changes_name_roles_and_closes_the_account(client, owner):
    user = with_role("author")
    client.force_login(owner)

    client.post(page_of(user), typed(user, name="Other", is_active="", roles=role_ids("editor", "analyst")))

    user.refresh_from_db()
    assert (user.name, user.is_active, user.is_staff) == ("Other", False, True)
    assert set(user.groups.values_list("role__slug", flat=True)) == {"editor", "analyst"}
    assert events_named("user.changed_profile")[0].data == {"changed": ["name"]}
    assert len(events_named("user.closed")) == 1
    assert [event.data for event in events_named("role.removed")] == [{"role": "author"}]


def test_a_closed_account_is_out_at_once_and_signs_in_anew_once_it_is_opened(client, owner, client_of):
    user = UserFactory()
    theirs = client_of()
    theirs.force_login(user)
    client.force_login(owner)

    client.post(page_of(user), typed(user, is_active=""))
    assert theirs.get(reverse("accounts:overview")).status_code == 302

    client.post(page_of(user), typed(user, is_active="on"))
    assert len(events_named("user.opened")) == 1
    assert theirs.get(reverse("accounts:overview")).status_code == 302
    theirs.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert theirs.get(reverse("accounts:overview")).status_code == 200


def test_what_is_typed_into_the_address_password_and_flags_changes_nothing(client, owner):
    user = UserFactory()
    before = User.objects.values("email", "password", "is_superuser", "is_staff").get(pk=user.pk)
    client.force_login(owner)

    client.post(
        page_of(user),
        typed(user, email="evil@example.com", password="pbkdf2$x", is_superuser="on", is_staff="on"),
    )

    assert User.objects.values("email", "password", "is_superuser", "is_staff").get(pk=user.pk) == before


def test_the_password_shows_how_it_is_kept_and_not_what_it_is(client, owner):
    user = UserFactory()
    client.force_login(owner)

    page = client.get(page_of(user)).content.decode()

    assert "stored as md5" in page
    assert user.password not in page
    assert user.password.split("$")[-1] not in page


@pytest.mark.parametrize("role", ["shop-manager", "support-agent", "editor", "author", "analyst"])
def test_other_roles_change_nobody(client, role, mailoutbox):
    user = UserFactory()
    client.force_login(with_role(role))
    before = snapshot("accounts.User")

    assert client.post(page_of(user), typed(user, name="Mallory", roles=role_ids("owner"))).status_code == 403
    assert client.post(ADD, {"email": "new@example.com"}).status_code == 403
    client.post(PEOPLE, {"action": "send_reset_link", "_selected_action": [user.pk]})

    assert mailoutbox == []
    after = snapshot("accounts.User")
    assert [row for row in after["accounts.User"] if row["id"] == user.pk] == [
        row for row in before["accounts.User"] if row["id"] == user.pk
    ]
    assert len(after["accounts.User"]) == len(before["accounts.User"])
    assert no_event("user.added")
    assert no_event("user.changed_profile")


def test_a_superuser_is_out_of_an_owners_reach(client, owner, staff):
    client.force_login(owner)

    answer = client.post(page_of(staff), typed(staff, name="Mallory", is_active=""))

    assert answer.status_code == 403
    staff.refresh_from_db()
    assert (staff.name, staff.is_active) == ("Stella Staff", True)


def test_nobody_is_shown_roles_for_themselves(client, owner):
    client.force_login(owner)

    assert 'name="roles"' not in client.get(page_of(owner)).content.decode()
    assert 'name="roles"' in client.get(page_of(UserFactory())).content.decode()
    client.post(page_of(owner), typed(owner, roles=[]))

    assert list(owner.groups.values_list("role__slug", flat=True)) == ["owner"]


def test_a_link_for_a_new_password_is_sent_to_open_accounts(client, owner, mailoutbox):
    chosen = [UserFactory(), UserFactory(is_active=False)]
    client.force_login(owner)

    client.post(PEOPLE, {"action": "send_reset_link", "_selected_action": [user.pk for user in chosen]})

    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([chosen[0].email], "Reset your password")]


def test_an_owner_makes_a_role_gives_it_and_deletes_it(client, owner):
    client.force_login(owner)
    view = Permission.objects.get(content_type__app_label="shop", codename="view_order")

    client.post(reverse("admin:accounts_role_add"), {"name": "Packers", "description": "", "permissions": [view.pk]})
    role = Role.objects.get(slug="packers")
    assert list(role.group.permissions.all()) == [view]

    user = UserFactory()
    client.post(page_of(user), typed(user, roles=[role.pk]))
    assert User.objects.get(pk=user.pk).has_perm("shop.view_order")

    client.post(reverse("admin:accounts_role_delete", args=[role.pk]), {"post": "yes"})
    assert not Group.objects.filter(name="Packers").exists()
    assert not User.objects.get(pk=user.pk).is_staff
    assert events_named("role.deleted")[0].subject_id == "packers"


def test_a_shipped_role_is_for_looking(client, owner):
    client.force_login(owner)
    author = Role.objects.select_related("group").get(slug="author")
    held = set(author.group.permissions.all())

    page = client.get(reverse("admin:accounts_role_change", args=[author.pk]))
    posted = client.post(reverse("admin:accounts_role_change", args=[author.pk]), {"name": "X", "description": ""})
    deleted = client.post(reverse("admin:accounts_role_delete", args=[author.pk]), {"post": "yes"})

    assert page.status_code == 200
    assert (posted.status_code, deleted.status_code) == (403, 403)
    author.refresh_from_db()
    assert (author.group.name, set(author.group.permissions.all())) == ("Author", held)


def test_a_role_of_ones_own_is_changed_on_its_page(client, owner):
    send, view = (
        Permission.objects.get(content_type__app_label="shop", codename=c) for c in ("fulfil_order", "view_order")
    )
    role = roles.save_role(slug="", name="Packers", description="", permissions=[view], by=Actor.person(owner))
    url = reverse("admin:accounts_role_change", args=[role.pk])
    client.force_login(owner)

    page = client.get(url).content.decode()
    client.post(url, {"name": "Packing", "description": "Sends.", "permissions": [send.pk]})

    assert f'name="permissions" value="{view.pk}"' in page
    assert "Can refund orders" in page
    role.refresh_from_db()
    assert (role.slug, role.group.name, role.description) == ("packers", "Packing", "Sends.")
    assert list(role.group.permissions.all()) == [send]


def test_a_role_takes_no_taken_name(client, owner):
    client.force_login(owner)

    answer = client.post(reverse("admin:accounts_role_add"), {"name": "Author", "description": ""})

    assert answer.status_code == 200
    assert "name" in answer.context["adminform"].errors
    assert no_event("role.saved")


def test_a_manager_ends_an_entitlement_and_an_agent_does_not(client, manager, agent):
    held = EntitlementFactory()
    url = reverse("admin:accounts_entitlement_changelist")

    client.force_login(agent)
    client.post(url, {"action": "end", "_selected_action": [held.pk]})
    assert Entitlement.objects.get().ended_at is None
    assert no_event("entitlement.ended")

    client.force_login(manager)
    client.post(url, {"action": "end", "_selected_action": [held.pk]})
    assert Entitlement.objects.get().ended_at is not None
    assert events_named("entitlement.ended")[0].actor_id == str(manager.uid)


@pytest.mark.parametrize("name", ["user", "role", "entitlement"])
def test_lists_cost_as_much_with_many_rows_as_with_one(client, staff, django_assert_max_num_queries, name):
    client.force_login(staff)
    url = reverse(f"admin:accounts_{name}_changelist")
    for more in (1, 23):
        EntitlementFactory.create_batch(more)
        with django_assert_max_num_queries(8):
            assert client.get(url).status_code == 200


@pytest.mark.parametrize("name", ["auth_group", "account_emailaddress"])
def test_nothing_goes_around_the_services(name):
    from django.urls import NoReverseMatch

    with pytest.raises(NoReverseMatch):
        reverse(f"admin:{name}_changelist")


def test_a_persons_page_has_room_for_what_other_apps_know(client, staff, monkeypatch):
    from core.composition import panels

    user = UserFactory()
    shown = panels.Panel("Their orders", "analytics/panels/earned.html", {"sales": []})
    monkeypatch.setitem(panels._makers, "customer.admin", [lambda subject, viewer: shown if subject == user else None])
    client.force_login(staff)

    assert "Their orders" in client.get(page_of(user)).content.decode()


def test_what_a_person_holds_is_beside_them_for_those_who_may_see_it(author, agent, django_assert_num_queries):
    from accounts.permissions import panels

    held = EntitlementFactory()
    EntitlementFactory()
    viewer = Grant.session(agent)
    viewer.actor.can("accounts.view_entitlement")

    with django_assert_num_queries(1):
        panel = panels.held(held.user, viewer)

    assert panel.context["rows"] == [held]
    assert panels.held(held.user, Grant.session(author)) is None


def test_an_owner_lets_a_role_in_without_a_second_factor_and_an_onlooker_does_not(client, owner, manager):
    page = reverse("admin:accounts_role_changelist")
    asked = {"action": "ask_for_no_factor", "_selected_action": Role.objects.get(slug="author").pk}
    client.force_login(manager)
    client.post(page, asked)
    assert Role.objects.get(slug="author").requires_mfa

    client.force_login(owner)
    client.post(page, asked)

    assert not Role.objects.get(slug="author").requires_mfa
