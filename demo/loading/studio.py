"""Shared parts of the loader: steps, users, images, and the steps done by earlier runs.

The demo is a list of steps, each at a time relative to now, and each done through the services of the apps. The name of
a step is the request id of its events, so the event log shows which steps are done.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from accounts.users.models import User
from core import context
from core.content.models import Picture
from core.content.services.pictures import add_picture
from core.context import Actor
from core.events.models import Event

CONTENT_DIR = Path(__file__).resolve().parents[1] / "content"
DEMO_ACTOR = Actor.system("demo")
IMPORT_PREFIX = "demo:"


def read_content(name: str) -> Any:
    """Return the content of a file such as `orders.json`."""
    return json.loads((CONTENT_DIR / name).read_text())


@dataclass(frozen=True, slots=True)
class Step:
    """A step that runs once. `act` gets the time. Set `done` for steps that record no event."""

    at: datetime
    name: str
    act: Callable[[datetime], None]
    done: bool = False


@dataclass
class Studio:
    """A run of the loader. `made` maps step names to the public ids they created, in this run or an earlier one."""

    now: datetime
    made: dict[str, str] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    def ago(self, days: float) -> datetime:
        """Return the time that many days before this run. Negative days are in the future."""
        return self.now - timedelta(days=days)

    def actor(self, email: str) -> Actor:
        """Return the actor of an account, or a guest. Call it only after accounts are loaded."""
        if email not in self._actors:
            user = User.objects.filter(email=email).first()
            self._actors[email] = Actor.person(user) if user else Actor.guest()
        return self._actors[email]

    def user(self, email: str) -> User:
        """Return the user of an account."""
        return User.objects.get(email=email)

    @property
    def owner(self) -> Actor:
        return self.actor("staff@example.com")

    @property
    def agent(self) -> Actor:
        return self.actor("agent@example.com")

    def picture(self, file: str) -> Picture:
        """Return the image of a file. Uploads it on first use and finds it by its alternative text later.

        The upload is not quiet, because a worker has to render other sizes.
        """
        alt = self._words[file]
        picture = Picture.objects.filter(alt=alt).first()
        if picture is None:
            with (CONTENT_DIR / file).open("rb") as upload, context.bind(quiet=False):
                picture = add_picture(upload=upload, by=DEMO_ACTOR, alt=alt)
        return picture

    @cached_property
    def _words(self) -> dict[str, str]:
        return {picture["file"]: picture["alt"] for picture in read_content("manifest.json")}


def get_finished_steps() -> dict[str, str]:
    """Map the names of finished steps to the public id of their first event."""
    log = (
        Event.objects.filter(request_id__startswith=IMPORT_PREFIX)
        .order_by("-id")
        .values_list("request_id", "subject_id")
    )
    return {request_id.removeprefix(IMPORT_PREFIX): subject_id for request_id, subject_id in log}
