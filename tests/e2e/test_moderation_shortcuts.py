"""Staff use the moderation queue by keyboard: move, select, decide, undo."""

from playwright.sync_api import expect

REVIEWS = "/staff/queue/?kind=review"


def test_reported_reviews_are_decided_by_keys_and_taken_back(site, visitors):
    reported = site.rows("SELECT uid FROM shop_review WHERE status = 'published' ORDER BY id LIMIT 2")
    reporter, staff = visitors(), visitors()
    for [review] in reported:
        reporter.goto(f"/reports/review/{review}/")
        reporter.page.get_by_role("radio").first.check()
        reporter.press("Send report")
        expect(reporter.page.get_by_text("Thank you for your report. Our staff will review it.")).to_be_visible()
    staff.sign_in("staff@example.com", then="/account/")
    staff.goto(REVIEWS)
    page, rows = staff.page, staff.page.locator("[data-queue-row]")
    expect(rows).to_have_count(2)

    def states():
        return site.rows("SELECT status FROM shop_review WHERE uid = ANY(%s)", [uid for [uid] in reported])

    def press(*keys):
        page.wait_for_load_state()
        for key in keys:
            page.keyboard.press(key)

    press("j")
    expect(rows.nth(0)).to_be_focused()
    press("j")
    expect(rows.nth(1)).to_be_focused()
    press("k", "x")
    expect(rows.nth(0).get_by_role("checkbox")).to_be_checked()
    press("x", "?")
    expect(page.locator("#queue-keys")).to_have_attribute("open", "")
    page.get_by_label("Note for staff").focus()
    press("a", "r")
    expect(page.get_by_label("Note for staff")).to_have_value("ar")
    expect(rows).to_have_count(2)

    page.goto(REVIEWS)
    press("j", "a")
    expect(rows).to_have_count(1)
    press("j", "r")
    expect(page.get_by_text("Nothing to review")).to_be_visible()
    assert sorted(states()) == [("hidden",), ("published",)]

    press("u")
    expect(rows).to_have_count(2)
    assert states() == [("published",)] * 2
