"""Two people in a conversation, with scripts or without."""

import re

from playwright.sync_api import Locator, expect

from tests.e2e.visitor import PATIENCE, Visitor

RECONNECT = 60_000  # milliseconds; the web process is started again after a pause


def begin_about_order(customer: Visitor, number: str, body: str) -> None:
    """From the account to an own order, and from there to a conversation about it."""
    customer.goto("/account/")
    customer.follow("All your orders")
    customer.click(customer.page.get_by_role("listitem").filter(has_text=number).get_by_role("link").first)
    customer.follow("Contact us")
    customer.sees(f"Order {number}")
    customer.page.get_by_label("Your message").fill(body)
    customer.press("Send")
    hears(customer, body)
    follows(customer)


def take_from_desk(agent: Visitor, number: str, body: str) -> None:
    """Find the conversation about an order in the queue, and look after it from now on."""
    agent.goto("/talk/desk/")
    agent.press("Assign to me", within=agent.page.get_by_role("listitem").filter(has_text=number))
    hears(agent, body)
    follows(agent)


def follows(visitor: Visitor) -> None:
    """The room is live: its socket has answered where it stands. Pages with lists have sockets too, which follow none."""
    if visitor.has_scripts:
        visitor.waits_until(lambda: any('"head"' in frame for frame in visitor.frames))


def watches(visitor: Visitor, after: int = 0) -> None:
    """The page's lists are live: its socket has confirmed that, in a frame later than the first `after` frames."""
    if visitor.has_scripts:
        visitor.waits_until(lambda: any('"type":"ok"' in frame for frame in visitor.frames[after:]))


def write(visitor: Visitor, body: str) -> None:
    """Type a message into the composer and leave it there."""
    composer(visitor).press_sequentially(body, delay=10)


def say(visitor: Visitor, body: str) -> None:
    """Write a message and send it."""
    composer(visitor).fill(body)
    visitor.press("Send", within=visitor.page.locator("form.composer"))


def composer(visitor: Visitor) -> Locator:
    """Where a message is written."""
    return visitor.page.locator("form.composer").get_by_role("textbox")


def messages(visitor: Visitor, body: str) -> Locator:
    """The messages with exactly this text that the log shows."""
    return visitor.page.locator("#log .bubble").get_by_text(body, exact=True)


def hears(visitor: Visitor, body: str, patience: int = PATIENCE) -> None:
    """The log shows this message, once."""
    expect(messages(visitor, body)).to_have_count(1, timeout=patience)


def is_connected(visitor: Visitor, patience: int = RECONNECT) -> None:
    """Live, and with nothing that waits to be sent."""
    expect(visitor.page.locator("[data-connection]")).to_be_hidden(timeout=patience)
    expect(visitor.page.locator("#log [data-state=sending]")).to_have_count(0, timeout=patience)


def sees_typing(visitor: Visitor, name: str) -> None:
    """Somebody else is seen to be writing."""
    expect(visitor.page.locator("[data-typing]")).to_have_text(re.compile(f"{re.escape(name)}\\W* is typing"))


def sees_read(visitor: Visitor, body: str) -> None:
    """The own message is marked as seen by the other side."""
    line = visitor.page.locator("#log .message").filter(has=visitor.page.get_by_text(body, exact=True))
    expect(line.get_by_text("Seen", exact=True)).to_be_visible()
