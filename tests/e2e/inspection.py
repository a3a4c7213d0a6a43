"""Check pages for accessibility in both themes and on all screen sizes."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.e2e.visitor import Visitor

WIDTHS = (1280, 390)
NARROWEST = 320
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Frames are left out: the one there is shows a mail, in a sandbox that lets no script in. Nothing is preloaded: that
# would write a style element, which the policy refuses.
OPTIONS = {"resultTypes": ["violations"], "iframes": False, "preload": False}
THEMES = {
    "light": OPTIONS | {"runOnly": {"type": "tag", "values": TAGS}},
    # Another theme has other colours and nothing else.
    "dark": OPTIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
# Of the staff area's long tables the first rows stand for all.
AXE = """async options => {
  const {violations} = await axe.run({exclude: [".results tbody tr:nth-child(n+4)"]}, options);
  return violations.map(({id, help, nodes}) =>
    `${id} (${help}): ${nodes.slice(0, 4).map(node => node.target.join(" ")).join(" | ")}`);
}"""
# Colours on their way from one theme to the other would be measured halfway.
STAND_STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, ::before, ::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
}"""
TOO_WIDE = """() => {
  const root = document.documentElement;
  return root.scrollWidth > root.clientWidth ? root.scrollWidth : 0;
}"""


class Inspector:
    """Collects the findings of all inspected pages."""

    def __init__(self, titles: dict[str, str]) -> None:
        self.findings: list[str] = []
        self._titles = titles  # of each title the path that has it

    def look(self, page: Page, *, is_whole: bool = True) -> None:
        """Inspect the current page in both themes and on all screen sizes.

        A full page (`is_whole`) must have one h1 and a unique title.
        """
        page.wait_for_load_state()
        page.evaluate(AXE_SCRIPT)
        page.evaluate(STAND_STILL)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for theme, options in THEMES.items():
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                for violation in page.evaluate(AXE, options):
                    self._note(page, f"{theme}, {width}: {violation}")
        page.set_viewport_size({"width": NARROWEST, "height": 800})
        if too_wide := page.evaluate(TOO_WIDE):
            self._note(page, f"{too_wide} pixels wide on a screen of {NARROWEST}")
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        if is_whole:
            self._look_at_head(page)

    def report(self) -> str:
        """Return all findings, one per line."""
        return "\n".join(self.findings)

    def _look_at_head(self, page: Page) -> None:
        path = page.url.split("/", 3)[3].split("?")[0]
        if (headings := page.locator("h1").count()) != 1:
            self._note(page, f"{headings} headings of the first level")
        if (other := self._titles.setdefault(page.title(), path)) != path:
            self._note(page, f"is called “{page.title()}” like /{other}")

    def _note(self, page: Page, finding: str) -> None:
        self.findings.append(f"{page.url}: {finding}")


def look_at_all(inspector: Inspector, visitor: Visitor, *paths: str) -> None:
    """Open and inspect each path."""
    for path in paths:
        visitor.goto(path)
        inspector.look(visitor.page)
