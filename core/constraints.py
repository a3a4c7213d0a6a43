"""Say a violated database constraint in words, at the field that mends it.

Each app registers the words of its constraints. Forms of the admin ask before they save; an IntegrityError that only
the database could find is translated by the same table.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict


class Explanation(NamedTuple):
    """The field at fault, or "" for the row as a whole, and the sentence for people."""

    field: str
    message: str | Promise


class ConstraintViolated(Conflict):
    code = "constraint_violated"


UNEXPLAINED = Explanation("", _("These values contradict each other or something that is saved already."))
STILL_IN_USE = Explanation("", _("Something else still refers to this."))

_explanations: dict[str, Explanation] = {}


def register(explanations: Mapping[str, tuple[str, str | Promise]]) -> None:
    """Add {constraint name: (field, message)}."""
    _explanations.update({name: Explanation(*words) for name, words in explanations.items()})


def is_explained(name: str) -> bool:
    return name in _explanations


def explain(name: str) -> Explanation:
    """The words of a constraint; a general sentence for one that nobody described."""
    return _explanations.get(name, UNEXPLAINED)


def to_error(failure: IntegrityError) -> ConstraintViolated:
    """The refusal to show in place of what the database said."""
    name = violated_constraint(failure) or ""
    is_foreign_key = getattr(failure.__cause__, "sqlstate", "") == "23503"
    words = _explanations.get(name) or (STILL_IN_USE if is_foreign_key else UNEXPLAINED)
    return ConstraintViolated(words.message, field=words.field)


def violated_constraint(refused: IntegrityError) -> str | None:
    """The name of the constraint or unique index, as PostgreSQL gives it; None where it names none."""
    diagnosis = getattr(refused.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
