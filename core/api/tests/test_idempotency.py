"""The same request twice happens once; a crash leaves nothing; another request under the same key is refused."""

import os
import signal
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core import testing
from core.api.idempotency import idempotent
from core.api.models import IdempotencyKey
from core.api.viewsets import GrantedViewMixin
from core.composition.models import Reference
from core.errors import Conflict

factory = APIRequestFactory()
work_begins = threading.Event()
work_may_end = threading.Event()


class Things(GrantedViewMixin, APIView):
    """Makes a row each time it works."""

    throttle_classes = ()

    @idempotent
    def post(self, request: Request) -> Response:
        made = Reference.objects.create(
            source_kind="thing", source_id=os.urandom(4).hex(), target_kind="x", target_id="y"
        )
        if request.data.get("refuse"):
            raise Conflict
        if request.data.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if request.data.get("wait"):
            work_begins.set()
            work_may_end.wait(timeout=10)
        return Response({"id": made.source_id}, 201)


def post(body: dict[str, Any], key: str = "key-1", address: str = "203.0.113.1") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return Things.as_view()(factory.post("/things/", body, format="json", headers=headers, REMOTE_ADDR=address))


@pytest.mark.django_db
def test_the_same_request_again_gives_the_first_answer():
    first, again = post({"a": 1}), post({"a": 1})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again["Idempotent-Replayed"] == "true"
    assert Reference.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_each_request_happens():
    post({"a": 1}, key="")
    post({"a": 1}, key="")

    assert Reference.objects.count() == 2


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused():
    post({"a": 1})

    response = post({"a": 2})

    assert (response.status_code, response.data["code"]) == (422, "idempotency_key_reused")
    assert Reference.objects.count() == 1


@pytest.mark.django_db
def test_another_caller_has_keys_of_its_own():
    post({"a": 1}, address="203.0.113.1")
    post({"a": 1}, address="203.0.113.2")

    assert Reference.objects.count() == 2


@pytest.mark.django_db
def test_a_refusal_is_not_stored_and_changes_nothing():
    assert post({"refuse": True}).status_code == 409

    assert not Reference.objects.exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db
def test_a_key_that_is_too_long_names_the_limit():
    response = post({"a": 1}, key="k" * 256)

    assert (response.status_code, response.data["code"]) == (422, "idempotency_key_too_long")


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_request_is_running_is_refused_for_now():
    work_begins.clear()
    work_may_end.clear()

    def second() -> Any:
        work_begins.wait(timeout=10)
        try:
            return post({"wait": True})
        finally:
            work_may_end.set()

    first, during = testing.race(lambda: post({"wait": True}), second)

    assert (first.status_code, during.status_code, during.data["code"]) == (201, 409, "idempotency_key_in_use")
    assert during["Retry-After"] == "1"
    assert Reference.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_happen_once():
    results = testing.race(*[lambda: post({"a": 1}).status_code] * 8)

    assert set(results) <= {201, 409}
    assert Reference.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_leaves_nothing_and_the_key_works_again():
    connection.close()
    child = os.fork()
    if child == 0:
        post({"die": True})
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert os.WTERMSIG(status) == signal.SIGKILL
    assert not Reference.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert post({"die": False}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_work_and_stored_answer_are_one_transaction():
    with transaction.atomic():
        post({"a": 1})
        transaction.set_rollback(True)

    assert not Reference.objects.exists()
    assert not IdempotencyKey.objects.exists()
