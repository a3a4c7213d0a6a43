"""A worker whose queue goes away lets go of it: what a child ends with a moment later has nobody to be told to."""

from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import consumer as celery_consumer
from kombu import Connection
from kombu.message import Message

from config.celery import app
from config.consumer import Consumer


@pytest.fixture
def lost():
    """A message that was taken from a queue, whose connection then ended."""
    connection = Connection("memory://")
    message = Message(channel=connection.default_channel, delivery_tag="7")
    connection.default_channel.qos.append(message, "7")
    return SimpleNamespace(connection=connection, message=message)


def end(lost: Any, kind: type[celery_consumer.Consumer]) -> None:
    consumer = kind.__new__(kind)
    consumer.app, consumer.connection, consumer.qos_global = app, lost.connection, True
    consumer.pool, consumer.prefetch_multiplier = SimpleNamespace(num_processes=1), 1
    consumer.on_connection_error_after_connected(ConnectionError("gone"))


def test_an_acknowledgement_that_comes_too_late_is_no_error(lost: Any) -> None:
    asked: list[str] = []
    lost.message.channel.qos.ack = asked.append
    lost.message.channel.qos.reject = lambda tag, **_: asked.append(tag)

    end(lost, Consumer)
    lost.message.ack_log_error(None, ())

    assert asked == []
    assert lost.message.acknowledged


def test_celery_alone_would_still_ask_the_connection_that_is_gone(lost: Any) -> None:
    asked: list[str] = []
    lost.message.channel.qos.ack = asked.append

    end(lost, celery_consumer.Consumer)
    lost.message.ack_log_error(None, ())

    assert asked == ["7"]
