"""A word to the worker that there is something to send."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from core.task_queue import enqueue_best_effort


def send_soon(webhook_ids: Iterable[int]) -> None:
    """Ask, once the transaction is committed, that what is due for these webhooks be sent."""
    for webhook_id in webhook_ids:
        transaction.on_commit(partial(enqueue_best_effort, "core.send_webhooks", webhook_id), robust=True)
