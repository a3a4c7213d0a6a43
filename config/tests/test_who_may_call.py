"""Every endpoint of the API and every kind of caller: nothing is open by oversight, and no refusal changes a thing.

A caller without credentials gets 401, one without the scope 403, for every address; what the answer to a good
caller is, the tests of each part say.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import set_token_value
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.api_keys import tokens
from accounts.api_keys.models import ApiKey
from accounts.moderation.models import Report
from accounts.oauth.models import AccessToken, Client
from accounts.users.models import User
from blog.posts.models import Post
from blog.tests.factories import comment, published
from config.api import router
from core.context import Actor
from core.events.models import Event
from core.scopes import SCOPES
from core.search import index as search
from core.testing import snapshot
from shop.cart.models import Cart
from shop.tests.factories import shop_ready
from tests.contract.asking import failures

pytestmark = pytest.mark.django_db

EVERYONE = {
    ("get", "cart-detail"),  # a cart's token grants access to the cart
    ("patch", "cart-detail"),
    ("put", "cart-line"),
    ("delete", "cart-line"),
    ("post", "cart-lines"),
    ("post", "cart-list"),
    ("post", "cart-orders"),
    ("get", "cart-shipping-methods"),
    ("get", "category-detail"),
    ("get", "category-list"),
    ("get", "comment-detail"),
    ("get", "comment-list"),
    ("get", "post-detail"),
    ("get", "post-list"),
    ("get", "product-detail"),
    ("get", "product-list"),
    ("get", "product-reviews"),
    ("get", "search-list"),
    ("post", "report-list"),  # strangers may report what they see
    ("post", "subscription-list"),  # the address is asked, and the answer always the same
    ("get", "tag-detail"),
    ("get", "tag-list"),
}
UID = "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6"
PARTS = {
    "slug": "none-such", "number": "NONESUCH", "token": "none-such", "sku": "none-such", "uid": UID,
    "webhook_uid": UID, "seq": "1", "emoji": "x", "pk": "1",
}  # fmt: skip
TABLES = (
    "accounts.User",
    "accounts.ApiKey",
    "accounts.Ban",
    "accounts.Case",
    "accounts.Report",
    "blog.Post",
    "blog.Comment",
    "shop.Order",
    "chat.Room",
    "core.Webhook",
    "core.Event",
)


def endpoints() -> list[tuple[str, str, str | None]]:
    """(method, name, scope) of everything under /api/v1/."""
    found = []
    for pattern in router.urls:
        view = pattern.callback
        for method in getattr(view, "actions", {}):
            scopes = view.initkwargs.get("required_scopes", view.cls.required_scopes)
            found.append((method, pattern.name, scopes.get(method.upper())))
    return sorted(set(found), key=str)


ALL = endpoints()
CLOSED = [(method, name, scope) for method, name, scope in ALL if scope]


def address(name: str) -> str:
    for prefix, parts in router_forms(name):
        return f"/api/v1/{prefix % {part: PARTS.get(part, UID) for part in parts}}"
    raise AssertionError(name)


def router_forms(name: str) -> list[tuple[str, list[str]]]:
    from django.urls import get_resolver

    forms = get_resolver().reverse_dict.getlist(name)
    return [(form[0].removeprefix("api/v1/"), form[1]) for possibilities, *_ in forms for form in possibilities]


def call(client: APIClient, method: str, name: str) -> Any:
    return getattr(client, method)(address(name), {} if method in ("post", "put", "patch") else None)


def with_key(person: User, *scopes: str) -> tuple[APIClient, ApiKey]:
    made = api_keys.add_key(user_id=person.pk, name="Program", scopes=scopes, by=Actor.person(person))
    return sending(made.token), made.key


def sending(bearer: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer}")
    return client


def state(*tables: str) -> dict[str, list[dict[str, Any]]]:
    """What must stay as it is; that a program was refused is another matter."""
    found = snapshot(*tables)
    return found | {"core.Event": [row for row in found["core.Event"] if not row["name"].endswith(".refused")]}


def noted() -> set[tuple[str, str]]:
    return {(event.name, event.data["why"]) for event in Event.objects.filter(name__endswith=".refused")}


def test_what_names_no_scope_is_open_on_purpose():
    assert {(method, name) for method, name, scope in ALL if scope is None} == EVERYONE


def test_endpoints_name_scopes_that_there_are():
    assert {scope for _, _, scope in ALL if scope} == SCOPES - {"blog:read"}  # what it adds is on open endpoints


def test_callers_without_a_good_key_are_told_to_bring_one(customer, settings):
    def check(method, name, scope):
        settings.RATE_LIMIT_PREFIX = uuid4().hex
        program, key = with_key(customer, *SCOPES)
        spoilt = [
            {"revoked_at": timezone.now()},
            {"created_at": timezone.now() - timedelta(days=2), "expires_at": timezone.now() - timedelta(days=1)},
            {"networks": ["203.0.113.0/24"]},
        ]  # fmt: skip
        before = state(*TABLES)

        answers = [call(APIClient(), method, name), call(sending(tokens.generate_token("0123456789")), method, name)]
        for change in spoilt:
            ApiKey.objects.filter(pk=key.pk).update(revoked_at=None, expires_at=None, networks=[])
            ApiKey.objects.filter(pk=key.pk).update(**change)
            answers.append(call(program, method, name))

        for answer in answers:
            assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
            assert answer["WWW-Authenticate"].startswith('Bearer realm="api"')
            assert answer.json()["code"] in {"not_authenticated", "authentication_failed"}
        after = state(*TABLES)
        assert {**after, "accounts.ApiKey": []} == {**before, "accounts.ApiKey": []}
        assert noted() == {("api_key.refused", why) for why in ("revoked", "expired", "network")}
        assert {event.subject_id for event in Event.objects.filter(name="api_key.refused")} == {str(key.uid)}

    assert CLOSED
    assert failures(check, CLOSED) == {}


def test_a_key_without_the_scope_is_refused_by_its_name_even_for_who_may_do_everything(staff, settings):
    def check(method, name, scope):
        settings.RATE_LIMIT_PREFIX = uuid4().hex
        program, _key = with_key(staff, *(SCOPES - {scope}))
        before = state(*TABLES)

        answer = call(program, method, name)

        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert answer.json()["detail"] == f"This needs the scope {scope}."
        after = state(*TABLES)
        assert {**after, "accounts.ApiKey": []} == {**before, "accounts.ApiKey": []}
        event = Event.objects.get(name="api_key.refused")
        assert event.data == {"why": "permission_denied", "endpoint": f"{method.upper()} {name}"}
        assert event.actor_id == str(staff.uid)

    assert CLOSED
    assert failures(check, CLOSED) == {}


def with_token(person: User | None, client: Client, *scopes: str, **more: Any) -> APIClient:
    """A program with an access token; without a person, it acts for itself."""
    token = uuid4().hex
    access = AccessToken(
        user=person, application=client, scope=" ".join(scopes), expires=timezone.now() + timedelta(minutes=5), **more
    )
    set_token_value(access, token)
    access.save()
    return sending(token)


def test_tokens_that_are_not_good_open_nothing(customer, staff, settings):
    def check(method, name, scope):
        settings.RATE_LIMIT_PREFIX = uuid4().hex
        owned = {"user": staff, "name": "Log", "authorization_grant_type": "authorization-code", "algorithm": "RS256"}
        client = Client.objects.create(**owned, client_type="confidential")
        off = Client.objects.create(**owned, client_type="public", is_enabled=False)
        expired = with_token(staff, client, *SCOPES)
        AccessToken.objects.update(expires=timezone.now())
        revoked = with_token(staff, client, *SCOPES)
        AccessToken.objects.latest("id").revoke()
        elsewhere = with_token(staff, client, *SCOPES, resource=["https://other.example/"])
        before = state(*TABLES)

        unknown = [
            call(program, method, name) for program in (expired, revoked, elsewhere, with_token(staff, off, *SCOPES))
        ]
        unscoped = call(with_token(staff, client, *(SCOPES - {scope})), method, name)
        nobody = call(with_token(None, client, *SCOPES), method, name)

        assert [answer.status_code for answer in (*unknown, unscoped, nobody)] == [401, 401, 401, 401, 403, 403]
        assert unscoped.json()["detail"] == nobody.json()["detail"] == f"This needs the scope {scope}."
        assert state(*TABLES) == before
        assert noted() == {("client.refused", why) for why in ("audience", "closed", "permission_denied")}

    assert CLOSED
    assert failures(check, CLOSED) == {}


ROLES = ("customer", "author", "manager", "agent")


@pytest.mark.parametrize("role", ROLES)
def test_the_scope_alone_opens_nothing_that_belongs_to_others(request, role, settings):
    """With every scope and no object of one's own: refused, not found or empty, and nothing is changed."""
    person = request.getfixturevalue(role)

    def check(method, name, scope):
        settings.RATE_LIMIT_PREFIX = uuid4().hex
        program, _key = with_key(person, *SCOPES)
        tables = [table for table in TABLES if table != "accounts.ApiKey"]
        before = state(*tables)

        answer = call(program, method, name)

        assert answer.status_code in {200, 204, 400, 403, 404, 409, 412, 415, 422, 428}
        if answer.status_code in {403, 404} or method == "get":
            assert state(*tables) == before
        assert noted() == ({("api_key.refused", answer.json()["code"])} if answer.status_code == 403 else set())
        if method == "get" and answer.status_code == 200 and "results" in answer.json():
            assert answer.json()["results"] == []

    assert CLOSED
    assert failures(check, CLOSED) == {}


