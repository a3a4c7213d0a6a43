"""Fuzzed requests to every API address, by every role: no fault, and only responses that the schema documents.

A few tries for each address and person, the same in every run; `make fuzz` tries more, and others each time.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi import checks

from config.wsgi import application
from core.api import error_codes
from core.api.problems import CONTENT_TYPE
from tests.contract.asking import undone
from tests.contract.world import PRINCIPALS, World

pytestmark = pytest.mark.usefixtures("db", "unlimited")

TRIES = os.environ.get("FUZZ", "")
KNOWN = {(status, code) for status, code, _part, _words in error_codes.all_codes()}


def a_refusal_is_a_problem_with_a_code_that_is_written_down(context: Any, response: Any, case: Any) -> None:
    if response.status_code >= 400:
        assert response.headers["content-type"] == [CONTENT_TYPE]
        assert (response.status_code, response.json()["code"]) in KNOWN


def a_pointer_leads_into_what_was_sent(context: Any, response: Any, case: Any) -> None:
    """Into a field that the schema names, a parameter, or what was sent beside these; an order's into its cart."""
    if response.status_code < 400 or case.operation.path == "/api/v1/carts/{token}/orders/":
        return
    definition = case.operation.definition.raw
    content = definition.get("requestBody", {}).get("content", {})
    known = {one["name"] for one in definition.get("parameters", ())} | set(case.query or {})
    known |= {name for media in content.values() for name in resolved(media["schema"], case).get("properties", {})}
    known |= set(case.body) if isinstance(case.body, dict) else set()
    known |= {name.replace("\0", "") for name in known}  # no answer repeats a NUL
    for error in response.json().get("errors", ()):
        root, *steps = error["pointer"].split("/")
        first = steps[0].replace("~1", "/").replace("~0", "~") if steps else ""
        assert root == ""
        assert not steps or first in known, (error, sorted(known))


def resolved(schema: Any, case: Any) -> Any:
    """The schema that a reference such as `#/components/schemas/Refund` names, or the schema itself."""
    if "$ref" not in schema:
        return schema
    found = case.operation.schema.raw_schema
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


CHECKS = [
    a_pointer_leads_into_what_was_sent,
    a_refusal_is_a_problem_with_a_code_that_is_written_down,
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


TRY = settings(
    max_examples=int(TRIES or 4), derandomize=not TRIES, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def operations() -> list[Any]:
    """Read when a test runs: making the cases of all addresses takes seconds, which every collection would pay."""
    schema = schemathesis.openapi.from_path(Path("docs/openapi.yaml"))
    schema.app = application
    schema.config.checks.negative_data_rejection.expected_statuses = ["4xx"]
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_every_address(principal: str, operations: list[Any], world: World) -> None:
    @TRY
    def try_one(case: Any) -> None:
        _ask(principal, case, world)

    assert len(operations) > 90
    found = [f"{one.label}: {problem}" for one in operations if (problem := _problem(one, try_one))]
    assert not found, "\n".join(found)


def _problem(operation: Any, try_one: Callable[[Any], None]) -> str:
    """What is found wrong with an address, with the request that shows it; "" where nothing is."""
    test = build_operation_test(
        config=operation.schema.config,
        operation=operation,
        test_func=try_one,
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=make_constants_value_source(operation.schema)),
    )
    try:
        test()
    except (AssertionError, BaseExceptionGroup) as failure:
        return str(failure)
    return ""


def _ask(principal: str, case: Any, world: World) -> None:
    _find(case, world)
    with undone():
        # An empty filter is no filter.
        excluded = [checks.negative_data_rejection] if case.operation.method == "get" else []
        case.call_and_validate(headers=world.people[principal], checks=CHECKS, excluded_checks=excluded)


def _find(case: Any, world: World) -> None:
    """Point a well-formed address at something that is there."""
    made = case.meta and case.meta.components.get(ParameterLocation.PATH)
    if made and made.mode.is_positive:
        for name, value in world.parts_of(case.operation.path).items():
            if name in case.path_parameters:
                case.path_parameters[name] = value
