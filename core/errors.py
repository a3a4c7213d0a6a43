"""What a service says when it refuses. One class hierarchy, mapped in one place to each edge.

API: `core.api.viewsets.problem_handler` makes RFC 9457 problem+json. Pages: `core.forms.add_error` or an error page.
Sockets: an `err` frame. Every error names what is wrong and, where there is one, the field and the fix.
"""

from typing import Any, ClassVar

import structlog
from django.db import DataError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

log = structlog.get_logger(__name__)


class DomainError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and a message for people.

    `message` may hold named placeholders filled from `details`. `field` names the input at fault, as a form has it;
    `pointer` is its JSON pointer where the API names it otherwise.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    message: ClassVar[str | Promise] = _("This is not possible.")

    def __init__(self, message: str | Promise = "", *, field: str = "", pointer: str = "", **details: Any) -> None:
        self.field = field
        self.pointer = pointer or (f"/{field}" if field else "")
        self.details = details
        text = str(message or self.message)
        self.detail = text % details if details and not message else text
        super().__init__(self.detail)


class Invalid(DomainError):
    """Input that is not acceptable."""

    code = "invalid"
    status = 422
    message = _("The input is not valid.")


class NotFound(DomainError):
    """A thing that does not exist, or that this viewer may not know of."""

    code = "not_found"
    status = 404
    message = _("There is nothing here.")


class Denied(DomainError):
    """Known, but not allowed. `required_permission` among the details names what a role of the person must hold."""

    code = "permission_denied"
    status = 403
    message = _("You may not do this.")


class Conflict(DomainError):
    """The state of the thing does not allow it now."""

    code = "conflict"
    status = 409
    message = _("The current state does not allow this.")


class RateLimited(DomainError):
    """Too many attempts. `retry_after` is in whole seconds."""

    code = "rate_limited"
    status = 429
    message = _("Too many attempts. Try again in %(retry_after)s seconds.")


class Unavailable(DomainError):
    """A part that is needed cannot be reached now."""

    code = "unavailable"
    status = 503
    message = _("This is not available right now. Try again in a moment.")


class ValueOutOfRange(DomainError):
    """A value that no column can hold, such as a number beyond 64 bits."""

    code = "value_out_of_range"
    status = 400
    message = _("A value in this request is too large or too long.")


def out_of_range(failure: DataError) -> ValueOutOfRange:
    """What the database says of a value it cannot take, as a refusal.

    Fields and filters bound their values themselves and name the field; this catches those that do not. It is logged,
    since the field should.
    """
    cause = failure.__cause__
    log.warning("value_out_of_range", sqlstate=getattr(cause, "sqlstate", None), error=str(failure)[:200])
    return ValueOutOfRange()
