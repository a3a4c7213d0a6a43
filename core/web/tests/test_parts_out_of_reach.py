"""A part that is away makes a kind 503, for people and programs, and says when to come back."""

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from redis.exceptions import TimeoutError as RedisTimeoutError
from rest_framework.views import APIView

from core.circuit_breaker import CircuitOpen

AWAY = [
    OperationalError("terminating connection"),
    InterfaceError("closed"),
    CircuitOpen("a moment ago"),
    RedisTimeoutError(),
]
_failure: list[Exception] = []


def fail(request: HttpRequest) -> HttpResponse:
    raise _failure[-1]


class Failing(APIView):
    def get(self, request):
        raise _failure[-1]


urlpatterns = [path("fail/", fail), path("api/v1/fail/", Failing.as_view())]
handler500 = "core.web.error_pages.handler500"

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture(params=AWAY, ids=lambda failure: type(failure).__name__)
def away(request: pytest.FixtureRequest):
    _failure.append(request.param)
    yield
    _failure.pop()


def test_people_are_asked_to_come_back(visitor, away):
    answer = visitor.get("/fail/")

    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "10", "no-store")
    assert "Part of this site is temporarily unavailable." in page
    assert answer["X-Request-ID"] in page


def test_programs_get_a_problem(visitor, away):
    answer = visitor.get("/api/v1/fail/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unavailable"


def test_a_fragment_becomes_a_toast(visitor, away):
    answer = visitor.get("/fail/", headers={"HX-Request": "true"})

    assert answer.status_code == 503
    assert "This is not available right now." in answer["HX-Trigger"]


def test_a_fault_of_our_own_is_still_a_500(visitor):
    _failure.append(ValueError("ours"))

    answer = visitor.get("/fail/")

    _failure.pop()
    assert answer.status_code == 500
    assert "Retry-After" not in answer


@pytest.mark.django_db
@pytest.mark.urls("config.urls")
def test_readiness_tells_of_an_absent_redis_and_goes_on(without_redis):
    answer = Client().get("/health/ready")

    assert (answer.status_code, answer.json()["checks"]["cache"]) == (200, "unreachable")
