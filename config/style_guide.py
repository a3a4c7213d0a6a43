"""Every component in every state, with realistic and extreme content: what axe and the eyes look at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from core.composition.cards import Action, Card
from core.media.images import Image
from core.money import Money

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
LONG = (
    "Commemorative lidded serving tureen with double handles in reduction-fired copper red over "
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
)
GLAZES = (("Oat Speckle", "#d9c9ac"), ("Celadon", "#a5bba3"), ("Tenmoku", "#2b1a13"), ("Chalk White", "#ece7dc"))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The style guide, for staff; `?dir=rtl` turns it round. No query of its own."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not request.user.is_staff:
        raise PermissionDenied
    return render(request, "styleguide/page.html", context(rtl=request.GET.get("dir") == "rtl"))


def context(*, rtl: bool = False) -> dict[str, Any]:
    """What the style guide's template shows. Needs no database."""
    return {
        "rtl": rtl,
        "colors": ("canvas", "surface", "sunken", "ink", "ink-2", "line", "accent", "rim", "ok", "warn", "bad", "info"),
        "icons": ("search", "shopping-bag", "user", "heart", "truck", "package", "message-circle", "key-round", "flag"),
        **_pieces(),
        **_stories(),
        **_buying(),
        **_talking(),
        "empty_form": SampleForm(),
        "wrong_form": SampleForm({"email": "not an address", "country": "x", "speed": "", "note": "x" * 41}),
        "stats": _stats(),
    }


