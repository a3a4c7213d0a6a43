"""The small marks: pictures, money, moments, stars, lines."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.utils import translation

from core.media.images import Image, Rendition
from core.money import Money
from core.templatetags.ui import initials, tone

MOMENT = datetime(2026, 11, 20, 14, 5, 9, 123456, tzinfo=UTC)
BOWL = Image(
    "/media/bowl.webp",
    1200,
    800,
    'A bowl, "blue"',
    "#27467f",
    (
        Rendition("/media/bowl-320.avif", 320, "avif"),
        Rendition("/media/bowl-640.avif", 640, "avif"),
        Rendition("/media/bowl-320.webp", 320, "webp"),
    ),
)


def draw(source: str, **values: object) -> str:
    return Template("{% load ui %}" + source).render(Context(values)).strip()


def test_a_picture_offers_its_renditions_and_keeps_its_place():
    html = draw('{% picture bowl sizes="50vw" %}', bowl=BOWL)

    assert 'data-color="#27467f"' in html
    assert (
        '<source type="image/avif" srcset="/media/bowl-320.avif 320w, /media/bowl-640.avif 640w" sizes="50vw">' in html
    )
    assert '<source type="image/webp" srcset="/media/bowl-320.webp 320w" sizes="50vw">' in html
    assert 'width="1200" height="800" alt="A bowl, &quot;blue&quot;" loading="lazy"' in html
    assert "fetchpriority" not in html


def test_the_first_picture_of_a_page_is_not_lazy():
    html = draw("{% picture bowl priority=True %}", bowl=BOWL)

    assert 'fetchpriority="high"' in html
    assert "loading" not in html


def test_a_picture_without_renditions_has_no_sources_and_a_missing_one_is_a_vessel():
    plain = draw("{% picture bowl %}", bowl=Image("/a.webp", 10, 10, ""))
    missing = draw("{% picture nothing %}", nothing=None)

    assert "<source" not in plain
    assert 'alt=""' in plain
    assert "picture-none" in missing
    assert "#amphora" in missing


def test_money_follows_the_language_of_the_reader(settings, monkeypatch):
    settings.USE_I18N = True  # as a site of two languages has it
    monkeypatch.setattr(translation, "_trans", type(translation._trans)())
    with translation.override("en"):
        english = draw("{{ price|money }}", price=Money(123456789_99, "EUR"))
    with translation.override("de"):
        german = draw("{{ price|money }}", price=Money(123456789_99, "EUR"))

    assert english == "€123,456,789.99"
    assert german == "123.456.789,99\xa0€"
    assert draw("{{ price|money }}", price=None) == ""


def test_moments_carry_their_machine_form_without_fractions():
    assert draw("{% when day %}", day=date(2026, 11, 20)) == '<time datetime="2026-11-20">20 Nov 2026</time>'
    assert 'datetime="2026-11-20T14:05:09+00:00" data-local="time"' in draw('{% when at "time" %}', at=MOMENT)
    assert "data-local" not in draw("{% when at %}", at=MOMENT)
    assert draw("{% when at %}", at=None) == ""


@pytest.mark.parametrize(("value", "filled"), [(0, "0.0"), (2.5, "60.0"), (4.3, "103.2"), (5, "120.0"), (9, "120.0")])
def test_stars_are_filled_in_proportion(value: float, filled: str):
    assert f'viewBox="0 0 {filled} 24"' in draw("{% rating value count=2 %}", value=value)


def test_stars_say_their_value_and_count():
    html = draw('{% rating 4.3 count=1 url="#reviews" %}')

    assert "4.3 of 5 stars" in html
    assert '<a href="#reviews"><span>1 review</span></a>' in html


def test_a_sparkline_spans_its_box_and_survives_nothing():
    html = draw('{% sparkline values label="Orders" %}', values=[0, 5, 10])

    assert 'points="0.0,32.0 50.0,16.0 100.0,0.0"' in html
    assert 'role="img" aria-label="Orders"' in html
    assert 'points=""' in draw("{% sparkline values %}", values=[])
    assert 'points="0.0,32.0"' in draw("{% sparkline values %}", values=[0])


def test_initials_and_tones_are_the_same_every_time():
    assert [initials(name) for name in ("Ines Moreau", "Ida", "Anna Maria von Hohenfels", "")] == ["IM", "I", "AH", ""]
    assert tone("Ines Moreau") == tone("Ines Moreau") in range(6)
    assert {tone(name) for name in ("Ines", "Ben", "Ida", "Li", "Ada", "Max", "Sam")} > {tone("Ines")}


def test_plain_text_of_a_drawn_text_has_no_marks():
    html = "<p>So <strong>bold</strong> &amp; <em>good</em></p>\n<p>Yes</p>"

    assert draw("{{ html|plain_text }}", html=html) == "So bold &amp; good Yes"


def test_an_exact_time_names_its_zone(settings):
    assert draw("{{ at|exact_time }}", at=datetime(2026, 12, 1, 17, 26, tzinfo=UTC)) == "1 Dec 2026, 17:26 UTC"
