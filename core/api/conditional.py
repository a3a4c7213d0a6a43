"""Conditional requests of the API (RFC 9110, 13): `If-None-Match` spares the body, `If-Match` spares a lost change.

A tag is the digest of the JSON, so it covers the whole response. Where a row counts its versions the tag
begins with that number, and a write compares the number alone, under the row's own lock.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, Literal

from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import DomainError


class AnyVersion(Enum):
    """What `If-Match: *` matches: any version."""

    ANY = "*"


ANY = AnyVersion.ANY
READS = ("GET", "HEAD")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
NOT_MODIFIED_HEADERS = ("ETag", "Vary", "Cache-Control", "Link", "Deprecation", "Sunset")


class Stale(DomainError):
    code = "stale"
    status = 412
    message = _("This has changed since it was read. Read it again, and send your change with the new ETag.")


class ConditionMissing(DomainError):
    code = "condition_missing"
    status = 428
    message = _("Say which version this changes: send If-Match with the ETag as it was read.")


def etag_of(content: bytes, version: int | None = None) -> str:
    digest = hashlib.sha256(content).hexdigest()[:24]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def tag(response: Response, request: Request, version: int | None = None) -> None:
    """Give a read its ETag once it is rendered, and answer 304 when the caller has it already."""
    whose: dict[str, bool] = {"private": True} if request.user.is_authenticated else {}
    patch_cache_control(response, no_cache=True, **whose)

    def finish(rendered: HttpResponse) -> HttpResponse | None:
        if not rendered.has_header("ETag"):
            rendered["ETag"] = etag_of(rendered.content, version)
        return _not_modified(rendered) if _is_known(rendered["ETag"], request) else None

    response.add_post_render_callback(finish)


def expected_version(request: Request) -> int | Literal[AnyVersion.ANY] | None:
    """The version that `If-Match` names; ANY for `*`, None without the header.

    Raises Stale for a tag that names no version.
    """
    given = _tags(request.headers.get("If-Match", ""))
    if given == ["*"]:
        return ANY
    if not given:
        return None
    number = given[0].split("-")[0]
    if not (number.isascii() and number.isdigit()):
        raise Stale
    return int(number)


def require_unchanged(view: Any, request: Request) -> None:
    """Compare `If-Match` with what the same address shows the caller now. Raises Stale.

    An address that can only be written to shows nothing, so nothing matches it. A tag that a proxy weakened when it
    compressed the answer is taken for the strong one it was.
    """
    given = _tags(request.headers["If-Match"])
    name = view.action_map.get("get")
    if name is None:
        raise Stale
    action, view.action = view.action, name
    try:
        current: Response = getattr(view, name)(request, **view.kwargs)
    finally:
        view.action = action
    if given != ["*"] and etag_of(JSONRenderer().render(current.data)).strip('"') not in given:
        raise Stale


@contextmanager
def one_at_a_time(path: str) -> Iterator[None]:
    """Compare and write as one: of two writes with the same `If-Match` to an address the second finds it changed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [path])
        yield


def _tags(header: str) -> list[str]:
    return [found if found == "*" else found.removeprefix("W/").strip('"') for found in parse_etags(header)]


def _is_known(etag: str, request: Request) -> bool:
    given = _tags(request.headers.get("If-None-Match", ""))
    return given == ["*"] or etag.removeprefix("W/").strip('"') in given


def _not_modified(rendered: HttpResponse) -> HttpResponse:
    bare = HttpResponseNotModified()
    for name in NOT_MODIFIED_HEADERS:
        if rendered.has_header(name):
            bare[name] = rendered[name]
    return bare
