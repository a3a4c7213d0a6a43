"""What the API asks of a caller before a view runs: who, which scope, how often."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework import permissions, throttling
from rest_framework.request import Request

from core import rate_limits
from core.context import Actor, Grant

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
    from rest_framework.views import APIView

PEOPLE, STRANGERS = "600/minute", "120/minute"


def grant_of(request: Request) -> Grant:
    """The caller's grant; anonymous when nobody signed in."""
    return request.auth if isinstance(request.auth, Grant) else Grant.anonymous()


class HasScope(permissions.BasePermission):
    """The grant holds the scope that the view names for the method in `required_scopes`.

    A view that names no scope for a method may be called by anyone; what it shows is its queryset's affair. There a
    program acts as its person only with the scope that the view names in `program_scopes`; otherwise it is nobody.
    """

    message: "StrOrPromise" = _("The credentials lack the scope this needs.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        scopes: Mapping[str, str] = getattr(view, "required_scopes", {})
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        needed = scopes.get(method)
        if needed is None:
            _forget_person(request, view)
            return True
        grant = grant_of(request)
        if needed in grant.scopes and grant.user is not None:
            return True
        self.message = _("This needs the scope %(scope)s.") % {"scope": needed}
        return False


def _forget_person(request: Request, view: "APIView") -> None:
    grant, scopes = grant_of(request), getattr(view, "program_scopes", {})
    wanted = scopes.get("GET" if request.method in permissions.SAFE_METHODS else request.method)
    if grant.kind not in ("anonymous", "session") and wanted not in grant.scopes:
        request.user = AnonymousUser()
        request.auth = replace(grant, actor=Actor.guest(), scopes=frozenset())


class GrantThrottle(throttling.BaseThrottle):
    """A moving window per key, person or network, the same code as forms and sockets use; open when Redis is down."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        grant = grant_of(request)
        whose = grant.client_id or grant.actor.id
        rate, key = (PEOPLE, whose) if whose else (STRANGERS, rate_limits.client_key(request))
        self.verdict = rate_limits.hit(rate, "api", key)
        request._request.rate_limit = self.verdict  # type: ignore[attr-defined]  # noqa: SLF001
        return self.verdict.allowed

    def wait(self) -> float:
        return self.verdict.reset_after
