"""Races of processes, as of the workers of a site: each has its own connections and its own memory."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from django.db import connections

SECONDS = 60


def race(act: Callable[[], Any], many: int = 8) -> list[Any]:
    """Do something in many processes at the same moment; gives what each gave, or the name of what it raised."""
    connections.close_all()  # a connection is one process's own
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(many)

    def run(sender: Connection) -> None:
        try:
            gate.wait(SECONDS)
            sender.send(act())
        except Exception as failure:  # noqa: BLE001  the caller looks at what came
            sender.send(type(failure).__name__)
        finally:
            connections.close_all()

    pipes = [fork.Pipe(duplex=False) for _ in range(many)]
    runners = [fork.Process(target=run, args=(sender,)) for _receiver, sender in pipes]
    for runner in runners:
        runner.start()
    results = [receiver.recv() if receiver.poll(SECONDS) else "nothing" for receiver, _sender in pipes]
    for runner in runners:
        runner.join(SECONDS)
    return results
