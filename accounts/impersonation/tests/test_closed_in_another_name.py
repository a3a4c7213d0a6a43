"""What nobody does in another's name is refused, whatever address is asked, and a new page is closed until it is opened
on purpose."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve, reverse

from accounts.authentication.recent_authentication import REQUIREMENT_ATTRIBUTE
from accounts.permissions import impersonation_rules
from core.testing import snapshot

pytestmark = pytest.mark.django_db

TABLES = ("accounts.ApiKey", "accounts.Client", "accounts.User", "mfa.Authenticator", "account.EmailAddress")
FILLED = {"uuid": "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6", "int": "1", "slug": "x", "str": "x", "path": "x"}


def addresses(resolver: Any, before: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    """(address, name, view) of every pattern there is, with something in place of each part."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern, before + _filled(pattern), inside)
        elif isinstance(pattern, URLPattern):
            yield before + _filled(pattern), f"{space}{pattern.name}", pattern.callback


def _filled(pattern: Any) -> str:
    text = str(pattern.pattern)
    text = re.sub(r"<(?:(\w+):)?\w+>", lambda found: FILLED[found[1] or "str"], text)
    text = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "x", text)
    return text.replace("^", "").replace("$", "").replace("\\Z", "").replace("/?", "/").replace("\\", "")


def is_there(address: str) -> bool:
    """Made-up parts may fit no pattern."""
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


ALL = [(f"/{address}", name, view) for address, name, view in addresses(get_resolver())]
OF_ACCOUNTS = [(address, name) for address, name, _ in ALL if address.startswith(impersonation_rules.ACCOUNT_PATHS)]
CLOSED = sorted(
    {
        address
        for address, name in OF_ACCOUNTS
        if name not in impersonation_rules.ALLOWED_URL_NAMES and is_there(address)
    }
)


def test_what_is_open_exists():
    assert {name for _, name in OF_ACCOUNTS} >= impersonation_rules.ALLOWED_URL_NAMES


def test_everything_of_the_account_is_closed_but_what_is_opened_on_purpose(acting):
    before = snapshot(*TABLES)
    answers = {address: acting.get(address).status_code for address in CLOSED}

    assert len(CLOSED) > 40
    assert answers == dict.fromkeys(CLOSED, 403)
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "account_set_password",
        "account_email",
        "account_reauthenticate",
        "accounts:clients",
        "accounts:api_keys",
        "accounts:new_client",
        "accounts:new_api_key",
        "accounts:connected_apps",
        "accounts:security",
        "accounts:sessions",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_view_recovery_codes",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_guards_an_account_is_refused_in_words(acting, name, method):
    before = snapshot(*TABLES)

    answer = getattr(acting, method)(reverse(name))

    assert answer.status_code == 403
    assert "Not available while impersonating" in answer.content.decode()
    assert snapshot(*TABLES) == before


def test_every_page_that_asks_again_who_one_is_is_closed(acting):
    asking = [
        address for address, _, view in ALL if getattr(view, REQUIREMENT_ATTRIBUTE, False) and "act-for" not in address
    ]

    assert len(asking) >= 7
    assert {acting.post(address).status_code for address in asking} == {403}


@pytest.mark.parametrize("path", ["/api/v1/me/api_keys/", "/api/v1/webhooks/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_api_refuses_with_a_problem(acting, path, method):
    answer = getattr(acting, method)(path)

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "impersonating"


def test_the_api_knows_whose_name_it_is(acting, clara):
    assert acting.get("/api/v1/me/").json()["email"] == clara.email


@pytest.mark.parametrize(
    "path", ["/staff/bans/new/", "/api/v1/bans/", "/talk/new/", f"/api/v1/rooms/{FILLED['uuid']}/messages/"]
)
def test_nobody_speaks_or_decides_in_another_name(acting, path):
    assert acting.post(path, {"body": "Hello"}).status_code == 403


def test_in_the_staff_area_one_looks_and_changes_nothing(desk):
    from accounts.impersonation.tests.conftest import with_role

    manager = with_role("shop-manager")
    desk.post(reverse("accounts:impersonate", args=[manager.uid]), {"reason": "Sees no orders"})
    before = snapshot("shop.Product")

    assert desk.get(reverse("admin:shop_product_changelist")).status_code == 200
    answer = desk.post(reverse("admin:shop_product_changelist"), {"action": "delete_selected"})

    assert answer.status_code == 403
    assert snapshot("shop.Product") == before
