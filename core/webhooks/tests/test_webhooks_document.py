"""docs/webhooks.md is true: its list of events is the code's, its receivers verify what is really sent."""

import ast
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from blog.comments import services as commenting
from core.events import catalogue
from core.webhooks import sending
from core.webhooks.tests.receiver import receiving
from shop.orders.models import Order
from shop.payments.services import settlement
from shop.reviews import services as reviews
from shop.stock.models import StockMovement

DOCUMENT = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
APPS = ("core", "accounts", "blog", "shop", "chat", "analytics")
CONFIGURED = ("category", "option", "shipping_method", "warehouse")
# Where a name is put together as it is recorded, and what it can be.
COMPUTED = {
    ("blog/posts/services/publishing.py", "event"): {"post.unpublished", "post.archived"},
    ("blog/comments/services.py", "EVENTS[status]"): set(commenting.EVENTS.values()),
    ("chat/rooms/services/rooms.py", "'room.archived' if archived else 'room.reopened'"): {
        "room.archived",
        "room.reopened",
    },
    ("shop/reviews/services.py", "EVENTS[Review.Status(review.status)]"): {"review.published", "review.held"},
    ("shop/reviews/services.py", "EVENTS[wanted]"): set(reviews.EVENTS.values()),
    ("shop/payments/services/settlement.py", "name"): {name for _status, name in settlement.CLOSED_STATES.values()},
    ("shop/order_management/services/orders.py", "f'order.{status.value}'"): {f"order.{one}" for one in Order.CLOSED},
    ("shop/catalogue/services.py", "name"): {"product.added", "product.changed"},
    ("shop/configuration/services.py", "f'{subject.public_kind}.saved'"): {f"{kind}.saved" for kind in CONFIGURED},
    ("shop/configuration/services.py", "f'{subject.public_kind}.deleted'"): {f"{kind}.deleted" for kind in CONFIGURED},
    ("shop/stock/services.py", "f'stock.{reason.value}'"): {
        f"stock.{one}" for one in (StockMovement.Reason.RECEIVED, StockMovement.Reason.ADJUSTED)
    },
    ("accounts/authentication/handlers.py", "name"): {"user.added_factor", "user.made_recovery_codes"},
    ("accounts/authentication/services/denials.py", "f'{subject[0]}.refused'"): {"api_key.refused", "client.refused"},
    ("accounts/authentication/services/accounts.py", "'user.opened' if is_open else 'user.closed'"): {
        "user.opened",
        "user.closed",
    },
}


def recorded() -> Iterator[tuple[str, ast.expr]]:
    """Each call of `record`, as (file, the name's expression)."""
    for app in APPS:
        for file in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if {"tests", "migrations"} & set(file.parts):
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("record", "events.record"):
                    yield str(file.relative_to(settings.BASE_DIR)), node.args[0]


def test_the_catalogue_names_exactly_the_events_that_the_code_records():
    plain, computed = set(), {}
    for file, name in recorded():
        if isinstance(name, ast.Constant):
            plain.add(name.value)
        else:
            computed[file, ast.unparse(name)] = True

    assert set(computed) == set(COMPUTED), "say in COMPUTED which names these can be"
    named = {name for name in plain.union(*COMPUTED.values()) if not name.startswith("webhook.")}
    assert named - set(catalogue.all_descriptions()) == set(), (
        "describe these in events.py of their domain and in docs/webhooks.md"
    )
    assert set(catalogue.all_descriptions()) - named == set(), "nothing records these any more"


def test_the_document_lists_the_catalogue_in_order():
    rows = [f"| `{name}` | {words} |" for name, words in catalogue.all_descriptions().items()]

    assert DOCUMENT.endswith("|---|---|\n" + "\n".join(rows) + "\n")


def test_the_document_names_each_event_of_webhooks_themselves():
    own = {
        name.value for _file, name in recorded() if isinstance(name, ast.Constant) and name.value.startswith("webhook.")
    }
    (listed,) = re.findall(r"\((`webhook\.added`[^)]*)\)", DOCUMENT)

    assert {"webhook" + name for name in re.findall(r"`(?:webhook)?(\.\w+)`", listed)} == own


def lines(beginning: str) -> str:
    """The Python of the document that begins so."""
    (found,) = [one for one in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL) if one.startswith(beginning)]
    return found


def test_the_receiver_of_the_document_is_fifteen_lines_and_verifies_a_real_delivery(
    make_webhook, make_delivery, capsys
):
    code = lines("from http.server")
    said: dict[str, Any] = {}

    def receive(request: BaseHTTPRequestHandler) -> None:
        came = receiver.received[-1]
        request.rfile = type("Body", (), {"read": lambda self, size: came.body[:size]})()
        said["Hooks"].do_POST(request)

    with receiving(receive) as receiver:
        webhook = make_webhook(receiver.url())
        exec(code.replace("whsec_…", webhook.known_secret), said)
        delivery = make_delivery(webhook)
        sending.send_due(webhook.pk)

    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    assert capsys.readouterr().out.startswith("order.paid A1\n")
    assert delivery.tries.get().status == 204


@pytest.mark.parametrize(
    ("wrong", "genuine"),
    [
        ({}, True),
        ({"webhook-id": "another"}, False),
        ({"webhook-timestamp": "1"}, False),
        ({"webhook-signature": "v1,AAAA"}, False),
        ({"body": b"{}"}, False),
    ],
)
def test_the_check_by_hand_tells_a_real_delivery_from_a_forged_one(make_webhook, make_delivery, wrong, genuine):
    said: dict[str, Any] = {}
    exec(lines("import base64"), said)
    with receiving() as receiver:
        webhook = make_webhook(receiver.url())
        make_delivery(webhook)
        sending.send_due(webhook.pk)
    (came,) = receiver.received

    headers = {**came.headers, **{name: value for name, value in wrong.items() if name != "body"}}

    assert said["is_genuine"](webhook.known_secret, headers, wrong.get("body", came.body)) is genuine
