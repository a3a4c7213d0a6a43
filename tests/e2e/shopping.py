"""Shopping steps, from a post to a paid order, with or without scripts."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.e2e.visitor import Visitor

ADDRESS = {
    "Name": "Gwen Guest",
    "Street and number": "Shop Street 12",
    "Postcode": "H91 A2B3",
    "City": "Galway",
}


def buy_from_story(visitor: Visitor, piece: str) -> None:
    """Press the button of a product card in the open post."""
    visitor.press("Add to cart", within=story_card(visitor, piece))


def story_card(visitor: Visitor, piece: str) -> Locator:
    """Return a product card in a post."""
    return visitor.page.locator(".embed").filter(has=visitor.page.get_by_role("heading", name=piece))


def buy_from_product_page(visitor: Visitor, *, glaze: str, quantity: int) -> None:
    """Choose a glaze and a quantity on a product page and add them to the cart."""
    page = visitor.page
    visitor.click(page.locator("label.option", has_text=glaze))
    if visitor.has_scripts:
        expect(page.locator("#buy .options-legend span")).to_have_text(glaze)
    else:
        visitor.press("Update")
    page.locator("#buy").get_by_label("Quantity").fill(str(quantity))
    visitor.press("Add to cart", within=page.locator("#buy"))


def sees_in_cart(visitor: Visitor, count: int, *titles: str) -> None:
    """Assert the number of items in the cart and these titles: in the drawer with scripts, else on the cart page."""
    page = visitor.page
    if visitor.has_scripts:
        cart = page.locator("#cart-drawer")
        expect(cart).to_be_visible()
    else:
        page.wait_for_url("**/shop/cart/")
        cart = page.locator("#cart")
    for title in titles:
        expect(cart.get_by_role("link", name=title).first).to_be_visible()
    expect(page.locator("#cart-count")).to_have_text(re.compile(rf"^{count}\b"))


def check_out(visitor: Visitor, email: str, at_each_step: Callable[[], None] = lambda: None) -> str:
    """Check out as a guest, from the open cart to the sandbox payment page. Returns the order number."""
    page = visitor.page
    visitor.follow("Check out")
    page.get_by_label("Email address").fill(email)
    at_each_step()
    visitor.press("Continue to delivery")
    page.get_by_label("Country").select_option("IE")
    for label, value in ADDRESS.items():
        page.get_by_label(re.compile(f"^{label}")).fill(value)
    page.get_by_role("radio", name=re.compile("^Standard")).check()
    at_each_step()
    visitor.press("Continue to payment")
    page.get_by_role("radio", name=re.compile("Sandbox", re.IGNORECASE)).check()
    at_each_step()
    visitor.press("Review order")
    visitor.sees("Review order", email, ADDRESS["Street and number"])
    at_each_step()
    visitor.press("Pay €")
    expect(page).to_have_title("Sandbox Bank")
    [number] = re.findall(r"for order (\w+)", page.locator("main").inner_text())
    return number


def decline_then_pay(visitor: Visitor, number: str) -> None:
    """Decline the first payment, then pay at the second attempt while the items are still reserved."""
    decline(visitor, number)
    pay_again(visitor, number)


def decline(visitor: Visitor, number: str) -> None:
    """Decline the payment and return to the order."""
    visitor.press("Decline")
    visitor.sees(f"Order {number}", "Payment failed", "You have not been charged.")


def pay_again(visitor: Visitor, number: str) -> None:
    """Pay from the order page and return to the paid order."""
    visitor.click(visitor.page.get_by_role("button", name=re.compile("^Pay €.*sandbox")))
    expect(visitor.page).to_have_title("Sandbox Bank")
    visitor.press("Pay")
    visitor.sees(f"Order {number}", "Thank you. We are preparing your order")
