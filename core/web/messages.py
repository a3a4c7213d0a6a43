"""Message storage for the next page."""

from functools import cached_property

from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest


class Messages(FallbackStorage):
    """Django's: in a cookie, else in the session. Most requests neither read nor write one and look at neither."""

    def __init__(self, request: HttpRequest) -> None:
        BaseStorage.__init__(self, request)
        self._used_storages: set[BaseStorage] = set()

    @cached_property
    def storages(self) -> list[BaseStorage]:
        return [kind(self.request) for kind in self.storage_classes]
