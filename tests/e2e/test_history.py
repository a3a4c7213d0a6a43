"""Back, forward and reload show the whole page of the address, whatever htmx swapped in the meantime."""

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import Visitor

SIZES = ["desktop", "phone"]


def is_whole(visitor: Visitor) -> None:
    expect(visitor.page.locator("header.site-header")).to_have_count(1)
    expect(visitor.page.locator("footer.site-footer")).to_have_count(1)


@pytest.mark.parametrize("size", SIZES)
def test_back_and_reload_after_sorting_a_shelf(visitors, size):
    visitor = visitors(size=size)
    page = visitor.page
    visitor.goto("/shop/")
    page.get_by_label("Sort by").select_option("price")
    page.wait_for_url("**ordering=price**")

    page.go_back()
    page.wait_for_url("**/shop/")
    is_whole(visitor)
    expect(page.get_by_label("Sort by")).to_have_value("-popularity")

    page.go_forward()
    page.wait_for_url("**ordering=price**")
    page.reload()
    is_whole(visitor)
    expect(page.get_by_label("Sort by")).to_have_value("price")


def test_back_after_filtering_a_shelf_unticks_the_filter(visitors):
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
    words.press("Enter")
    page.wait_for_url("**q=mug**")

    page.go_back()
    page.wait_for_url("**q=bowl**")
    is_whole(visitor)
    expect(words).to_have_value("bowl")

    page.reload()
    is_whole(visitor)
    expect(words).to_have_value("bowl")
