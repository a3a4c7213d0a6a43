"""A topic of the house's own, so that these tests rest on no other part."""

from collections.abc import Iterator

import pytest

from accounts.subscriptions import topics
from accounts.subscriptions.topics import Topic, TopicInfo


class News:
    """What the letters of the topic say, and how often they were filled."""

    def __init__(self) -> None:
        self.filled = 0
        self.gone: set[str] = set()

    def find(self, ids, viewer):
        known = {"": TopicInfo("News of the kiln", "/"), "open": TopicInfo("The open kiln", "/kiln/")}
        if viewer.user is not None:
            known["members"] = TopicInfo("The members' kiln", "/kiln/members/")
        return {one: known[one] for one in ids if one in known}

    def write(self, about):
        self.filled += 1
        return None if about in self.gone else {"title": f"Kiln {about}", "url": "https://agora.example/kiln/"}


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> Iterator[News]:
    """The topics `kiln` (standing), `kiln:open`, `kiln:members` (for the signed-in) and `firing` (told once)."""
    made = News()
    given = {"reason": "You asked for it.", "template": "back_in_stock", "find": made.find, "write": made.write}
    kiln = Topic(kind="kiln", words="News of the kiln", is_public=True, **given)
    firing = Topic(kind="firing", words="The next firing", ends_after_first=True, **given)
    monkeypatch.setattr(topics, "_topics", {"kiln": kiln, "firing": firing})
    return made
