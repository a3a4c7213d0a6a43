"""Dates have one form on every page and in every mail: `1 Dec 2026, 17:26`."""

import re
from collections import deque
from html import unescape

import pytest
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.html import strip_tags

from accounts.users.models import User
from core import testing

pytestmark = pytest.mark.usefixtures("db", "unlimited")

MONTHS = "January|February|March|April|June|July|August|September|October|November|December"
OTHER_FORMS = re.compile(
    rf"\d [ap]\.m\.|\d ?[AP]M\b|\b(?:{MONTHS})\.? \d|\d,? (?:{MONTHS})\b|\b(?:Jan|Feb|Sept?|Oct|Nov|Dec)\.? \d\d?,"
    r"|\b\d{4}-\d\d-\d\d \d\d:|\d (?:noon|midnight)"
)
HIDDEN = re.compile(r"<(script|style|template|textarea|select)\b.*?</\1>|<!--.*?-->", re.DOTALL)
LINK = re.compile(r'href="(/[^"#]*)')
LEFT_OUT = ("/api/", "/static/", "/media/", "/dev/", "/account/logout/", "/account/connect", "/journal/feed", "/ws/")
MOST_PAGES = 120


def other_forms(html: str) -> list[str]:
    return [found[0] for found in OTHER_FORMS.finditer(unescape(strip_tags(HIDDEN.sub(" ", html))))]


def crawl(client: Client, *starts: str) -> dict[str, list[str]]:
    """Every page that links lead to, with the dates on it that have another form."""
    seen, waiting, found = set(starts), deque(starts), {}
    while waiting and len(found) < MOST_PAGES:
        path = waiting.popleft()
        answer = client.get(path, follow=True)
        if answer.streaming or not answer["Content-Type"].startswith("text/html"):
            continue
        html = answer.content.decode()
        found[path] = other_forms(html)
        for link in map(unescape, LINK.findall(html)):
            if link not in seen and not link.startswith((*LEFT_OUT, "//")) and link.count("?") < 1:
                seen.add(link)
                waiting.append(link)
    return found


def admin_pages() -> list[str]:
    """The list of every model, and the page of one row of each."""
    pages = []
    for model, options in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        try:
            pages.append(reverse(f"{name}_changelist"))
            row = options.model._default_manager.first()
            pages += [reverse(f"{name}_change", args=[row.pk])] if row else []
        except NoReverseMatch:
            continue
    return pages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 Dec 2026, 17:26", []),
        ("1 December, 05:26", ["1 December"]),
        ("December 1, 2026 at 4:56 AM", ["December 1", "6 AM"]),
        ("Nov. 26, 2026", ["Nov. 26,"]),
        ("5:13 a.m. UTC", ["3 a.m."]),
    ],
)
def test_the_other_forms_are_recognised(text, expected):
    assert other_forms(text) == expected


def test_pages_of_a_customer_write_dates_in_one_form(client):
    client.force_login(User.objects.get(name="Clara Customer"))

    pages = crawl(client, "/", "/shop/orders/", "/account/", "/talk/", "/account/activity/")

    assert len(pages) > 40
    assert {path: forms for path, forms in pages.items() if forms} == {}


def test_pages_of_staff_write_dates_in_one_form(client):
    client.force_login(User.objects.get(email="owner@example.com"))

    pages = {path: other_forms(client.get(path, follow=True).content.decode()) for path in admin_pages()}

    assert len(pages) > 40
    assert {path: forms for path, forms in pages.items() if forms} == {}


def test_mails_write_dates_in_one_form():
    testing.deliver_events()

    assert mail.outbox
    for message in mail.outbox:
        html = [body for body, _kind in getattr(message, "alternatives", [])]
        assert [form for text in (message.subject, message.body, *html) for form in other_forms(text)] == []


def test_templates_name_a_format_of_the_site():
    others = {
        path.name: form
        for path in (settings.BASE_DIR / "templates").rglob("*.*")
        for form in re.findall(r"\|(?:date|time):[\"']([^\"']+)[\"']", path.read_text())
        if form not in {"c", "D, j M", "H:i"} and not form.endswith("_FORMAT")
    }

    assert others == {}
