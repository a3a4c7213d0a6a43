"""Visitors with a browser."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocket, expect

from tests.e2e.site import Site

PASSWORD = "clay-and-fire"
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
PATIENCE = 15_000  # milliseconds; the machine may be busy
MAIL_SECONDS = 120  # after the first start the worker renders the demo's pictures before anything else


class Visitor:
    """A visitor with a browser. Errors in the console fail the test."""

    def __init__(self, browser: Browser, site: Site, *, size: str = "desktop", **options: Any) -> None:
        self.site = site
        self.size = size
        self.has_scripts: bool = options.get("java_script_enabled", True)
        self.context: BrowserContext = browser.new_context(base_url=site.url, **SIZES[size], **options)
        self.context.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.frames: list[str] = []  # what came over the newest socket
        self._awaited: list[str] = []
        self.context.on("page", self._listen)
        self.page: Page = self.context.new_page()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self._hear(page, message.type, message.text))
        page.on("pageerror", lambda error: self._hear(page, "error", str(error)))
        page.on("websocket", self._follow_socket)

    def _follow_socket(self, socket: WebSocket) -> None:
        frames = self.frames = []
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    def _hear(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(re.search(awaited, text) for awaited in self._awaited):
            self.complaints.append(f"{page.url}: {text}")

    def expects(self, pattern: str) -> None:
        """Allow console errors that match, because the test causes them."""
        self._awaited.append(pattern)

    def goto(self, path: str) -> None:
        self.page.goto(path)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press the button whose name starts with this."""
        self.click((within or self.page).get_by_role("button", name=re.compile(f"^{re.escape(name)}")))

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Follow the first link with this name."""
        self.click((within or self.page).get_by_role("link", name=name).first)

    def click(self, target: Locator) -> None:
        """Click an element after the page and its scripts have loaded."""
        target.wait_for()
        self.page.wait_for_load_state()
        target.click()

    def sign_in(self, email: str, then: str = "/account/") -> None:
        self.goto(f"/account/login/?next={then}")
        self.page.get_by_label("Email address", exact=True).fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign in")
        self.page.wait_for_url(f"**{then}")

    def sees(self, *words: str) -> None:
        """Assert that the page contains each text."""
        for word in words:
            expect(self.page.get_by_text(word).first).to_be_visible(timeout=PATIENCE)

    def waits_until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        for _ in range(PATIENCE // 100):
            if holds():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"waited in vain on {self.page.url}")

    def reads_mail(self, subject: str) -> str:
        """Wait for the email with this subject and return its plain text."""
        entry = self.page.get_by_role("link", name=subject)
        self.goto("/dev/mailbox/")
        for _ in range(MAIL_SECONDS):
            if entry.count():
                break
            self.page.wait_for_timeout(1000)
            self.page.reload()
        entry.first.click()
        expect(self.page.get_by_role("heading", level=1, name=subject)).to_be_visible()
        return self.page.locator("pre.code").inner_text()
