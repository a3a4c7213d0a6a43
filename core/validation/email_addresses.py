"""The identity of a mailbox: one spelling for each, in all input.

The local part is kept in lower case; `+` tags stay distinct. A domain of other letters becomes its A-label (UTS 46),
however it is composed or written. Refused: what is invisible, a local part beyond ASCII (mail to it cannot be
delivered, and dotless i or long s would pass for i or s), quoted local parts, address literals.
"""

import re
from typing import Any, Final

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST: Final = 254
LONGEST_LOCAL: Final = 64
INVALID: Final = _("Enter a valid email address.")
_FOLDING: Final = "\u017f\u212a"  # long s and the Kelvin sign, which fold to ASCII
# No IGNORECASE: it lets letters pass that only fold to ASCII.
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])")


def canonical_email(value: str) -> str:
    """The one spelling of an address. Raises ValidationError for what is none."""
    local, at, domain = value.strip().rpartition("@")
    if not (at and local.isascii()):
        raise ValidationError(INVALID, code="invalid")
    local, domain = local.lower(), _to_ascii(domain)
    address = f"{local}@{domain}"
    is_valid = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not is_valid or len(local) > LONGEST_LOCAL or len(address) > LONGEST:
        raise ValidationError(INVALID, code="invalid")
    return address


def find_email(value: str) -> str:
    """The spelling by which an address is looked up: what is none finds nobody."""
    try:
        return canonical_email(value)
    except ValidationError:
        return value.strip().lower()


def validate_email_address(value: str) -> None:
    """For fields. Raises ValidationError."""
    canonical_email(value)


def email_constraint(name: str, *, blank: bool = False) -> models.CheckConstraint:
    """The same rule in the database, as far as it has one: one @, no white space, no control characters.

    Letters beyond ASCII pass: addresses from before the rule may hold them.
    """
    shape = models.Q(email__regex=r"^[^\s@[:cntrl:]]+@[^\s@[:cntrl:]]+$")
    return models.CheckConstraint(condition=models.Q(email="") | shape if blank else shape, name=name)


class EmailField(forms.EmailField):
    """An address of a form, in its one spelling."""

    default_validators = [validate_email_address]  # noqa: RUF012  Django's way

    def clean(self, value: Any) -> str:
        return clean_field(self, value)


def clean_field(field: forms.EmailField, value: Any) -> str:
    """`clean` of a form's field whose validators are as above. Raises ValidationError."""
    cleaned: str = forms.EmailField.clean(field, value)
    return canonical_email(cleaned) if cleaned else ""


def _to_ascii(domain: str) -> str:
    if any(not char.isprintable() or char in _FOLDING for char in domain):
        raise ValidationError(INVALID, code="invalid")
    lowered = domain.lower()
    if domain.isascii() and "xn--" not in lowered:
        return lowered
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode()
    except UnicodeError:
        raise ValidationError(INVALID, code="invalid") from None


ERASED_EMAIL_DOMAIN: Final = "@invalid"  # how it ends: no mail server takes it (RFC 2606)
