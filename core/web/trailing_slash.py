"""Addresses end with a slash."""

from typing import Final

from django.http import HttpRequest
from django.middleware.common import CommonMiddleware

READS: Final = ("GET", "HEAD", "OPTIONS")


class AddressMiddleware(CommonMiddleware):
    """Leads who reads to the address with its slash. Who writes gets a 404: sent there, most programs would read."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return request.method in READS and bool(super().should_redirect_with_slash(request))
