"""The conversation without Redis, for those without scripts and for programs; sockets are in test_socket.py."""

import time

import pytest
from rest_framework.test import APIClient

from chat.messages.models import Message
from core import circuit_breaker
from core.ids import uuid7

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_room_is_read_and_written_to_by_a_plain_form(without_redis, client, room, ada):
    client.force_login(ada)

    said = client.post(f"/talk/c/{room.uid}/messages/", {"client_id": uuid7(), "body": "Hello"})
    page = client.get("/talk/rooms/glaze-talk/")

    assert (said.status_code, page.status_code) == (302, 200)
    assert "Hello" in page.content.decode()


def test_a_redis_that_hangs_holds_up_one_message_every_few_seconds(silent_redis, room, ada):
    api = APIClient()
    api.force_login(ada)
    started = time.monotonic()

    answers = [
        api.post(f"/api/v1/rooms/{room.uid}/messages/", {"client_id": str(uuid7()), "body": f"{number}"})
        for number in range(10)
    ]

    assert [answer.status_code for answer in answers] == [201] * 10
    assert Message.objects.count() == 10
    assert silent_redis.connections <= 1 + (time.monotonic() - started) // circuit_breaker.PAUSE_SECONDS
