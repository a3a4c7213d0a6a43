"""The admin uses the same doors as everyone."""

import pytest
from django.urls import reverse


@pytest.mark.django_db
def test_strangers_are_led_to_the_one_sign_in(client):
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_a_customer_who_is_signed_in_is_refused(client, customer):
    client.force_login(customer)

    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/").status_code == 403


@pytest.mark.parametrize(
    ("verb", "door"), [("logout", "account_logout"), ("password_change", "account_change_password")]
)
def test_way_out_and_password_are_the_houses(client, staff, verb, door):
    client.force_login(staff)

    assert client.post(f"/admin/{verb}/").url == reverse(door)
