"""Links in mails lead to the configured address, by whatever name the request came."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LINK = re.compile(r"https?://[^\s\"'<>]+")


@pytest.fixture
def host(settings):
    """Another port of the domain, or a name within the containers."""
    settings.ALLOWED_HOSTS = ["shop.example", "web", "localhost"]
    settings.SITE_URL = "https://shop.example"


@pytest.mark.parametrize("name", ["shop.example:8443", "web:8000", "localhost"])
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("app", [False, True])
def test_links_in_account_mails_lead_to_the_configured_address(host, mailoutbox, name, secure, app):
    UserFactory(email="known@example.com")
    browser = Client(headers={"host": name})
    if app:
        how = {"content_type": "application/json", "secure": secure}
        base = "/_allauth/app/v1/auth/"
        for email in ("known@example.com", "new@example.com"):
            browser.post(f"{base}password/request", {"email": email}, **how)
            browser.post(f"{base}signup", {"email": email, "password": PASSWORD}, **how)
    else:
        for email in ("known@example.com", "new@example.com"):
            browser.post(reverse("account_reset_password"), {"email": email}, secure=secure)
            browser.post(reverse("account_signup"), {"email": email, "password1": PASSWORD}, secure=secure)
            browser.post(reverse("account_request_login_code"), {"email": email}, secure=secure)

    links = {
        link for mail in mailoutbox for body in (mail.body, mail.alternatives[0][0]) for link in LINK.findall(body)
    }
    assert len(mailoutbox) >= 3
    assert any("/password/" in link for link in links)
    assert {link for link in links if not link.startswith("https://shop.example/")} == set()
