"""Addresses: tidy ones pass, incomplete ones name the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.addresses import validation
from shop.addresses.validation import MAX_LENGTHS, InvalidAddress
from shop.tests.factories import BERLIN


def test_an_address_is_trimmed_and_capitalised() -> None:
    raw = {"name": "  Ona  Finn ", "street": "Tern Lane", "postcode": "h91 t3kv", "city": "Galway", "country": "ie"}

    tidy = validation.clean_address(raw)

    assert tidy["name"] == "Ona Finn"
    assert (tidy["postcode"], tidy["country"]) == ("H91 T3KV", "IE")
    assert set(tidy) == set(MAX_LENGTHS)


@pytest.mark.parametrize("missing", ["name", "street", "city", "country"])
def test_a_missing_part_is_named(missing: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        validation.clean_address({**BERLIN, missing: "  "}, field="shipping")

    assert refused.value.field == f"shipping_{missing}"


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("DE", "10119", "10119"),
        ("DE", "D-10115", "10115"),
        ("DE", "de 10115", "10115"),
        ("DE", "１０１１５", "10115"),
        ("DE", "\u200e10115\u200f", "10115"),
        ("AT", "A-1010", "1010"),
        ("CH", "CH-8001", "8001"),
        ("FR", "75 001", "75001"),
        ("FR", "F-75001", "75001"),
        ("FI", "FIN-00100", "00100"),
        ("NL", "1012ab", "1012 AB"),
        ("NL", "NL-1012 AB", "1012 AB"),
        ("PL", "00950", "00-950"),
        ("PL", "00–950", "00-950"),
        ("PL", "PL 00-950", "00-950"),
        ("PT", "1000001", "1000-001"),
        ("SE", "11455", "114 55"),
        ("SE", "SE-114 55", "114 55"),
        ("SE", "S-11455", "114 55"),
        ("CZ", "11000", "110 00"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "SW1A  1AA", "SW1A 1AA"),
        ("GB", "GB-M1 1AE", "M1 1AE"),
        ("IE", "D02X285", "D02 X285"),
        ("JP", "1000001", "100-0001"),
        ("JP", "〒１００－０００１", "100-0001"),
        ("JP", "100‐0001", "100-0001"),
        ("LT", "LT-01100", "01100"),
        ("LV", "LV-1010", "LV-1010"),
        ("LV", "1010", "LV-1010"),
        ("LU", "L-1234", "1234"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("US", "10001-1234", "10001-1234"),
        ("US", "100011234", "10001-1234"),
        ("HK", "", ""),
    ],
)
def test_a_postcode_is_taken_as_people_write_it_and_stored_as_the_post_does(country: str, typed: str, stored: str):
    tidy = validation.clean_address({**BERLIN, "country": country, "postcode": typed})

    assert tidy["postcode"] == stored
    assert validation.clean_address(tidy) == tidy


@pytest.mark.parametrize(
    ("country", "typed", "name"),
    [
        ("DE", "1011", "Germany"),
        ("DE", "F-10115", "Germany"),
        ("NL", "1012", "Netherlands"),
        ("IE", "", "Ireland"),
        ("SE", "1145", "Sweden"),
        ("US", "10001-12", "United States of America"),
    ],
)
def test_a_postcode_of_another_form_is_refused_and_names_the_country(country: str, typed: str, name: str):
    with pytest.raises(InvalidAddress) as refused:
        validation.clean_address({**BERLIN, "country": country, "postcode": typed}, field="shipping")

    assert refused.value.field == "shipping_postcode"
    assert refused.value.detail == f"Enter a valid postcode for {name}."


def test_marks_that_pasting_leaves_are_dropped():
    pasted = {
        **BERLIN,
        "name": "\ufeffOna Finn\u200b",
        "street": "\u200eTorstr\u00ada\u00dfe 1\u0007",
        "phone": "\u202a+49 30 1234567\u202c",
    }

    tidy = validation.clean_address(pasted)

    assert (tidy["name"], tidy["street"], tidy["phone"]) == ("Ona Finn", "Torstraße 1", "+49 30 1234567")


def test_joiners_that_spell_a_word_are_kept():
    persian, sinhala = "می\u200cنا", "ශ්\u200dරී ජයවර්ධනපුර"

    tidy = validation.clean_address({**BERLIN, "name": persian, "city": sinhala})

    assert (tidy["name"], tidy["city"]) == (persian, sinhala)


def test_an_address_of_invisible_characters_alone_is_missing():
    with pytest.raises(InvalidAddress) as refused:
        validation.clean_address({**BERLIN, "name": "\u200b\u2800\u3164"})

    assert refused.value.field == "name"


@given(st.dictionaries(st.sampled_from(sorted(MAX_LENGTHS)), st.one_of(st.none(), st.text(), st.integers())))
def test_whatever_is_sent_gives_a_bounded_address_or_a_refusal(raw: dict[str, object]) -> None:
    field = ""
    tidy: dict[str, str] = {}
    try:
        tidy = validation.clean_address(raw)
    except InvalidAddress as refused:
        field = refused.field

    assert bool(tidy) != (field in MAX_LENGTHS)
    assert all(len(value) <= MAX_LENGTHS[key] for key, value in tidy.items())
