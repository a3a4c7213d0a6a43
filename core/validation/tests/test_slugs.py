"""The readable part of an address keeps every script as it is read."""

import pytest
from django.core.exceptions import ValidationError

from core.validation.slugs import make_slug, validate_slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("हिन्दी में लेख", "हिन्दी-में-लेख"),
        ("ก่อนบ่าย ที่นี่", "ก่อนบ่าย-ที่นี่"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("தமிழ் கட்டுரை", "தமிழ்-கட்டுரை"),
        ("cafe\u0301 au lait", "caf\u00e9-au-lait"),
        ("Don't fire -- at 1,240 °C!", "dont-fire-at-1240-c"),
        ("snake_case", "snake_case"),
        ("陶芸の話", "陶芸の話"),
        ("İstanbul", "i̇stanbul"),
        ("???", ""),
        ("a\u200bb\u202ec\ufffe", "abc"),
    ],
)
def test_letters_keep_their_marks_and_all_else_goes(title, slug):
    assert make_slug(title, 80) == slug


def test_a_slug_is_not_cut_between_a_letter_and_its_marks():
    assert make_slug("किकि", 3) == "कि"
    assert make_slug("abc def", 4) == "abc"


@pytest.mark.parametrize("title", ["हिन्दी में", "cafe\u0301", "ﬁne", "İstanbul"])
def test_a_slug_of_a_slug_is_the_same(title):
    slug = make_slug(title, 80)

    assert make_slug(slug, 80) == slug
    validate_slug(slug)


@pytest.mark.parametrize("value", ["", "a b", "a/b", "a\u202eb", "a\x00"])
def test_a_field_refuses_what_no_slug_holds(value):
    with pytest.raises(ValidationError):
        validate_slug(value)
