"""One mailbox has one spelling."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from core.validation.email_addresses import EmailField, canonical_email, find_email

BUCHER = "ann@xn--bcher-kva.example"
SAME = [
    ("Ann@Example.ORG ", "ann@example.org"),
    ("ann@b\u00fccher.example", BUCHER),
    ("ann@bu\u0308cher.example", BUCHER),
    ("ann@B\u00dcCHER.example", BUCHER),
    ("ann@BU\u0308CHER.EXAMPLE", BUCHER),
    ("ann@XN--BCHER-KVA.example", BUCHER),
    ("ann@b\u00fccher\u3002example", BUCHER),
    ("ann@fa\u00dfe.example", "ann@xn--fae-6ka.example"),
    ("ann+clay@example.org", "ann+clay@example.org"),
    ("a%40b@example.org", "a%40b@example.org"),
    ("o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk"),
]
REFUSED = [
    "", "ann", "@example.org", "ann@", "ann@localhost", "ann@example.org.", "ann@.example.org", "ann@example..org",
    "ann@-a.example", "ann@a_b.example", "ann@1.2.3.4", "ann@[127.0.0.1]", '"ann"@example.org', '"a b"@example.org',
    "ann@ex ample.org", "an n@example.org", "ann.@example.org", ".ann@example.org", "a..n@example.org", "ann@a@example.org",
    "fat\u0131ma@example.org", "\u017fam@example.org", "\u212aim@example.org", "ann@\u017fhop.example", "j\u00fcrgen@example.org",
    "zw\u200b@example.org", "zw@exam\u200bple.org", "zw@example.org\u200b", "\ufeffzw@example.org", "zw@exam\u00adple.org",
    "zw@example.org\u202e", "zw@exam\x00ple.org", "zw\n@example.org", "zw@example.org\r\nBcc: x@example.org",
    "ann@xn--a.example", "ann@xn--bcher-kv.example\u3164", "a" * 65 + "@example.org", "ann@" + "a" * 64 + ".example",
    "ann@" + "a." * 130 + "example", "ann@example.o",
]  # fmt: skip


@pytest.mark.parametrize(("typed", "kept"), SAME, ids=ascii)
def test_spellings_of_one_mailbox_are_one(typed, kept):
    assert canonical_email(typed) == find_email(typed) == EmailField().clean(typed) == kept


@pytest.mark.parametrize("typed", REFUSED, ids=ascii)
def test_what_is_no_mailbox_is_refused(typed):
    with pytest.raises(ValidationError):
        canonical_email(typed)
    with pytest.raises(ValidationError):
        EmailField().clean(typed)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_accepted_is_ascii_and_stays_as_it_is(local, domain):
    try:
        kept = canonical_email(f"{local}@{domain}.example")
    except ValidationError:
        return
    assert kept.isascii()
    assert canonical_email(kept) == kept