def test_without_csrf_a_session_writes_nothing(customer):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(customer)
    writes = [(method, name) for method, name, scope in ALL if scope and method != "get"]

    answers = {(method, name): call(browser, method, name) for method, name in writes}

    assert {answer.status_code for answer in answers.values()} == {403}
    assert all("CSRF" in answer.json()["detail"] for answer in answers.values())
    assert not Event.objects.exists()


def test_pages_take_no_key(customer):
    made = api_keys.add_key(user_id=customer.pk, name="Program", scopes=list(SCOPES), by=Actor.person(customer))

    page = Browser().get("/account/", headers={"Authorization": f"Bearer {made.token}"})

    assert (page.status_code, page["Location"]) == (302, "/account/login/?next=/account/")


def test_where_everyone_may_read_a_program_without_the_scope_is_nobody(customer):
    post = published(visibility=Post.Visibility.MEMBERS)
    stranger, (other, _), (reader, _) = APIClient(), with_key(customer, "shop:read"), with_key(customer, "blog:read")

    seen = [client.get(f"/api/v1/posts/{post.slug}/").json()["body_html"] for client in (stranger, other, reader)]

    assert seen == [None, None, post.body_html]


def test_where_everyone_may_write_a_program_without_the_scope_is_nobody(customer):
    shop_ready()
    (other, _), (buyer, _) = with_key(customer, "shop:read"), with_key(customer, "shop:write")

    assert [client.post("/api/v1/carts/").status_code for client in (other, buyer)] == [201, 201]

    assert list(Cart.objects.order_by("id").values_list("user", flat=True)) == [None, customer.pk]


