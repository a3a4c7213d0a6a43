"""Every refusal of the API is problem+json that names what is wrong and where."""

from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, Throttled
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core import context
from core.api.viewsets import In, MoneyField
from core.context import Actor, Grant
from core.errors import Conflict, Invalid, RateLimited
from core.money import Money
from core.scopes import SCOPES


class LineIn(In):
    price = MoneyField()
    count = serializers.IntegerField(min_value=1)


class OrderIn(In):
    email = serializers.EmailField()
    lines = LineIn(many=True)


def answer_to(failure: Exception) -> Response:
    class Failing(APIView):
        throttle_classes = ()

        def get(self, request: Any) -> Response:
            raise failure

    return Failing.as_view()(APIRequestFactory().get("/"))


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Conflict(), 409, "conflict"),
        (Invalid(field="email"), 422, "invalid"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (NotAuthenticated(), 401, "not_authenticated"),
        (MethodNotAllowed("GET"), 405, "method_not_allowed"),
        (Throttled(5), 429, "throttled"),
        (DjangoValidationError("no"), 400, "invalid"),
    ],
)
def test_each_refusal_has_its_status_and_a_stable_code(failure, status, code):
    response = answer_to(failure)

    assert (response.status_code, response.data["status"], response.data["code"]) == (status, status, code)
    assert response.content_type == "application/problem+json"
    assert {"type", "title", "detail", "request_id"} <= set(response.data)


def test_a_refusal_names_the_field_and_the_request():
    with context.bind(request_id="request-1234"):
        response = answer_to(Invalid("Use another address.", field="email"))

    assert response.data["errors"] == [{"pointer": "/email", "code": "invalid", "detail": "Use another address."}]
    assert response.data["request_id"] == "request-1234"


def test_too_many_says_when_to_come_back():
    assert answer_to(RateLimited(retry_after=7))["Retry-After"] == "7"


def test_a_fault_is_not_hidden_as_a_refusal():
    with pytest.raises(ZeroDivisionError):
        answer_to(ZeroDivisionError())


def test_wrong_input_is_pointed_at_however_deep_it_lies():
    class Create(APIView):
        throttle_classes = ()

        def post(self, request: Any) -> Response:
            return Response(OrderIn.parse(request))

    body = {"email": "x", "lines": [{"price": {"amount": "1.00", "currency": "EUR"}, "count": 0}, {"price": 3}]}

    response = Create.as_view()(APIRequestFactory().post("/", body, format="json"))

    assert response.status_code == 400
    assert {(error["pointer"], error["code"]) for error in response.data["errors"]} == {
        ("/email", "invalid"),
        ("/lines/0/count", "min_value"),
        ("/lines/1/price", "shape"),
        ("/lines/1/count", "required"),
    }


def test_money_on_the_wire():
    field = MoneyField()

    assert field.to_representation(Money(1250, "EUR")) == {"amount": "12.50", "currency": "EUR"}
    assert field.run_validation({"amount": "12.50", "currency": "EUR"}) == Money(1250, "EUR")
    for wrong in (
        "12.50",
        {"amount": 12.5, "currency": "EUR"},
        {"amount": "1.001", "currency": "EUR"},
        {"amount": "1"},
    ):
        with pytest.raises(serializers.ValidationError):
            field.run_validation(wrong)


def test_a_scope_that_is_missing_is_named_and_one_without_a_person_opens_nothing():
    from accounts.users.models import User
    from core.api.permissions import HasScope

    class View:
        required_scopes: ClassVar = {"POST": "shop:write"}

    request = APIRequestFactory().post("/")
    request.auth = Grant("key", Actor("user", "u", User()), SCOPES - {"shop:write"})
    permission = HasScope()

    assert permission.has_permission(request, View()) is False
    assert permission.message == "This needs the scope shop:write."
    request.auth = Grant("key", Actor("user", "u", User()), frozenset({"shop:write"}))
    assert permission.has_permission(request, View()) is True
    request.auth = Grant("token", Actor("client", "c"), frozenset({"shop:write"}))
    assert permission.has_permission(request, View()) is False
