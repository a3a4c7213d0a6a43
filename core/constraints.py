"""Which rule of the database a refused statement broke."""

from django.db import IntegrityError


def violated_constraint(refused: IntegrityError) -> str | None:
    """The name of the constraint or unique index, as PostgreSQL gives it; None where it names none."""
    diagnosis = getattr(refused.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
