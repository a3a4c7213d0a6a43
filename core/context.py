"""Who acts, and in which request.

An `Actor` is passed to every service as `by`. A `Grant` says what the caller of a page or an endpoint may do. The
request id travels from the proxy through logs, events, tasks and sockets in a context variable.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

from core.errors import Denied
from core.ids import uuid7

if TYPE_CHECKING:
    from accounts.users.models import User


ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does a thing: a person, a guest, a program or a part of the system.

    `impersonator` is the public id of the member of staff who acts in a person's name, "" for who acts for themselves.
    """

    kind: str
    id: str
    user: "User | None" = field(default=None, compare=False, repr=False)
    impersonator: str = ""

    @classmethod
    def person(cls, user: "User") -> "Actor":
        """A person. The impersonator of the context applies, unless it is this person."""
        impersonator = _current.get().impersonator
        return cls("user", str(user.uid), user, "" if impersonator == str(user.uid) else impersonator)

    @classmethod
    def guest(cls) -> "Actor":
        return cls("guest", "")

    @classmethod
    def system(cls, part: str) -> "Actor":
        return cls("system", part)

    def can(self, permission: str) -> bool:
        """Whether this actor holds a Django permission. The system holds all."""
        if self.kind == "system":
            return True
        return self.user is not None and self.user.has_perm(permission)

    def require(self, permission: str) -> None:
        """Raise Denied, naming the permission, unless this actor holds it."""
        if not self.can(permission):
            raise Denied(required_permission=permission)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the caller of a request may do. DRF's `request.auth` and a page's `request.grant`."""

    kind: str
    actor: Actor
    scopes: frozenset[str]
    client_id: str = ""
    auth_time: datetime | None = None

    @property
    def user(self) -> "User | None":
        return self.actor.user

    @classmethod
    def session(cls, user: "User") -> "Grant":
        return cls("session", Actor.person(user), settings.API_SCOPES)

    @classmethod
    def anonymous(cls) -> "Grant":
        return cls("anonymous", Actor.guest(), frozenset())


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds the code that runs now."""

    request_id: str = ""
    source: str = ""
    quiet: bool = False
    impersonator: str = ""
    address: str | None = None
    agent: str = ""


_NOTHING = Context()
_current: ContextVar[Context] = ContextVar("agora_context", default=_NOTHING)


def current() -> Context:
    return _current.get()


def request_id_from(given: str) -> str:
    """The id that a proxy gave a request, or a fresh one where it gave none that we take."""
    return given if ACCEPTED_ID.fullmatch(given) else uuid7().hex


class bind:  # noqa: N801  used like a function, as contextlib's are
    """Set parts of the context for a block; logs carry the request id and source inside it.

    `quiet` marks events as history being loaded: they are recorded, but outside handlers do not run.
    `impersonator` is who really acts while a member of staff acts in a person's name: events keep both.
    `address` and `agent` are from where a request comes and what its browser calls itself.
    """

    __slots__ = ("_before", "_bound")

    def __init__(
        self,
        *,
        request_id: str | None = None,
        source: str | None = None,
        quiet: bool | None = None,
        impersonator: str | None = None,
        address: str | None = None,
        agent: str | None = None,
    ) -> None:
        outer = _current.get()
        self._bound = Context(
            request_id=outer.request_id if request_id is None else request_id,
            source=outer.source if source is None else source,
            quiet=outer.quiet if quiet is None else quiet,
            impersonator=outer.impersonator if impersonator is None else impersonator,
            address=outer.address if address is None else address,
            agent=outer.agent if agent is None else agent,
        )

    def __enter__(self) -> Context:
        self._before = _current.set(self._bound)
        return self._bound

    def __exit__(self, *_: object) -> None:
        _current.reset(self._before)


ANONYMOUS_GRANT = Grant.anonymous()


def grant_of(request: HttpRequest) -> Grant:
    """The grant of a page's request: its session's person, or anonymous."""
    return Grant.session(request.user) if request.user.is_authenticated else Grant.anonymous()
