"""Conversation steps, with or without scripts."""

import re

from playwright.sync_api import Locator, expect

from tests.e2e.visitor import PATIENCE, Visitor

RECONNECT = 60_000  # milliseconds; the web process is started again after a pause


def begin_about_order(customer: Visitor, number: str, body: str) -> None:
    """Start a conversation about an order from its page."""
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
    """Assign the conversation about an order from the desk."""
    agent.goto("/talk/desk/")
    agent.press("Assign to me", within=agent.page.get_by_role("listitem").filter(has_text=number))
    hears(agent, body)
    follows(agent)


def follows(visitor: Visitor) -> None:
    """Wait until the socket follows the room."""
    if visitor.has_scripts:
        visitor.waits_until(lambda: any('"head"' in frame for frame in visitor.frames))


def watches(visitor: Visitor) -> None:
    """Wait until the newest socket has confirmed that it watches lists."""
    if visitor.has_scripts:
        visitor.waits_until(lambda: any('"type":"ok"' in frame for frame in visitor.frames))


def write(visitor: Visitor, body: str) -> None:
    """Type a message without sending it."""
    composer(visitor).press_sequentially(body, delay=10)


def say(visitor: Visitor, body: str) -> None:
    """Type and send a message."""
    composer(visitor).fill(body)
    visitor.press("Send", within=visitor.page.locator("form.composer"))


def composer(visitor: Visitor) -> Locator:
    """Return the message field."""
    return visitor.page.locator("form.composer").get_by_role("textbox")


def messages(visitor: Visitor, body: str) -> Locator:
    """Return the messages with exactly this text."""
    return visitor.page.locator("#log .bubble").get_by_text(body, exact=True)


def hears(visitor: Visitor, body: str, patience: int = PATIENCE) -> None:
    """Assert that the log shows this message once."""
    expect(messages(visitor, body)).to_have_count(1, timeout=patience)


def is_connected(visitor: Visitor, patience: int = RECONNECT) -> None:
    """Assert that the socket is connected and no message is waiting to be sent."""
    expect(visitor.page.locator("[data-connection]")).to_be_hidden(timeout=patience)
    expect(visitor.page.locator("#log [data-state=sending]")).to_have_count(0, timeout=patience)


def sees_typing(visitor: Visitor, name: str) -> None:
    """Assert that the typing indicator shows this name."""
    expect(visitor.page.locator("[data-typing]")).to_have_text(re.compile(f"{re.escape(name)}\\W* is typing"))


def sees_read(visitor: Visitor, body: str) -> None:
    """Assert that the visitor's own message is marked as seen."""
    line = visitor.page.locator("#log .message").filter(has=visitor.page.get_by_text(body, exact=True))
    expect(line.get_by_text("Seen", exact=True)).to_be_visible()
