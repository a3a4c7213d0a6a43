"""Which constraint of the database a write ran into."""

from django.db import IntegrityError


def violated_constraint(failure: IntegrityError) -> str:
    """The name of the constraint, as PostgreSQL reports it; "" when it reports none."""
    diagnosis = getattr(failure.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
