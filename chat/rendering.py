"""From what people type to HTML that is safe to show. Pure."""

from django.utils.html import linebreaks, urlize


def render(body: str) -> str:
    """Escaped text with its line breaks kept and its web addresses made into links; "" for "" ."""
    return str(linebreaks(urlize(body, nofollow=True, autoescape=True), autoescape=False)) if body else ""
