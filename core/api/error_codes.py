"""Every `code` a refusal may carry, found by its class: for the schema, the page of problems and docs/api.md."""

import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final

from rest_framework import exceptions
from rest_framework.settings import api_settings

from core import autodiscovery
from core.errors import DomainError

# Modules whose errors any endpoint may answer, beside those of the authentication classes.
SHARED_MODULES: Final = (
    "core.errors",
    "core.cursors",
    "core.api.idempotency",
    "core.api.conditional",
    "core.api.parsers",
    "core.api.viewsets",
)
ROOMS: Final = ("services", "queries", "providers", "viewsets", "models")
ELSEWHERE: Final = (".tests.", ".consumers.", ".admin.", ".pages.", ".paging.", ".text_pages.")
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
FRAMEWORK: Final = (
    exceptions.ParseError,
    exceptions.NotAuthenticated,
    exceptions.AuthenticationFailed,
    exceptions.MethodNotAllowed,
    exceptions.NotAcceptable,
    exceptions.UnsupportedMediaType,
    exceptions.Throttled,
)
WORDS: Final = {
    "bad_request": "The address, a header or the body could not be read: `detail` says what.",
    "invalid": "Some fields are not valid: `errors` points at each.",
    "internal_error": "Something went wrong on the server; `request_id` identifies it in the logs.",
}


@cache
def codes_by_app() -> dict[str, dict[int, dict[str, str]]]:
    """`{part: {status: {code: words}}}`; what every part may answer stands under "all"."""
    authentication = (authenticator.__module__ for authenticator in api_settings.DEFAULT_AUTHENTICATION_CLASSES)
    shared = {*SHARED_MODULES, *authentication}
    found: dict[str, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for kind in sorted(_refusals(), key=lambda one: (one.status, one.code)):
        part = "all" if kind.__module__ in shared else kind.__module__.split(".")[0]
        found[part][kind.status].setdefault(kind.code, PLACEHOLDER.sub("…", str(kind.message)))
    for failure in FRAMEWORK:
        words = PLACEHOLDER.sub("…", str(failure.default_detail))
        found["all"][failure.status_code][str(failure.default_code)] = words
    for code in ("bad_request", "invalid"):
        found["all"][400][code] = WORDS[code]
    found["all"][500]["internal_error"] = WORDS["internal_error"]
    return found


def messages_for(part: str, status: int) -> dict[str, str]:
    """The codes of an app for a status, `{code: message}`, after those that all apps share."""
    known = codes_by_app()
    return known["all"].get(status, {}) | known.get(part, {}).get(status, {})


def all_codes() -> list[tuple[int, str, str, str]]:
    """(status, code, part, words) of every code, in order."""
    return sorted(
        (status, code, part, words)
        for part, statuses in codes_by_app().items()
        for status, codes in statuses.items()
        for code, words in codes.items()
    )


def _refusals() -> Iterator[type[DomainError]]:
    """Every class of refusal that an endpoint can meet."""
    apps = tuple(sorted(autodiscovery.imported_apps()))
    for app in apps:
        _load(app)
    waiting: list[type[DomainError]] = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        module = f"{kind.__module__}."
        if kind is not DomainError and module.startswith(apps) and not any(other in module for other in ELSEWHERE):
            yield kind


def _load(part: str) -> None:
    """Import what may declare refusals, so that the answer does not depend on what ran before."""
    for found in _modules(part):
        if found.ispkg and found.name not in autodiscovery.NO_DOMAINS:
            for room in _modules(f"{part}.{found.name}"):
                _import_room(f"{part}.{found.name}", room)
        else:
            _import_room(part, found)


def _import_room(place: str, room: pkgutil.ModuleInfo) -> None:
    if room.name in ROOMS:
        import_module(f"{place}.{room.name}")
        for inner in _modules(f"{place}.{room.name}") if room.ispkg else ():
            import_module(f"{place}.{room.name}.{inner.name}")


def _modules(package: str) -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(import_module(package).__path__)
