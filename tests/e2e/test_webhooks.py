"""Staff add a webhook, test it, read the response and resend it. Each page passes axe."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook as Verifier

from core.webhooks.tests.receiver import receiving, status
from tests.e2e.inspection import Inspector
from tests.e2e.visitor import MAIL_SECONDS


def test_a_webhook_from_its_address_to_its_log(visitors):
    inspector = Inspector({})
    owner = visitors()
    owner.sign_in("staff@example.com", then="/admin/core/webhook/add/")
    page = owner.page
    inspector.look(page)
    with receiving(status(503, b"not yet")) as receiver:
        page.get_by_label("Address").fill(receiver.url())
        page.get_by_label("Description").fill("Bookkeeping")
        page.get_by_label("Events").fill("order.refunded")
        owner.click(page.get_by_role("button", name="Save", exact=True))
        secret = page.get_by_label("Secret").input_value()
        inspector.look(page)

        owner.follow("Go on")
        inspector.look(page)
        owner.follow("Send a test event")
        inspector.look(page)
        owner.press("Send a test event")
        expect(page.get_by_text("A test event is on its way.")).to_be_visible()

        owner.follow("See its deliveries")
        wait_until(page, lambda: page.get_by_role("cell", name="503").count())
        inspector.look(page)
        owner.click(page.locator("#result_list tbody th a").first)
        expect(page.get_by_role("cell", name="not yet").first).to_be_visible()
        inspector.look(page)

        receiver.say = status(200)
        wait_until(page, lambda: page.get_by_role("link", name="Send again").count())
        owner.follow("Send again")
        inspector.look(page)
        owner.press("Send again")
        expect(page.get_by_text("The delivery will be sent again.")).to_be_visible()
        wait_until(page, lambda: len(receiver.received) >= 3)

    assert {Verifier(secret).verify(came.body, came.headers)["type"] for came in receiver.received} == {
        "webhook.tested"
    }
    assert len({came.headers["webhook-id"] for came in receiver.received}) == 1
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert not inspector.findings, inspector.report()


def wait_until(page: Page, has_come: Callable[[], object]) -> None:
    """Reload until the worker has finished."""
    ends = time.monotonic() + 2 * MAIL_SECONDS
    while not has_come():
        assert time.monotonic() < ends, "the worker has not come to it"
        page.wait_for_timeout(500)
        page.reload()
