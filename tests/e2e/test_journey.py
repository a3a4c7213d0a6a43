"""The main journey: a post, a purchase, a conversation, and the work of staff and developers on them."""

import json

import pytest
from django.utils.text import slugify
from playwright.sync_api import APIResponse, expect

from tests.e2e import conversations, orders, shopping
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor

MUG, BOWL = "STRAIGHT-MUG-OAT-SPECKLE", "BREAKFAST-BOWL-MOSS"
OUTAGE = "WebSocket connection"


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_purchase_conversation_refund_and_publication(site, visitors, size):
    guest, customer, staff, author = visitors(size=size), visitors(size=size), visitors(size=size), visitors(size=size)
    stock = orders.available(site, MUG, BOWL)

    number = buy_as_guest(guest)
    left = {MUG: stock[MUG] - 1, BOWL: stock[BOWL] - 2}
    assert orders.available(site, MUG, BOWL) == left
    assert orders.events(site, "order.paid", number) == 1
    assert "2 × Breakfast Bowl, Moss" in guest.reads_mail(number)

    customer.sign_in("customer@example.com")
    staff.sign_in("staff@example.com")
    room = talk_about_order(site, customer, staff)
    lose_nothing_when_the_web_process_dies(site, room, customer, staff)

    send_order(staff, number)
    assert orders.moved(site, number) == {MUG: -1, BOWL: -2}
    assert orders.available(site, MUG, BOWL) == left
    assert orders.events(site, "order.fulfilled", number) == 1
    refund_part(staff, number)
    guest.reads_mail(f"refund for order {number}")

    author.sign_in("author@example.com")
    title = f"Written at a {size}"
    hand_in(author, title)
    publish_waiting(staff, title)
    guest.goto("/journal/")
    guest.follow(title)
    guest.sees("One line.")

    read_api(author)
    publish_by_rest(author, staff, f"By REST from a {size}")


def buy_as_guest(guest: Visitor) -> str:
    guest.goto("/")
    guest.follow("The morning table")
    guest.sees("€34.00")
    shopping.buy_from_story(guest, "Straight Mug")
    shopping.sees_in_cart(guest, 1, "Straight Mug")
    guest.press("Close", within=guest.page.locator("#cart-drawer"))
    guest.follow("Breakfast Bowl", within=shopping.story_card(guest, "Breakfast Bowl"))
    shopping.buy_from_product_page(guest, glaze="Moss", quantity=2)
    shopping.sees_in_cart(guest, 3, "Straight Mug", "Breakfast Bowl")
    number = shopping.check_out(guest, "gwen@example.org")
    shopping.decline_then_pay(guest, number)
    return number


def talk_about_order(site: Site, customer: Visitor, staff: Visitor) -> str:
    number = orders.order_nobody_talks_about(site)
    conversations.begin_about_order(customer, number, "Is it on its way?")
    conversations.take_from_desk(staff, number, "Is it on its way?")

    conversations.write(staff, "It leaves today")
    conversations.sees_typing(customer, "Orla Brennan")
    conversations.say(staff, "It leaves today.")
    conversations.hears(customer, "It leaves today.")
    conversations.sees_read(staff, "It leaves today.")

    conversations.write(customer, "Thank you")
    conversations.sees_typing(staff, "Clara Neumann")
    conversations.say(customer, "Thank you!")
    conversations.hears(staff, "Thank you!")
    conversations.sees_read(customer, "Thank you!")
    return number


def lose_nothing_when_the_web_process_dies(site: Site, number: str, customer: Visitor, staff: Visitor) -> None:
    customer.expects(OUTAGE)
    staff.expects(OUTAGE)
    said = [f"Number {count}." for count in range(12)]

    for count, body in enumerate(said):
        conversations.say((customer, staff)[count % 2], body)
        if count == 5:
            site.kill_web()
    site.wait_for_web(customer.context.request)

    for visitor in (customer, staff):
        conversations.is_connected(visitor)
        for body in said:
            conversations.hears(visitor, body, conversations.RECONNECT)
    assert sorted(orders.said_about(site, number)[-len(said) :]) == sorted(said)


def send_order(staff: Visitor, number: str) -> None:
    open_order(staff, number, "Record shipment")
    staff.press("Record shipment")
    staff.sees("Shipment recorded")


def refund_part(staff: Visitor, number: str) -> None:
    open_order(staff, number, "Refund")
    staff.page.get_by_label("Custom amount").check()
    staff.page.get_by_label("Amount in EUR").fill("10.00")
    staff.page.get_by_label("Reason").fill("A scratch on the foot")
    staff.press("Refund")
    staff.sees("Refund of €10.00 requested.")


def open_order(staff: Visitor, number: str, verb: str) -> None:
    staff.goto(f"/admin/shop/order/?q={number}")
    staff.follow(number)
    staff.follow(verb, within=staff.page.locator(".object-tools"))


def hand_in(author: Visitor, title: str) -> None:
    author.goto("/admin/blog/post/add/")
    author.page.get_by_role("textbox", name="Title:").fill(title)
    author.page.get_by_role("textbox", name="Text:").fill("One line.")
    author.press("Save and continue editing")
    author.press("Save and submit for review")
    author.sees("is now: In review")


def publish_waiting(staff: Visitor, title: str) -> None:
    staff.goto("/admin/")
    staff.follow("In review")
    staff.follow(title)
    staff.press("Save and publish")
    staff.sees("is now: Published")


def read_api(developer: Visitor) -> None:
    developer.goto("/api/")
    expect(developer.page.get_by_role("heading", level=1)).to_have_text("Agora")
    developer.goto("/api/v1/posts/")
    developer.sees("The morning table")
    developer.goto("/api/docs/")
    developer.sees("/api/v1/posts/{slug}/publication/")


def publish_by_rest(author: Visitor, editor: Visitor, title: str) -> None:
    author.goto("/api/v1/posts/")
    author.page.get_by_label("Body, as JSON").fill(json.dumps({"title": title, "body": "One line."}))
    author.press("POST")
    author.sees("HTTP 201 Created", f'"title": "{title}"')

    publication = f"/api/v1/posts/{slugify(title)}/publication/"
    assert post(author, publication).status == 403
    published = post(editor, publication)
    assert (published.status, published.json()["status"]) == (201, "published")
    editor.goto(f"/journal/{slugify(title)}/")
    expect(editor.page.get_by_role("heading", level=1)).to_have_text(title)


def post(visitor: Visitor, path: str) -> APIResponse:
    """Send a POST request with the visitor's session and CSRF token."""
    [token] = [cookie["value"] for cookie in visitor.context.cookies() if cookie["name"] == "csrf"]
    return visitor.context.request.post(path, data={}, headers={"X-CSRFToken": token})
