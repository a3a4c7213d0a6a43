"""What a signed-in person may do comes with them, and only from their roles."""

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Permission
from django.http import HttpRequest

from accounts.staff import services as roles
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.context import Actor

pytestmark = pytest.mark.django_db


def signed_in(client, user):
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    return request


def test_the_person_and_their_permissions_are_one_query(client, django_assert_num_queries):
    author = UserFactory()
    roles.assign_role(user_id=author.pk, role="author", by=Actor.system("test"))
    roles.assign_role(user_id=author.pk, role="analyst", by=Actor.system("test"))
    author.refresh_from_db()  # roles that ask for a factor end sessions
    request = signed_in(client, author)

    with django_assert_num_queries(2):  # the session, and the person
        user = get_user(request)
        held = user.get_all_permissions()

    assert {"blog.add_post", "analytics.view_salefact"} <= held
    assert held == User.objects.get(pk=author.pk).get_all_permissions()
    assert not user.has_perm("shop.refund_order")


def test_a_permission_outside_of_any_role_counts_for_nothing(client):
    person = UserFactory()
    person.user_permissions.add(Permission.objects.get(content_type__app_label="shop", codename="refund_order"))

    assert get_user(signed_in(client, person)).get_all_permissions() == set()


def test_one_who_may_do_everything_still_may(client):
    owner = UserFactory(is_superuser=True)

    assert get_user(signed_in(client, owner)).has_perm("shop.refund_order")


def test_a_closed_account_is_nobody(client):
    person = UserFactory()
    request = signed_in(client, person)
    User.objects.filter(pk=person.pk).update(is_active=False)

    assert not get_user(request).is_authenticated
