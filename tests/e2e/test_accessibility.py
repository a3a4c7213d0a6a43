"""Every page passes axe in both themes, on desktop and phone, and fits the narrowest screen."""

import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from core.context import Grant
from core.web import error_pages
from tests.e2e import conversations, orders, shopping
from tests.e2e.inspection import Inspector, look_at_all
from tests.e2e.visitor import PASSWORD, Visitor


@pytest.fixture(scope="session")
def titles() -> dict[str, str]:
    return {}


@pytest.fixture
def inspector(titles) -> Iterator[Inspector]:
    """An inspector that fails the test if it has findings."""
    one = Inspector(titles)
    yield one
    assert not one.findings, one.report()


def test_what_strangers_see(visitors, inspector):
    stranger = visitors()
    look_at_all(
        inspector,
        stranger,
        *("/", "/pages/about/", "/pages/privacy/", "/search/", "/search/?q=bowl", "/search/?q=xyzzy"),
        *("/shop/", "/shop/bowls/", "/shop/p/breakfast-bowl/", "/shop/p/creamer/", "/shop/cart/", "/shop/orders/find/"),
        *("/journal/", "/journal/tag/glaze/", "/journal/the-morning-table/"),
        *("/talk/", "/talk/rooms/glaze-talk/", "/talk/about/post/the-morning-table/"),
        *("/account/login/", "/account/login/code/", "/account/signup/", "/account/signup/passkey/"),
        *("/subscriptions/", "/subscriptions/check-your-inbox/"),
        *("/account/password/reset/", "/account/password/reset/done/"),
        *("/api/", "/api/v1/", "/api/v1/products/", "/api/docs/problems/"),
    )
    for reader in ("/api/docs/", "/api/docs/app/"):
        stranger.goto(reader)
        stranger.page.wait_for_selector(".opblock")
        inspector.look(stranger.page)
    stranger.goto("/journal/the-morning-table/")
    stranger.follow("Nuala Adeyemi")
    stranger.page.wait_for_url("**/journal/by/**")
    inspector.look(stranger.page)


def test_the_way_from_a_story_to_the_mail_about_an_order(visitors, inspector):
    guest = visitors()
    page = guest.page
    guest.goto("/journal/the-morning-table/")
    shopping.buy_from_story(guest, "Straight Mug")
    shopping.sees_in_cart(guest, 1, "Straight Mug")
    inspector.look(page, is_whole=False)
    guest.goto("/shop/cart/")
    inspector.look(page)
    number = shopping.check_out(guest, "axel@example.org", at_each_step=lambda: inspector.look(page))
    inspector.look(page)
    shopping.decline(guest, number)
    inspector.look(page)
    shopping.pay_again(guest, number)
    inspector.look(page)
    guest.reads_mail(number)
    inspector.look(page)
    guest.goto("/dev/mailbox/")
    inspector.look(page)


def test_what_customers_see(site, visitors, inspector):
    customer = visitors()
    customer.sign_in("customer@example.com")
    number = orders.order_nobody_talks_about(site)
    look_at_all(
        inspector,
        customer,
        *("/account/", "/account/profile/", "/account/email/", "/account/password/change/", "/account/logout/"),
        *("/account/export/", "/account/delete/"),
        *(
            "/account/security/",
            "/account/sessions/",
            "/account/connections/",
            "/account/activity/",
            "/account/security/authenticator-app/",
        ),
        "/account/notifications/",
        *("/shop/orders/", f"/shop/orders/{number}/", "/shop/p/straight-mug/reviews/"),
        *("/talk/new/", f"/talk/about/order/{number}/", "/talk/rooms/studio-open-door/"),
    )
    open_menu(customer)
    inspector.look(customer.page, is_whole=False)


def test_account_deletion_and_cancellation_pages(visitors, inspector):
    customer = visitors()
    customer.sign_in("amina.diallo@example.com", then="/account/delete/")
    page = customer.page
    page.get_by_label("Your email address").fill("amina.diallo@example.com")
    customer.press("Delete my account")
    page.get_by_role("heading", name="Your account will be deleted").wait_for()
    inspector.look(page)
    customer.sign_in("amina.diallo@example.com", then="/account/pending-deletion/")
    inspector.look(page)
    customer.press("Keep my account")
    page.wait_for_url("**/account/")