def test_who_is_nobody_to_an_endpoint_has_the_limit_of_the_key_still(customer):
    program, _key = with_key(customer, "account:read")

    answer = program.get("/api/v1/tags/")

    assert answer["RateLimit-Policy"] == '"api";q=600;w=60'


def test_a_program_with_its_scope_finds_what_its_person_may_read(customer):
    post = published(visibility=Post.Visibility.MEMBERS, title="Saggars")
    search.index("post", [post.slug])
    (other, _), (reader, _) = with_key(customer, "shop:read"), with_key(customer, "blog:read")

    found = [client.get("/api/v1/search/", {"q": "saggars"}).json() for client in (other, reader)]

    assert [page["total"] for page in found] == [0, 1]
    assert found[1]["results"][0] | {"rank": 0} == {
        "kind": "post", "id": post.slug, "title": "Saggars", "summary": post.excerpt,
        "url": post.get_absolute_url(), "rank": 0,
    }  # fmt: skip


def test_a_program_with_its_scope_reports_as_its_person(customer):
    said = comment(published())
    (other, _), (reporter, _) = with_key(customer, "blog:read"), with_key(customer, "account:write")
    asked = {"about": {"kind": "comment", "id": str(said.uid)}, "reason": "spam"}

    assert [client.post("/api/v1/reports/", asked).status_code for client in (other, reporter)] == [202, 202]

    assert list(Report.objects.order_by("id").values_list("reporter", flat=True)) == [None, customer.pk]


def test_every_open_endpoint_names_the_scope_by_which_a_program_acts_as_its_person():
    bare = set()
    for pattern in router.urls:
        view = pattern.callback
        for method in getattr(view, "actions", {}):
            verb = "GET" if method == "head" else method.upper()
            if verb not in view.cls.required_scopes and view.cls.program_scopes.get(verb) not in SCOPES:
                bare.add((method, pattern.name))

    assert bare == set()


STAFF_ONLY = [
    pytest.param(method, pattern.name, id=f"{method}-{pattern.name}")
    for pattern in router.urls
    for method in getattr(pattern.callback, "actions", {})
    if not pattern.callback.cls.is_for(pattern.callback.cls(), Actor.guest())
]


@pytest.mark.parametrize(("method", "name"), STAFF_ONLY)
def test_what_only_staff_use_refuses_everybody_else_whatever_it_is(customer, method, name):
    program, _key = with_key(customer, *SCOPES)
    before = state(*TABLES)

    answer = call(program, method, name)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    after = state(*TABLES)
    assert {**after, "accounts.ApiKey": []} == {**before, "accounts.ApiKey": []}


def test_what_only_staff_use_is_known():
    assert {pattern.name.split("-")[0] for pattern in router.urls if any(
        param.values[1] == pattern.name for param in STAFF_ONLY
    )} == {"ban", "insights", "moderation", "security", "stock", "webhook"}  # fmt: skip