class SampleForm(forms.Form):
    """One of each kind of field."""

    email = forms.EmailField(label="E-mail", help_text="We write only about your order.")
    password = forms.CharField(widget=forms.PasswordInput({"autocomplete": "new-password"}), min_length=10)
    country = forms.ChoiceField(choices=[("de", "Germany"), ("fr", "France"), ("ie", "Ireland")])
    phone = forms.CharField(required=False, help_text="For the courier.")
    speed = forms.ChoiceField(label="Delivery", widget=forms.RadioSelect, choices=[("s", "Standard"), ("e", "Express")])
    note = forms.CharField(label="Gift note", widget=forms.Textarea, required=False, max_length=40)
    picture = forms.FileField(required=False)
    news = forms.BooleanField(label="Send me the kiln letter", required=False, help_text="Six times a year.")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What pagination needs of a page."""

    next: str
    previous: str


def _picture(name: str, width: int, height: int, alt: str, color: str) -> Image:
    return Image(static(f"img/sample-{name}.svg"), width, height, alt, color)


def _stats() -> list[dict[str, Any]]:
    revenue = Money(123456789_00, "EUR").format()
    rows = (
        ("Revenue today", revenue, "12% more than last Friday", "up", (3, 5, 4, 8, 6, 9, 12, 10, 14)),
        ("Orders to pack", "7", "2 since yesterday", "", ()),
        ("Refunds", "3", "1 more than last week", "down", (0, 1, 0, 3)),
        ("No data yet", "–", "", "", (0,)),
    )
    return [dict(zip(("label", "value", "note", "trend", "series"), row, strict=True)) for row in rows]


def _pieces() -> dict[str, Any]:
    vase = _picture("vase", 800, 800, "Tall vase in celadon on a green ground", "#c9c6b4")
    bowl = _picture("bowl", 800, 800, "Cobalt bowl with a brown rim", "#d6cab8")
    add = Action("Add to the cart", "#cart", "post", {"sku": "BOWL-COBALT"})
    pieces = (
        Card("product", "bottle-vase", "Bottle Vase", "#piece", "Thrown in two parts.", vase, Money(86_00, "EUR"),
             note="Celadon"),
        Card("product", "ramen-bowl", "Ramen Bowl", "#piece", "Deep enough to mean it.", bowl, Money(42_50, "EUR"),
             state="3 left", note="Cobalt, 4 glazes", action=add),
        Card("product", "tureen", LONG, "#piece", LONG, vase, Money(123456789_99, "EUR"), state="Made to order",
             note="Copper red over iron, in eleven further glazes"),
        Card("product", "no-picture", "Test Tile", "#piece", image=None, price=Money(1200, "JPY"), state="Sold out"),
    )  # fmt: skip
    return {
        "vase": vase,
        "bowl": bowl,
        "pieces": pieces,
        "piece": pieces[1],
        "gallery": (bowl, vase, _picture("mug", 1200, 800, "A mug in the evening", "#4a3b32")),
        "price": Money(34_00, "EUR"),
        "was": Money(42_50, "EUR"),
        "huge_price": Money(123456789_99, "EUR"),
        "glazes": [
            {"value": str(i), "label": label, "color": color, "checked": i == 0, "state": state}
            for i, ((label, color), state) in enumerate(zip(GLAZES, ("", "", "incompatible", "sold-out"), strict=True))
        ],
        "sizes": [
            {"value": "s", "label": "Small", "checked": False, "state": ""},
            {"value": "m", "label": "Medium", "checked": True, "state": ""},
            {"value": "l", "label": "Large, for a family that argues", "checked": False, "state": "incompatible"},
            {"value": "x", "label": "Extra large", "checked": False, "state": "sold-out"},
        ],
        "facets": [
            {"value": label, "label": label, "color": color, "count": count, "checked": i == 1, "disabled": not count}
            for i, ((label, color), count) in enumerate(zip(GLAZES, (12, 1100, 3, 0), strict=True))
        ],
        "chips": (("Celadon", "#filters"), ("Under €50", "#filters")),
    }


def _stories() -> dict[str, Any]:
    mug = _picture("mug", 1200, 800, "A mug of coffee before sunrise", "#4a3b32")
    summary = "What happens between cone 9 and the morning after, and why we do not open the kiln when we want to."
    stories = (
        Card("post", "opening-the-kiln", "Opening the kiln", "#story", summary, mug),
        Card("post", "long", LONG, "#story", summary * 3, None, note="For members"),
        Card("post", "short", "One vase, one branch", "#story", "", mug, state="Draft"),
    )
    return {
        "stories": stories,
        "published": NOW,
        "crumbs": (("Shop", "#shop"), ("Bowls", "#bowls"), ("Ramen Bowl", "")),
        "tabs": (
            {"label": "Everything", "url": "#tabs", "current": True, "count": 31},
            {"label": "Pieces", "url": "#tabs", "current": False, "count": 24},
            {"label": "Stories", "url": "#tabs", "current": False, "count": 7},
        ),
        "page": Neighbours(next="n", previous="p"),
    }


def _buying() -> dict[str, Any]:
    pieces = _pieces()
    line = {"title": "Ramen Bowl", "url": "#piece", "image": pieces["bowl"], "note": "Cobalt", "quantity": 2}
    long_line = {"title": LONG, "url": "#piece", "image": None, "note": "Copper red", "quantity": 1}
    return {
        "lines": (
            {**line, "total": Money(85_00, "EUR"), "was": Money(90_00, "EUR"), "problem": ""},
            {**long_line, "total": Money(123456789_99, "EUR"), "was": None, "problem": "Only 1 left"},
        ),
        "rows": (
            ("Subtotal", Money(123456874_99, "EUR"), ""),
            ("Delivery", "Free", "DHL, Tuesday to Thursday"),
            ("Voucher KILN10", Money(-8_50, "EUR"), ""),
        ),
        "total": Money(123456866_49, "EUR"),
        "steps": (
            {"label": "Contact", "url": "#steps", "state": "done"},
            {"label": "Delivery", "url": "#steps", "state": "done"},
            {"label": "Payment", "url": "", "state": "now"},
            {"label": "Review", "url": "", "state": "next"},
        ),
        "events": (
            {"label": "Paid", "at": NOW - timedelta(days=2), "state": "done", "note": ""},
            {"label": "Packed in two parcels", "at": NOW, "state": "now", "note": "The tureen follows on Monday."},
            {"label": "Delivery attempted", "at": None, "state": "failed", "note": "Nobody answered."},
            {"label": "Delivered", "at": None, "state": "next", "note": ""},
        ),
    }


def _talking() -> dict[str, Any]:
    message = {"author": "Ines Moreau", "at": NOW}
    answer = {**message, "author": "You", "own": True}
    quote = {"seq": 1, "author": "Ines Moreau", "text": "Does the oat glaze go into the dishwasher?"}
    marks = ({"emoji": "👍", "count": 3, "mine": True}, {"emoji": "🏺", "count": 1, "mine": False})
    return {
        "sample_room": {"uid": UUID(int=0), "name": "Glaze talk"},
        "sample_access": {"writes": True},
        "messages_before": (
            {**message, "seq": 1, "html": "Does the oat glaze go into the dishwasher?"},
            {**message, "seq": 2, "html": mark_safe("And the <b>microwave</b>?"), "grouped": True, "marks": marks},
            {**answer, "seq": 3, "html": mark_safe("Both, yes. See <a href='#m3'>the care page</a>."),
             "quote": quote, "edited": True, "seen": True},
        ),
        "messages_after": (
            {**message, "seq": 4, "author": LONG, "html": "x" * 400},
            {**message, "seq": 5, "html": "", "state": "deleted"},
            {**answer, "seq": 6, "html": "On its way", "state": "sending"},
            {**answer, "seq": 7, "html": "Not on its way", "state": "failed", "grouped": True},
            {**message, "seq": 8, "html": "Niall joined the conversation.", "system": True},
        ),
        "rooms": (
            {"name": "Glaze talk", "url": "#rooms", "last": "Ines: and the microwave?", "unread": 3, "current": False},
            {"name": "Studio open door", "url": "#rooms", "last": "You: Saturday at ten", "unread": 0, "current": True},
            {"name": "Ines Moreau", "url": "#rooms", "last": "Thank you!", "unread": 120, "presence": "here"},
            {"name": LONG, "url": "#rooms", "last": LONG, "unread": 0, "presence": "away"},
        ),
    }  # fmt: skip