def test_the_way_to_a_second_factor_and_in_with_it(visitors, inspector):
    customer = visitors()
    customer.sign_in("sinead.kavanagh@example.com", then="/account/security/")
    page = customer.page
    look_at_all(inspector, customer, "/account/reauthenticate/", "/account/security/authenticator-app/")
    secret = page.get_by_label("Key").input_value()
    page.get_by_label("Code from the app").fill(code_of(secret))
    customer.press("Activate")
    page.wait_for_url("**/account/security/recovery-codes/")
    code = page.locator("#recovery-codes").inner_text().split()[0]
    inspector.look(page)
    look_at_all(inspector, customer, "/account/security/keys/add/", "/account/security/recovery-codes/new/")
    look_at_all(inspector, customer, "/account/security/authenticator-app/remove/", "/account/security/")
    customer.goto("/account/logout/")
    customer.press("Sign out", within=page.locator("main"))
    customer.goto("/account/login/")
    page.get_by_label("Email address", exact=True).fill("sinead.kavanagh@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    customer.press("Sign in")
    page.wait_for_url("**/account/two-factor/")
    inspector.look(page)
    page.get_by_label("Code from your authenticator app, or a recovery code").fill(code)
    customer.press("Sign in")
    page.wait_for_url("**/account/two-factor/trust/")
    inspector.look(page)


def code_of(secret: str) -> str:
    """Return the current code of an authenticator app."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_what_staff_see(site, visitors, inspector):
    staff = visitors()
    staff.sign_in("staff@example.com")
    [[room, number]] = site.rows("SELECT uid, subject_id FROM chat_room WHERE title = 'A chip on the rim'")
    look_at_all(
        inspector,
        staff,
        *("/staff/queue/", "/staff/bans/new/"),
        *("/talk/desk/", "/talk/desk/?tab=closed", f"/talk/c/{room}/", f"/shop/orders/{number}/"),
        *(f"/shop/orders/{number}/refunds/", "/insights/", "/styleguide/", "/styleguide/?dir=rtl"),
        *("/journal/one-vase-one-branch/", "/api/v1/orders/"),
    )


def test_the_staff_area(visitors, inspector):
    staff = visitors()
    staff.sign_in("staff@example.com", then="/admin/")
    inspector.look(staff.page)
    lists = staff.page.locator("#content-main th a")
    for path in [link.get_attribute("href") for link in lists.all()]:
        look_at_all(inspector, staff, path)
        entries = staff.page.locator("#result_list th a")
        if entries.count():
            look_at_all(inspector, staff, entries.first.get_attribute("href"))
        elif staff.page.locator(".object-tools .addlink").count():
            look_at_all(inspector, staff, f"{path}add/")


def test_acting_in_a_name(site, visitors, inspector):
    staff = visitors()
    staff.expects("status of 403")
    staff.sign_in("staff@example.com", then="/account/")
    uid = site.value("SELECT uid FROM accounts_user WHERE email = %s", "customer@example.com")
    look_at_all(inspector, staff, f"/account/impersonate/{uid}/")
    staff.page.get_by_label("Reason").fill("Asked on the phone")
    staff.press("Start impersonating")
    staff.page.wait_for_url("**/account/")
    look_at_all(inspector, staff, "/account/", "/shop/", "/account/activity/")
    staff.goto("/account/security/")
    inspector.look(staff.page, is_whole=False)  # a refusal, called as refusals are
    staff.press("Stop")
    staff.page.wait_for_url("**/change/")


def test_what_is_refused(visitors, inspector):
    customer = visitors()
    customer.expects("status of 40[34]")
    customer.sign_in("customer@example.com")
    look_at_all(inspector, customer, "/talk/desk/", "/talk/about/order/nothing/")


@pytest.mark.parametrize(
    "answer",
    [
        error_pages.handler400,
        error_pages.csrf_failure,
        error_pages.handler404,
        error_pages.handler429,
        error_pages.handler500,
    ],
)
def test_pages_about_errors(site, visitors, inspector, answer):
    """Development shows some of these in other clothes, so they are made here and shown at an address of the site."""
    visitor = visitors()
    visitor.expects("status of [45]")
    request = RequestFactory().get(f"/{answer.__name__}/")
    request.user, request.grant = AnonymousUser(), Grant.anonymous()
    made = answer(request)
    visitor.page.route(
        f"{site.url}{request.path}",
        lambda route: route.fulfill(status=made.status_code, headers=dict(made.items()), body=made.content),
    )
    look_at_all(inspector, visitor, request.path)


def open_menu(visitor: Visitor) -> None:
    """Open the message menu."""
    conversations.follows(visitor)
    visitor.page.locator("[data-more]:visible").first.click(force=True)
    visitor.page.locator("#message-menu").wait_for()
