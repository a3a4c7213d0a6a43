"""Signing up with a known address is the same work as with a new one, counted rather than timed."""

import re
from collections import Counter

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import PASSWORD, UserFactory
from core.testing import events_named

pytestmark = pytest.mark.django_db(transaction=True)

WRITE = re.compile(r"(INSERT INTO|UPDATE) \"(\w+)\"|COMMIT|ROLLBACK$")


def by_page(email):
    return Client().post(reverse("account_signup"), {"email": email, "password1": PASSWORD})


def by_app(email):
    sent = {"email": email, "password": PASSWORD}
    return Client().post("/_allauth/app/v1/auth/signup", sent, content_type="application/json")


def by_passkey(email):
    return Client().post(reverse("account_signup_by_passkey"), {"email": email})


def work_of(sign_up, email, monkeypatch):
    """What one sign-up costs: statements, inserts, what is committed, hashes, mails."""
    hashed = []
    with CaptureQueriesContext(connection) as seen, monkeypatch.context() as patched:
        from django.contrib.auth import hashers

        encode = hashers.MD5PasswordHasher.encode
        patched.setattr(hashers.MD5PasswordHasher, "encode", lambda *given: (hashed.append(1), encode(*given))[1])
        before = len(mail.outbox)
        answer = sign_up(email)
    statements = [query["sql"] for query in seen if "SAVEPOINT" not in query["sql"]]
    inserts = Counter(re.findall(r"^INSERT INTO \"(\w+)\"", "\n".join(statements), re.MULTILINE))
    return {
        "status": answer.status_code,
        "inserts": inserts,
        "commits": sum(sql == "COMMIT" for sql in statements),
        "hashes": len(hashed),
        "mails": len(mail.outbox) - before,
    }, len(statements)


@pytest.mark.parametrize("sign_up", [by_page, by_app, by_passkey])
def test_known_address_is_the_same_work_as_a_new_one(monkeypatch, sign_up):
    user = UserFactory(email="known@example.com")
    sign_up("warm@example.com")

    new, new_statements = work_of(sign_up, "new@example.com", monkeypatch)
    known, known_statements = work_of(sign_up, "known@example.com", monkeypatch)

    assert known == new
    assert abs(known_statements - new_statements) <= 1
    assert [event.subject_id for event in events_named("user.sign_up_again")] == [user.public_id]
