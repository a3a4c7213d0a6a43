"""What every template may name."""

from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.content.services import text_pages

THEMES = frozenset({"light", "dark"})


class Site(NamedTuple):
    """The site's name and addresses."""

    name: str
    tagline: str
    url: str
    reply_to: str


def site(request: HttpRequest) -> dict[str, Any]:
    """Add values that every page needs.

    `site` (name, tagline, url, reply_to), `theme` ("light", "dark" or ""), `nav_section` (the first step of the path),
    `impersonated_by` (while a member of staff impersonates somebody) and `text_pages` (the slugs of existing pages,
    queried where a template names them).
    """
    chosen = request.COOKIES.get("theme", "")
    section = request.path.split("/", 2)[1]
    return {
        "site": Site(
            settings.SITE_NAME,
            getattr(settings, "SITE_TAGLINE", "") or str(_("A shop, a journal and a conversation.")),
            settings.SITE_URL,
            settings.REPLY_TO_EMAIL,
        ),
        "impersonated_by": getattr(request, "impersonated_by", None),
        "text_pages": text_pages.published_slugs,
        "theme": chosen if chosen in THEMES else "",
        "nav_section": section,
    }
