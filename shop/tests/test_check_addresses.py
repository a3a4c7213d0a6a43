"""Addresses: tidy ones pass, incomplete ones name the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop import addresses
from shop.addresses import LIMITS, InvalidAddress
from shop.tests.factories import BERLIN


def test_an_address_is_trimmed_and_capitalised() -> None:
    raw = {"name": "  Ona  Finn ", "street": "Tern Lane", "postcode": "h91 t3kv", "city": "Galway", "country": "ie"}

    tidy = addresses.clean(raw)

    assert tidy["name"] == "Ona Finn"
    assert (tidy["postcode"], tidy["country"]) == ("H91 T3KV", "IE")
    assert set(tidy) == set(LIMITS)


@pytest.mark.parametrize("missing", ["name", "street", "city", "country"])
def test_a_missing_part_is_named(missing: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        addresses.clean({**BERLIN, missing: "  "}, field="shipping")

    assert refused.value.field == f"shipping_{missing}"


@pytest.mark.parametrize(
    ("country", "postcode", "good"),
    [
        ("DE", "10119", True),
        ("DE", "1011", False),
        ("NL", "1012 AB", True),
        ("NL", "1012", False),
        ("US", "10001-1234", True),
        ("IE", "", False),
        ("HK", "", True),
        ("FR", "７５００１", False),
    ],
)
def test_a_postcode_must_fit_its_country(country: str, postcode: str, good: bool) -> None:
    raw = {**BERLIN, "country": country, "postcode": postcode}

    if good:
        assert addresses.clean(raw)["postcode"] == postcode
    else:
        with pytest.raises(InvalidAddress) as refused:
            addresses.clean(raw)
        assert refused.value.field == "postcode"


@given(st.dictionaries(st.sampled_from(sorted(LIMITS)), st.one_of(st.none(), st.text(), st.integers())))
def test_whatever_is_sent_gives_a_bounded_address_or_a_refusal(raw: dict[str, object]) -> None:
    field = ""
    tidy: dict[str, str] = {}
    try:
        tidy = addresses.clean(raw)
    except InvalidAddress as refused:
        field = refused.field

    assert bool(tidy) != (field in LIMITS)
    assert all(len(value) <= LIMITS[key] for key, value in tidy.items())
