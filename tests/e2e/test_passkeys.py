"""Passkeys with a virtual authenticator: added, used to sign in and as MFA, removed."""

import re

from playwright.sync_api import expect

from tests.e2e.visitor import PASSWORD, Visitor

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """The virtual authenticator of a visitor's browser."""

    def __init__(self, visitor: Visitor) -> None:
        self._session = visitor.context.new_cdp_session(visitor.page)
        self._session.send("WebAuthn.enable")
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self._id = made["authenticatorId"]

    def answers(self, is_willing: bool) -> None:
        settings = {"authenticatorId": self._id, "enabled": is_willing}
        self._session.send("WebAuthn.setAutomaticPresenceSimulation", settings)


def test_a_passkey_is_added_signs_in_serves_as_second_factor_and_is_removed(visitors):
    visitor = visitors()
    page, device = visitor.page, Device(visitor)
    visitor.sign_in("customer@example.com", then="/account/security/")

    visitor.follow("Add a passkey")
    page.get_by_label("Name").fill("My phone")
    visitor.press("Add passkey")
    page.wait_for_url("**/account/security/recovery-codes/")
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as download:
        visitor.follow("Download")
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert download.value.path().read_text().split() == codes
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    visitor.press("Print")
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")
    visitor.follow("I have saved them")
    visitor.sees("My phone", "Passkey", "never used")

    sign_out(visitor)
    device.answers(False)
    visitor.goto("/account/login/?next=/account/security/")
    page.wait_for_load_state("networkidle")
    device.answers(True)
    if "/login/" in page.url:  # the browser's own offer may have been answered already
        visitor.press("Use a passkey")
    page.wait_for_url("**/account/security/")
    visitor.sees("last used")

    sign_out(visitor)
    device.answers(False)
    visitor.goto("/account/login/?next=/account/security/")
    page.get_by_label("Email address", exact=True).fill("customer@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/two-factor/")
    device.answers(True)
    visitor.press("Use a passkey or security key")
    page.wait_for_url("**/account/two-factor/trust/")
    visitor.press("Do not trust")
    page.wait_for_url("**/account/security/")

    visitor.follow("Remove My phone")
    visitor.press("Remove")
    page.wait_for_url("**/account/security/")
    expect(page.get_by_text("My phone")).to_have_count(0)


def test_an_account_is_made_with_a_passkey_and_opened_with_it(visitors):
    visitor = visitors()
    page, device = visitor.page, Device(visitor)

    visitor.goto("/account/signup/passkey/")
    page.get_by_label("Email address", exact=True).fill("passkey@example.org")
    visitor.press("Continue")
    page.wait_for_url("**/account/confirm-email/")
    code = re.search(r"^[B-Z]{4}-[B-Z]{4}$", visitor.reads_mail("Your sign-up code"), re.MULTILINE)
    assert code is not None
    visitor.goto("/account/confirm-email/")
    page.get_by_label("Code").fill(code[0])
    page.locator("main form button").first.click()
    page.wait_for_url("**/account/signup/passkey/key/")
    page.get_by_label("Name").fill("My phone")
    visitor.press("Create passkey")
    page.wait_for_url("**/account/")

    sign_out(visitor)
    device.answers(False)
    visitor.goto("/account/login/?next=/account/security/")
    page.wait_for_load_state("networkidle")
    device.answers(True)
    if "/login/" in page.url:
        visitor.press("Use a passkey")
    page.wait_for_url("**/account/security/")
    visitor.sees("My phone", "last used")


def sign_out(visitor: Visitor) -> None:
    visitor.goto("/account/logout/")
    visitor.press("Sign out", within=visitor.page.locator("main"))
    visitor.page.wait_for_url(visitor.site.url + "/")
