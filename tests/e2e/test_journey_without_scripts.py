"""The main journey up to the conversation, without JavaScript."""

import pytest

from tests.e2e import conversations, shopping
from tests.e2e.orders import order_nobody_talks_about


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_guest_buys_from_a_story_and_from_a_product_page(visitors, size):
    guest = visitors(size=size, java_script_enabled=False)

    guest.goto("/")
    guest.follow("The morning table")
    shopping.buy_from_story(guest, "Side Plate")
    shopping.sees_in_cart(guest, 1, "Side Plate")
    guest.follow("Side Plate", within=guest.page.locator("#cart"))
    shopping.buy_from_product_page(guest, glaze="Chalk White", quantity=3)
    shopping.sees_in_cart(guest, 4, "Side Plate")
    number = shopping.check_out(guest, "noel@example.org")
    shopping.decline_then_pay(guest, number)

    assert "3 × Side Plate, Chalk White" in guest.reads_mail(number)


def test_a_customer_and_the_staff_talk_about_an_order_by_forms(site, visitors):
    customer, staff = visitors(size="phone", java_script_enabled=False), visitors(java_script_enabled=False)
    customer.sign_in("customer@example.com")
    staff.sign_in("staff@example.com")
    number = order_nobody_talks_about(site)

    conversations.begin_about_order(customer, number, "Could you send it on Friday?")
    conversations.take_from_desk(staff, number, "Could you send it on Friday?")
    conversations.say(staff, "On Friday, certainly.")
    conversations.hears(staff, "On Friday, certainly.")

    customer.page.reload()
    conversations.hears(customer, "On Friday, certainly.")
    conversations.say(customer, "Thank you.")
    conversations.hears(customer, "Thank you.")
