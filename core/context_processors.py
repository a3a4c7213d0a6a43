"""What every template may name."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

THEMES = frozenset({"light", "dark"})
SECTIONS = frozenset({"shop", "journal", "talk", "account", "search", "insights"})


def site(request: HttpRequest) -> dict[str, Any]:
    """`site` (name, tagline, url), `theme` ("light", "dark" or "") and `nav_section`, the first step of the path."""
    chosen = request.COOKIES.get("theme", "")
    section = request.path.split("/", 2)[1]
    return {
        "site": {
            "name": settings.SITE_NAME,
            "tagline": getattr(settings, "SITE_TAGLINE", "") or _("A shop, a journal and a conversation."),
            "url": settings.SITE_URL,
        },
        "theme": chosen if chosen in THEMES else "",
        "nav_section": section if section in SECTIONS else "",
    }
