"""Pages updated in place: Back and reload show the full page, and search and cart update at once."""

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import Visitor

SIZES = ["desktop", "phone"]


def is_whole(visitor: Visitor) -> None:
    expect(visitor.page.locator("header.site-header")).to_have_count(1)
    expect(visitor.page.locator("footer.site-footer")).to_have_count(1)


@pytest.mark.parametrize("size", SIZES)
def test_back_and_reload_after_sorting_a_category(visitors, size):
    visitor = visitors(size=size)
    page = visitor.page
    visitor.goto("/shop/")
    page.get_by_label("Sort by").select_option("price")
    page.wait_for_url("**ordering=price**")

    page.go_back()
    page.wait_for_url("**/shop/")
    is_whole(visitor)
    expect(page.get_by_label("Sort by")).to_have_value("-popularity")
    page.wait_for_load_state()

    page.go_forward()
    expect(page.get_by_label("Sort by")).to_have_value("price")
    page.wait_for_load_state()
    page.reload()
    is_whole(visitor)
    expect(page.get_by_label("Sort by")).to_have_value("price")


def test_back_after_filtering_a_category_clears_the_filter(visitors):
    visitor = visitors()
    page = visitor.page
    visitor.goto("/shop/")
    page.get_by_role("checkbox", name="Celadon").check()
    page.wait_for_url("**celadon**")

    page.go_back()

    page.wait_for_url("**/shop/")
    is_whole(visitor)
    expect(page.get_by_role("checkbox", name="Celadon")).not_to_be_checked()


@pytest.mark.parametrize("size", SIZES)
def test_back_and_reload_after_a_changed_search(visitors, size):
    visitor = visitors(size=size)
    page = visitor.page
    visitor.goto("/search/?q=bowl")
    words = page.locator("#search-words")
    words.fill("mug")
    page.wait_for_url("**q=mug**")
    page.wait_for_load_state("networkidle")

    page.go_back()
    page.wait_for_url("**q=bowl**")
    is_whole(visitor)
    expect(words).to_have_value("bowl")
    page.wait_for_load_state()

    page.reload()
    is_whole(visitor)
    expect(words).to_have_value("bowl")


def test_the_cart_count_is_right_after_back(visitors):
    visitor = visitors()
    page = visitor.page
    visitor.goto("/journal/")
    visitor.goto("/shop/p/side-plate/")
    visitor.press("Add to cart", within=page.locator("#buy"))
    expect(page.locator("#cart-drawer")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator("#buy").get_by_role("button", name="Add to cart")).to_be_focused()
    page.go_back()

    page.wait_for_url("**/journal/")
    expect(page.locator("#cart-count")).to_contain_text("1")


def test_suggestions_follow_the_typing_and_are_gone_through_by_keys(visitors):
    visitor = visitors()
    page = visitor.page
    visitor.goto("/")
    page.locator("#site-search").press_sequentially("teepo")

    first = page.locator(".suggestions a").first
    expect(first).to_contain_text("Teapot")
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/shop/p/teapot/")


def test_typing_never_shows_nothing_found_on_the_way_to_a_word(visitors):
    visitor = visitors(size="phone")
    page = visitor.page
    visitor.goto("/search/")
    for end in range(1, len("celadon") + 1):
        page.locator("#search-words").fill("celadon"[:end])
        page.wait_for_url(f"**q={'celadon'[:end]}")
        expect(page.locator("#search-results .empty")).to_have_count(0)


def test_a_word_without_a_break_fits_a_phone(visitors):
    visitor = visitors(size="phone")
    visitor.goto(f"/search/?q={'w' * 80}")

    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 390


def test_more_than_there_are_is_said_at_the_limit(visitors):
    visitor = visitors()
    page = visitor.page
    visitor.goto("/shop/p/side-plate/")
    quantity = page.locator("#buy").get_by_label("Quantity")
    limit = quantity.get_attribute("max")
    quantity.fill(limit)

    visitor.press("One more", within=page.locator("#buy"))

    expect(page.locator("#toasts")).to_contain_text(f"Only {limit} left.")
    expect(quantity).to_have_value(limit)
