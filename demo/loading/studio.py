"""What the parts of the loader share: steps in time, the people, the pictures, and what an earlier run has done.

The studio's history is a list of steps, each at a moment counted back from now, and each done through the services of
the apps. A step's name is the request id of all it records, so the event log tells which steps are done.
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
    """One of the studio's files, such as `orders.json`."""
    return json.loads((CONTENT_DIR / name).read_text())


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens once: `act` gets the moment. `done` says so for what leaves no event behind."""

    at: datetime
    name: str
    act: Callable[[datetime], None]
    done: bool = False


@dataclass
class Studio:
    """One run of the loader. `made` tells the public id of what a step made, in this run or an earlier one."""

    now: datetime
    made: dict[str, str] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    def ago(self, days: float) -> datetime:
        """The moment so many days before this run; negative days lie ahead."""
        return self.now - timedelta(days=days)

    def actor(self, email: str) -> Actor:
        """Somebody with an account; everybody else acts as a guest. Ask only when people are there."""
        if email not in self._actors:
            user = User.objects.filter(email=email).first()
            self._actors[email] = Actor.person(user) if user else Actor.guest()
        return self._actors[email]

    def user(self, email: str) -> User:
        """Somebody with an account."""
        return User.objects.get(email=email)

    @property
    def owner(self) -> Actor:
        return self.actor("staff@example.com")

    @property
    def agent(self) -> Actor:
        return self.actor("agent@example.com")

    def picture(self, file: str) -> Picture:
        """The picture of a file, kept the first time it is asked for and known again by its words.

        That it was added is said aloud, because a worker has to render it in other sizes.
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
    """The steps of earlier runs by name, each with the public id of what its first event was about."""
    log = (
        Event.objects.filter(request_id__startswith=IMPORT_PREFIX)
        .order_by("-id")
        .values_list("request_id", "subject_id")
    )
    return {request_id.removeprefix(IMPORT_PREFIX): subject_id for request_id, subject_id in log}
