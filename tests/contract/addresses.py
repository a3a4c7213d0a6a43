"""Every address of the site, read from its URLconf, with something in place of each of its parameters."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib.admin import site as admin_site
from django.contrib.admin.options import ModelAdmin
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

UID: Final = "0190c3f0-0000-7000-8000-000000000000"
# What a parameter may be like; the first that its converter or expression takes is used.
PLAUSIBLE: Final = ("breakfast-bowl", "7", UID, "BOWL", "👍", "1a-2b", "shop")
ABSURD: Final = ("9" * 300, "_00", "9" * 15, "Z" * 13 + "-x", "👍" * 90, UID)
MOST: Final = 3  # odd paths an address
OF_OAUTH: Final = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "prompt", "max_age", "code_challenge",
    "code_challenge_method", "response_mode", "id_token_hint", "login_hint", "claims", "request", "user_code",
)  # fmt: skip
OF_ADMIN_LISTS: Final = ("q", "o", "p", "all", "_to_field", "_changelist_filters", "_popup", "id__in", "pk__exact")
READ_OAUTH_QUERIES: Final = ("/oauth/authorize/", "/oauth/logout/", "/oauth/device/")
OF_ADMIN_FORMS: Final = ("q", "term", "page", "_to_field", "_changelist_filters", "_popup", "next")
PARAMETER: Final = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
NAMED_GROUP: Final = re.compile(r"\(\?P<(\w+)>")
READ_FROM_QUERY: Final = re.compile(r"""(?:GET|query_params)(?:\.get\(|\[)["'](\w+)["']""")


@dataclass(frozen=True, slots=True)
class Address:
    """A route with its view. `path` is an address that resolves to it, `absurd` are others with odd parameters."""

    route: str
    path: str
    absurd: tuple[str, ...]
    view: Callable[..., Any]

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/v1/")

    @property
    def is_admin(self) -> bool:
        return self.path.startswith("/admin/")

    @property
    def methods(self) -> Sequence[str]:
        return [method.upper() for method in getattr(self.view, "actions", None) or ("get", "post")]


def addresses() -> list[Address]:
    """All addresses, each once. Fails where no value fits a parameter, so that none is passed over."""
    return [_address(patterns) for patterns in _walk(get_resolver().url_patterns, ())]


def _walk(patterns: Sequence[URLPattern | URLResolver], above: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, (*above, pattern))
        else:
            yield (*above, pattern)


def _address(patterns: tuple[Any, ...]) -> Address:
    route = "".join(str(step.pattern) for step in patterns)
    path = "/" + "".join(_filled(step.pattern, PLAUSIBLE)[0] for step in patterns)
    choices = [_filled(step.pattern, ABSURD) for step in patterns]
    count = max(map(len, choices))
    absurd = {"/" + "".join(parts[index % len(parts)] for parts in choices) for index in range(count)}
    return Address(route, path, tuple(sorted(absurd - {path}))[:MOST], patterns[-1].callback)


def _filled(pattern: Any, candidates: Sequence[str]) -> list[str]:
    """The pattern's part of an address with each of the candidates that fit all its parameters."""
    text = str(pattern)
    if isinstance(pattern, RegexPattern):
        return [found for value in candidates if (found := _fill_expression(text, value)) is not None] or _plain(text)
    if not pattern.converters:
        return [text]
    found = []
    for value in candidates:
        fits = [re.fullmatch(converter.regex, value) for converter in pattern.converters.values()]
        if all(fits):
            found.append(PARAMETER.sub(lambda _match, value=value: value, text))
    return found or [_each_by_its_own(pattern, text, candidates)]


def _each_by_its_own(pattern: Any, text: str, candidates: Sequence[str]) -> str:
    def fitting(match: re.Match[str]) -> str:
        regex = pattern.converters[match["name"]].regex
        return next(value for value in (*candidates, *PLAUSIBLE) if re.fullmatch(regex, value))

    return PARAMETER.sub(fitting, text)


def _fill_expression(text: str, value: str) -> str | None:
    bare = text.removeprefix("^").removesuffix("$").replace("\\", "")
    while found := NAMED_GROUP.search(bare):
        end = _end_of_group(bare, found.start())
        group = bare[found.end() : end - 1]
        chosen = next((one for one in (value, *ABSURD, *PLAUSIBLE) if re.fullmatch(group, one)), None)
        if chosen is None:
            return None
        bare = bare[: found.start()] + chosen + bare[end:]
    return bare


def _plain(text: str) -> list[str]:
    raise AssertionError(f"nothing fits {text}: add a value to tests.contract.addresses")


def _end_of_group(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    raise AssertionError(text)


def query_names(address: Address) -> list[str]:
    """What an address may be asked in its query, but for the API's, which docs/openapi.yaml describes."""
    if address.is_admin:
        return _admin_lookups(address)
    module = inspect.getmodule(inspect.unwrap(getattr(address.view, "view_class", address.view)))
    names = set(READ_FROM_QUERY.findall(inspect.getsource(module))) if module else set()
    return sorted(names | set(OF_OAUTH if address.path in READ_OAUTH_QUERIES else ()))


def _admin_lookups(address: Address) -> list[str]:
    found = next((one for one in _model_admins() if address.route == _changelist_of(one)), None)
    if found is None:
        return list(OF_ADMIN_FORMS)
    lookups = list(OF_ADMIN_LISTS)
    for chosen in found.list_filter:
        name = chosen[0] if isinstance(chosen, tuple) else getattr(chosen, "parameter_name", chosen)
        if isinstance(name, str):
            lookups += [name, f"{name}__exact", f"{name}__isnull"]
            lookups += [f"{name}__gte"] if _is_moment(found.model, name) else []
    if found.date_hierarchy:
        lookups += [f"{found.date_hierarchy}__{part}" for part in ("year", "month", "day", "gte")]
    return lookups


def _is_moment(model: type[models.Model], name: str) -> bool:
    return isinstance(model._meta._forward_fields_map.get(name), models.DateField)


def _model_admins() -> "Sequence[ModelAdmin[Any]]":
    return list(admin_site._registry.values())


def _changelist_of(registered: "ModelAdmin[Any]") -> str:
    return f"admin/{registered.opts.app_label}/{registered.opts.model_name}/"


def changelists() -> set[str]:
    """The routes of the admin's lists."""
    return {_changelist_of(registered) for registered in _model_admins()}


def field_names() -> list[str]:
    """The names of all fields of all forms of the site, however they are nested."""
    found: set[str] = set()
    waiting: list[type[Any]] = [forms.BaseForm]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not inspect.isabstract(kind):
            found |= set(getattr(kind, "base_fields", {}))
    return sorted(found)
