"""What every endpoint shares: errors as problem+json, keyset pages, scopes, money on the wire."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from core.context import Grant
from core.errors import DomainError
from core.money import Money
from core.permissions import grant_of
from core.problems import CONTENT_TYPE, problem

M = TypeVar("M", bound=Model)


class ProblemError(serializers.Serializer[Any]):
    """One wrong part of the input: a JSON pointer (RFC 6901) to it, a code and words."""

    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """An error, as RFC 9457 defines it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]  # the wire's name wins


def problem_handler(failure: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes problem+json. Faults stay faults (None)."""
    if isinstance(failure, DomainError):
        return _from_domain(failure)
    if isinstance(failure, DjangoValidationError):
        failure = exceptions.ValidationError(serializers.as_serializer_error(failure))
    if isinstance(failure, Http404):
        failure = exceptions.NotFound()
    if isinstance(failure, PermissionDenied):
        failure = exceptions.PermissionDenied(str(failure) or None)
    response = drf_handler(failure, dict(context))
    if response is None or not isinstance(failure, exceptions.APIException):
        return response
    return _from_drf(failure, response)


def _from_domain(refusal: DomainError) -> Response:
    extra: dict[str, Any] = {}
    if refusal.field:
        extra["errors"] = [{"pointer": f"/{refusal.field}", "code": refusal.code, "detail": refusal.detail}]
    response = Response(problem(refusal.status, refusal.code, refusal.detail, **extra), refusal.status)
    response.content_type = CONTENT_TYPE
    if retry_after := refusal.details.get("retry_after"):
        response["Retry-After"] = str(retry_after)
    return response


def _from_drf(failure: exceptions.APIException, response: Response) -> Response:
    code = failure.get_codes()
    extra: dict[str, Any] = {}
    detail = str(failure.detail)
    if isinstance(failure, exceptions.ValidationError):
        extra["errors"] = list(_flatten(failure.get_full_details()))
        detail, code = "Some fields are not valid.", "invalid"
    response.data = problem(response.status_code, str(code), detail, **extra)
    response.content_type = CONTENT_TYPE
    return response


def _flatten(details: Any, pointer: str = "") -> list[dict[str, str]]:
    if isinstance(details, Mapping) and set(details) == {"message", "code"}:
        return [{"pointer": pointer or "/", "code": str(details["code"]), "detail": str(details["message"])}]
    if isinstance(details, Mapping):
        own = {"non_field_errors": ""}
        parts = ((f"{pointer}{own.get(str(name), f'/{name}')}", part) for name, part in details.items())
    else:
        leaves = all(isinstance(part, Mapping) and set(part) == {"message", "code"} for part in details)
        parts = ((pointer if leaves else f"{pointer}/{index}", part) for index, part in enumerate(details))
    return [found for where, part in parts for found in _flatten(part, where)]


class In(serializers.Serializer[Any]):
    """Input of a write. `In.parse(request)` gives the validated values or raises a 400 problem."""

    @classmethod
    def parse(cls, request: Request, **kwargs: Any) -> dict[str, Any]:
        given = cls(data=request.data, **kwargs)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def create(self, validated_data: Any) -> Any:
        raise TypeError("inputs are handed to services")

    def update(self, instance: Any, validated_data: Any) -> Any:
        raise TypeError("inputs are handed to services")


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "example": "12.50"},
            "currency": {"type": "string", "example": "EUR"},
        },
        "required": ["amount", "currency"],
    }
)
class MoneyField(serializers.Field[Money, Any, dict[str, str], Any]):
    """`{"amount": "12.50", "currency": "EUR"}`."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": 'Give an object like {{"amount": "12.50", "currency": "EUR"}}.',
        "amount": "{reason}.",
    }

    def to_representation(self, value: Money) -> dict[str, str]:
        return {"amount": str(value.amount), "currency": value.currency}

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, Mapping) or not all(isinstance(data.get(k), str) for k in ("amount", "currency")):
            self.fail("shape")
        try:
            return Money.parse(data["amount"], data["currency"])
        except ValueError as wrong:
            self.fail("amount", reason=str(wrong))


class GrantedViewMixin:
    """What views of ours know of their caller."""

    required_scopes: ClassVar[Mapping[str, str]] = {}

    @property
    def grant(self) -> Grant:
        return grant_of(self.request)  # type: ignore[attr-defined]  # every view has one


class ReadViewSet(GrantedViewMixin, viewsets.ReadOnlyModelViewSet[M]):
    """List and detail by public id. `get_queryset` scopes to the caller: that scoping is the authorisation."""

    ordering: Sequence[str] = ("-id",)
    ordering_fields: ClassVar[Sequence[str]] = ()
