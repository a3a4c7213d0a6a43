"""Make the readable part of an address from a title, in any script."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

# Letters, digits and their marks: vowel signs of Indic scripts, tones of Thai, points of Arabic and Hebrew, which `\w`
# leaves out.
_KEPT = frozenset({"Ll", "Lu", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "Pc"})


def make_slug(text: str, length: int) -> str:
    """Lower case, composed, words joined by hyphens, at most `length` characters; "" where nothing can be kept.

    It is never cut between a letter and its marks.
    """
    composed = unicodedata.normalize("NFKC", text).lower()
    # Lower case can decompose, and only what is composed compares equal.
    kept = "".join(letter for letter in unicodedata.normalize("NFKC", composed) if _is_kept(letter))
    slug = re.sub(r"[-\s]+", "-", kept)
    end = length
    while 0 < end < len(slug) and unicodedata.category(slug[end]).startswith("M"):
        end -= 1
    return slug[:end].strip("-_")


def _is_kept(letter: str) -> bool:
    return letter == "-" or letter.isspace() or unicodedata.category(letter) in _KEPT


def validate_slug(value: str) -> None:
    """Refuse what `make_slug` would not leave as it is, but for capital letters."""
    if not value or any(letter.isspace() or not _is_kept(letter) for letter in value):
        raise ValidationError(_("Use letters, digits, underscores and hyphens only."), code="invalid")


class SlugField(models.SlugField):
    """A slug in any script. Django's own refuses the vowel signs of Indic scripts and the tones of Thai."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "allow_unicode": True})
        self.default_validators = [validate_slug]

    def formfield(self, **kwargs: Any) -> Any:
        return models.CharField.formfield(self, **kwargs)
