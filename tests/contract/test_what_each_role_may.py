"""Each endpoint that names a scope, asked for things of others by a program that has every scope: which roles it answers.

To everybody else it refuses, or has nothing to show, and nothing changes. What is sent is right, so that a refusal is
one of the person and not of what they wrote.
"""

import re
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from accounts.permissions.models import Role
from accounts.staff.services import BUILT_IN_ROLES
from accounts.tests.factories import UserFactory
from config.tests.test_who_may_call import ALL, router_forms, with_key
from core.scopes import SCOPES
from core.testing import snapshot
from tests.contract.asking import undone
from tests.contract.schema import described
from tests.contract.world import SKU

pytestmark = pytest.mark.usefixtures("db", "unlimited")

CUSTOMER = "customer"
WHO = (CUSTOMER, *(role.slug for role in BUILT_IN_ROLES))
UID = "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6"

# Roles whose API clients have access; owners always have. All others are refused.
LET_IN = {
    # About oneself, and what everybody makes or reads.
    "customer analyst author editor shop-manager support-agent": [
        ("get", "account-me"),
        ("patch", "account-me"),
        ("put", "account-avatar"),
        ("delete", "account-avatar"),
        ("post", "comment-list"),
        ("post", "conversation-list"),
        ("get", "room-list"),
        ("put", "room-place"),
    ],
    "author editor": [("post", "post-list")],
    "editor": [
        ("patch", "post-detail"),
        ("post", "post-submission"),
        ("post", "post-publication"),
        ("delete", "post-publication"),
        ("post", "comment-moderation"),
        ("delete", "comment-detail"),
        ("get", "moderation-case-list"),  # the case is about a comment
        ("get", "moderation-case-detail"),
        ("post", "moderation-case-decisions"),
        ("post", "moderation-case-reopenings"),
    ],
    "editor support-agent": [
        ("get", "ban-list"),
        ("post", "ban-list"),
        ("get", "ban-detail"),
        ("delete", "ban-detail"),
    ],
    "analyst shop-manager support-agent": [
        ("get", "order-list"),
        ("get", "order-detail"),
        ("get", "stock-level-list"),
        ("get", "stock-level-detail"),
    ],
    "analyst editor shop-manager": [("get", "insights-sales")],
    "shop-manager": [
        ("post", "order-cancellation"),
        ("post", "order-payments"),
        ("post", "order-fulfilments"),
        ("post", "stock-level-movements"),
        ("post", "stock-movement-list"),
    ],
    "shop-manager support-agent": [("post", "order-refunds")],
    "support-agent": [
        ("get", "conversation-list"),
        ("get", "conversation-detail"),
        ("patch", "conversation-detail"),
        ("get", "room-detail"),  # the room is a customer's conversation with staff
        ("get", "room-messages"),
        ("post", "room-messages"),
        ("get", "room-message"),
        ("delete", "room-message"),
        ("put", "room-reaction"),
        ("delete", "room-reaction"),
        ("put", "room-read"),
        ("post", "room-reports"),
    ],
    "": [
        ("get", "security-log-list"),
        ("get", "webhook-list"),
        ("post", "webhook-list"),
        ("get", "webhook-detail"),
        ("patch", "webhook-detail"),
        ("delete", "webhook-detail"),
        ("post", "webhook-secrets"),
        ("post", "webhook-tests"),
        ("get", "webhook-delivery-list"),
        ("get", "webhook-delivery-detail"),
        ("get", "webhook-delivery-attempts"),
        ("post", "webhook-delivery-attempts"),
    ],
}
CLOSED = [(method, name) for method, name, scope in ALL if scope]
SCHEMA: dict[str, Any] = described()
# What the schema's examples cannot know.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("patch", "account-me"): {"name": "Somebody"},
    ("post", "ban-list"): {"network": "198.51.100.0/24", "scope": "comment", "reason": "spam"},
    ("patch", "conversation-detail"): {"status": "closed"},
    ("post", "conversation-list"): {"title": "Glaze", "body": "How long?", "client_id": UID},
    ("patch", "post-detail"): {"title": "On glazes, again"},
    ("patch", "room-message"): {"body": "Other words"},
    ("post", "room-messages"): {"body": "Hello", "client_id": UID},
    ("patch", "room-place"): {"muted": True},
    ("post", "stock-level-movements"): {"quantity": 1, "reason": "received"},
    ("post", "stock-movement-list"): {"sku": SKU, "quantity": 1, "reason": "received"},
    ("patch", "webhook-detail"): {"enabled": False},
    ("post", "webhook-list"): {"url": "https://other.example/", "events": ["order.paid"]},
}
QUERIES = {"insights-sales": {"from": "2026-01-01", "to": "2026-12-31"}}


