"""Small marks of the design system: icons, pictures, money, moments, stars, sparklines."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import unescape
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString

from core.media.images import Image
from core.money import Money

register = template.Library()

AVATAR_TONES = 6
STARS_WIDTH = 120
SPARK_WIDTH, SPARK_HEIGHT = 100, 32


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite, hidden from assistive technology: the words stand beside it."""
    return format_html(
        '<svg class="icon{}{}" width="20" height="20" aria-hidden="true"><use href="{}#{}"></use></svg>',
        " " if css else "",
        css,
        static("icons/sprite.svg"),
        name,
    )


@register.inclusion_tag("components/picture.html")
def picture(image: Image | None, sizes: str = "100vw", priority: bool = False, css: str = "") -> Mapping[str, Any]:
    """A picture in the formats that are ready, with its size so that nothing moves; a vessel where there is none.

    `sizes` is the HTML attribute; `priority` is for the one picture that makes the first impression.
    """
    sources = [] if image is None else [(f"image/{kind}", image.srcset(kind)) for kind in ("avif", "webp")]
    return {
        "image": image,
        "sources": [(mime, srcset) for mime, srcset in sources if srcset],
        "sizes": sizes,
        "priority": priority,
        "css": css,
    }


@register.filter
def money(amount: Money | None) -> str:
    """An amount the way the reader's language writes it."""
    return "" if amount is None else amount.format(translation.to_locale(translation.get_language() or "en"))


@register.simple_tag
def when(moment: datetime | date | None, form: str = "date") -> SafeString | str:
    """A `<time>`; `form` is "date", "month", "datetime" or "time". A script gives the last two the reader's zone."""
    if moment is None:
        return ""
    formats = {
        "date": "DATE_FORMAT",
        "month": "YEAR_MONTH_FORMAT",
        "datetime": "DATETIME_FORMAT",
        "time": "TIME_FORMAT",
    }
    exact = moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()
    text = date_format(timezone.localtime(moment) if isinstance(moment, datetime) else moment, formats[form])
    if form in ("datetime", "time"):
        return format_html('<time datetime="{}" data-local="{}">{}</time>', exact, form, text)
    return format_html('<time datetime="{}">{}</time>', exact, text)


@register.filter(expects_localtime=True)
def exact_time(moment: datetime) -> str:
    """A moment with its zone, for mails: no script there puts it into the reader's."""
    return f"{date_format(moment, 'DATETIME_FORMAT')} {moment.tzname()}"


@register.inclusion_tag("components/rating.html")
def rating(value: float, count: int | None = None, url: str = "") -> Mapping[str, Any]:
    """Stars for a mean of 0 to 5, with the number of reviews and where they are."""
    return {"value": value, "count": count, "url": url, "filled": round(STARS_WIDTH * min(max(value, 0), 5) / 5, 1)}


@register.inclusion_tag("components/sparkline.html")
def sparkline(values: Sequence[float], label: str = "") -> Mapping[str, Any]:
    """A line of numbers over equal steps, drawn on the server. Without a label it is decoration beside the number."""
    top = max([*values, 0]) or 1
    step = SPARK_WIDTH / max(len(values) - 1, 1)
    points = [
        (round(i * step, 2), round(SPARK_HEIGHT * (1 - max(value, 0) / top), 2)) for i, value in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    return {"label": label, "line": line, "area": f"0,{SPARK_HEIGHT} {line} {SPARK_WIDTH},{SPARK_HEIGHT}"}


@register.filter
def bdi(name: object) -> SafeString:
    """A name that people chose, set apart so that its direction turns nothing round it."""
    return format_html("<bdi>{}</bdi>", name)


@register.filter
def isolate(name: object) -> str:
    """The same where no element can stand: in titles, attributes, subjects and plain text."""
    return f"\u2068{name}\u2069"


@register.filter
def plain_text(html: str) -> str:
    """The words of HTML that was drawn from Markdown, to be shown as text."""
    return " ".join(unescape(strip_tags(html)).split())


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and last word of a name, at most two."""
    words = str(name).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:]))


@register.filter
def tone(name: str) -> int:
    """A tone for an avatar without a picture: the same for the same name, on every machine."""
    return sum(str(name).encode()) % AVATAR_TONES
