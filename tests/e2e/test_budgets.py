"""Budgets of compressed bytes and requests for each page."""

import gzip
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Response

from tests.e2e.visitor import Visitor

# Kilobytes by the browser's kind of resource. In development nothing is compressed, so it is done here.
BUDGET = {"document": 30, "stylesheet": 30, "script": 40, "font": 60, "image": 120}
CHAT_SCRIPTS = 45
REQUESTS = 25
READY_MADE = ("font", "image")  # compressed as they are


class Meter:
    """Counts the requests and bytes of a page."""

    def __init__(self, visitor: Visitor) -> None:
        self.answers: list[Response] = []
        visitor.page.on("response", self._keep)

    def _keep(self, answer: Response) -> None:
        self.answers.append(answer)

    def kilobytes(self) -> dict[str, float]:
        """Return the transferred kilobytes by resource type."""
        sums: Counter[str] = Counter()
        for answer in self.answers:
            if 300 <= answer.status < 400:
                continue  # a redirect has no body
            kind, body = answer.request.resource_type, answer.body()
            sums[kind] += len(body if kind in READY_MADE else gzip.compress(body, 6))
        return {kind: size / 1024 for kind, size in sums.items()}


@pytest.fixture
def visit(visitors) -> Callable[..., Meter]:
    """Open a page, with an empty cache or after sign-in, and wait until the network is idle."""

    def go(path: str, email: str = "") -> Meter:
        visitor = visitors()
        if email:
            visitor.sign_in(email)
            visitor.page.wait_for_load_state("networkidle")
        meter = Meter(visitor)
        visitor.page.goto(path, wait_until="networkidle")
        return meter

    return go


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/shop/",
        "/shop/bowls/",
        "/shop/p/breakfast-bowl/",
        "/shop/cart/",
        "/journal/",
        "/journal/the-morning-table/",
        "/talk/",
        "/search/?q=bowl",
        "/account/login/",
    ],
)
def test_a_page_keeps_to_its_budget(visit, path):
    meter = visit(path)

    assert over_budget(meter.kilobytes(), BUDGET) == {}
    assert len(meter.answers) <= REQUESTS, [answer.url for answer in meter.answers]


def test_a_room_keeps_to_its_budget(visit):
    meter = visit("/talk/rooms/studio-open-door/", "customer@example.com")

    assert over_budget(meter.kilobytes(), BUDGET | {"script": CHAT_SCRIPTS}) == {}
    assert len(meter.answers) <= REQUESTS, [answer.url for answer in meter.answers]


def over_budget(used: dict[str, float], budget: dict[str, int]) -> dict[str, float]:
    """Return the resource types over budget, in kilobytes."""
    return {kind: round(used[kind], 1) for kind, most in budget.items() if used.get(kind, 0) > most}
