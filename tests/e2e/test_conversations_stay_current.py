"""Long rooms open at the first unread message. Counts, lists and the desk update without a reload."""

import re

from playwright.sync_api import expect

from tests.e2e import conversations

SAID = """
WITH said AS (
    INSERT INTO chat_message
        (uid, room_id, seq, rev, author_id, kind, client_id, body, html, cards, created_at)
    SELECT gen_random_uuid(), r.id, r.last_seq + n, r.last_rev + n, u.id, 'text', gen_random_uuid(),
        'Line ' || n, '<p>Line ' || n || '</p>', '[]', now()
    FROM chat_room r, accounts_user u, generate_series(1, 180) n
    WHERE r.slug = 'glaze-talk' AND u.email = 'staff@example.com'
), place AS (
    UPDATE chat_membership m SET last_read_seq = r.last_seq FROM chat_room r, accounts_user u
    WHERE m.room_id = r.id AND m.user_id = u.id AND r.slug = 'glaze-talk' AND u.email = 'customer@example.com'
)
UPDATE chat_room SET last_seq = last_seq + 180, last_rev = last_rev + 180, last_message_at = now()
WHERE slug = 'glaze-talk' RETURNING id
"""


def top_of(visitor, selector):
    """Return the distance of an element from the top of the log."""
    script = "([a, b]) => document.querySelector(a).getBoundingClientRect().top - document.querySelector(b).getBoundingClientRect().top"
    return visitor.page.evaluate(script, [selector, "#scroller"])


def test_long_room_opens_at_first_unread_message_and_scrolling_marks_as_read(site, visitors):
    site.rows(SAID)
    customer = visitors()
    customer.sign_in("customer@example.com")
    customer.goto("/talk/rooms/glaze-talk/")
    page = customer.page
    line = page.locator("[data-rooms] .room[aria-current]")
    jump = page.get_by_role("button", name=re.compile("^Newest"))

    expect(page.locator("#unread")).to_have_text("180 new messages")
    customer.waits_until(lambda: 0 <= top_of(customer, "#unread") < 120)
    expect(conversations.messages(customer, "Line 1")).to_be_in_viewport()
    expect(page).to_have_title(re.compile(r"^\(\d+\+?\) Glaze talk"))
    expect(jump).to_be_visible()

    for _ in range(12):
        page.evaluate("document.querySelector('#scroller').scrollBy(0, 500)")
        page.wait_for_timeout(100)
    read = 180 - int(line.get_attribute("data-unread"))
    assert 10 < read < 180
    numbers = page.locator("#log .message[id]").evaluate_all("lines => lines.map((line) => Number(line.dataset.seq))")
    assert numbers == sorted(set(numbers))

    jump.click()
    expect(conversations.messages(customer, "Line 180")).to_be_in_viewport()
    expect(line.locator(".badge-count")).to_be_hidden()
    expect(jump).to_be_hidden()
    customer.waits_until(lambda: site.rows(READ)[0][0])
    page.reload()
    expect(conversations.messages(customer, "Line 180")).to_be_in_viewport()
    expect(page.locator("#unread")).to_have_count(0)


READ = """
SELECT m.last_read_seq = r.last_seq FROM chat_membership m JOIN chat_room r ON r.id = m.room_id
JOIN accounts_user u ON u.id = m.user_id WHERE r.slug = 'glaze-talk' AND u.email = 'customer@example.com'
"""


def test_desk_and_room_list_update_without_reload(visitors):
    customer, staff = visitors(size="phone"), visitors()
    customer.sign_in("customer@example.com")
    staff.sign_in("staff@example.com", then="/talk/desk/")
    conversations.watches(staff)
    queue = staff.page.locator("#desk")

    customer.goto("/talk/new/")
    customer.page.get_by_label("What is it about?").fill("A live question")
    customer.page.get_by_label("Your message").fill("Is anybody there?")
    customer.press("Send")
    conversations.hears(customer, "Is anybody there?")
    state = customer.page.locator("[data-case]")
    expect(state).to_have_text("Waiting for our reply")
    expect(queue.get_by_role("link", name="A live question")).to_be_visible()

    customer.goto("/talk/")
    conversations.watches(customer)
    line = customer.page.locator("[data-rooms] .room").filter(has_text="A live question")
    staff.follow("A live question", within=queue)
    conversations.say(staff, "We are.")
    expect(line.locator(".room-last")).to_have_text("We are.")
    expect(line.locator(".badge-count")).to_be_visible()
    expect(customer.page).to_have_title(re.compile(r"^\(\d+\+?\) Talk"))

    line.click()
    conversations.hears(customer, "We are.")
    expect(state).to_have_text("Answered")
    conversations.say(customer, "Thank you.")
    expect(state).to_have_text("Waiting for our reply")


def test_draft_survives_reload_and_too_long_text_is_reported(visitors):
    customer = visitors()
    customer.sign_in("customer@example.com")
    customer.goto("/talk/rooms/studio-open-door/")
    conversations.follows(customer)
    box = conversations.composer(customer)

    box.fill("Not finished")
    customer.page.reload()
    expect(box).to_have_value("Not finished")

    box.fill("x" * 10_123)
    expect(box).to_have_value("x" * 10_123)
    expect(customer.page.get_by_role("status").filter(has_text="123 too many")).to_be_visible()
    customer.press("Send", within=customer.page.locator("form.composer"))
    expect(customer.page.locator("#log [data-state=sending]")).to_have_count(0)
    expect(box).to_have_value("x" * 10_123)

    box.fill("")
    customer.page.reload()
    expect(box).to_have_value("")