MAY = {what: {*roles.split(), "owner"} for roles, whats in LET_IN.items() for what in whats}
KEPT = [model._meta.label for model in apps.get_models() if model._meta.label != "accounts.ApiKey"]  # when it was used


@pytest.mark.parametrize("who", WHO)
def test_who_is_let_in(who, world):
    with undone():
        program = program_of(who)

        answers = {(method, name): tried(program, method, name, world) for method, name in CLOSED}

    assert {what for what, answer in answers.items() if is_let_in(answer)} == {
        what for what, let_in in MAY.items() if who in let_in
    }


@pytest.mark.parametrize("who", WHO)
def test_who_is_not_changes_nothing(who, world):
    with undone():
        program = program_of(who)
        before = state()

        for method, name in CLOSED:
            if who not in MAY.get((method, name), ()):
                ask(program, method, name, world)

        assert state() == before


def state():
    """All that there is, but that a program was refused."""
    found = snapshot(*KEPT)
    noted = {row["id"] for row in found["core.Event"] if row["name"] == "api_key.refused"}
    found["core.Event"] = [row for row in found["core.Event"] if row["id"] not in noted]
    found["core.EventOrigin"] = [row for row in found["core.EventOrigin"] if row["event_id"] not in noted]
    return found


def test_the_table_names_what_there_is():
    assert set(MAY) <= set(CLOSED)


def tried(*asked: Any) -> Any:
    with undone():
        return ask(*asked)


def program_of(who):
    person = UserFactory(email=f"{who}@roles.example", is_staff=who != CUSTOMER)
    if who != CUSTOMER:
        person.groups.add(Role.objects.get(slug=who).group)
    return with_key(person, *SCOPES)[0]


def ask(api: APIClient, method: str, name: str, world: Any) -> Any:
    form, _parts = router_forms(name)[0]
    path = "/api/v1/" + re.sub(r"%\((\w+)\)s", r"{\1}", form)
    address = path.format(**world.parts_of(path))
    if method == "get":
        return api.get(address, QUERIES.get(name))
    more = {"HTTP_IF_MATCH": api.get(address)["ETag"]} if (method, name) == ("patch", "post-detail") else {}
    return getattr(api, method)(address, BODIES.get((method, name), sent_to(method, path)), format="json", **more)


def is_let_in(answer: Any) -> bool:
    if answer.status_code in (401, 403, 404):
        return False
    data = answer.json() if answer.content else None
    return not (isinstance(data, dict) and data.get("results") == [])


def sent_to(method: str, path: str) -> Any:
    content = SCHEMA["paths"][path][method].get("requestBody", {}).get("content", {})
    return example_of(content["application/json"]["schema"]) if "application/json" in content else None


def example_of(schema: dict[str, Any]) -> Any:
    """What must be sent, as the schema's examples have it."""
    if "$ref" in schema:
        return example_of(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "allOf" in schema:
        return example_of(schema["allOf"][0])
    if "example" in schema or "enum" in schema:
        return schema["example"] if "example" in schema else schema["enum"][0]
    if "properties" in schema:
        return {name: example_of(schema["properties"][name]) for name in schema.get("required", ())}
    return [] if schema.get("type") == "array" else schema.get("minimum", 1)


@pytest.mark.parametrize("who", WHO)
def test_a_refusal_for_want_of_a_role_names_the_permission(who, world):
    with undone():
        program = program_of(who)

        answers = {(method, name): tried(program, method, name, world) for method, name in CLOSED if method != "get"}

    unnamed = {
        what
        for what, answer in answers.items()
        if answer.status_code == 403
        and answer.json()["code"] == "permission_denied"
        and not answer.json().get("required_permission")
    }
    assert unnamed == set()
