"""What the API takes: JSON, and only such text as a database can keep."""

import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError

UNPAIRED = re.compile("[\ud800-\udfff]")


class JSONParser(parsers.JSONParser):
    """Refuses half a surrogate pair, which JSON can spell and UTF-8 cannot."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        data = super().parse(stream, media_type, parser_context)
        if is_broken(data):
            raise ParseError("The text holds half a surrogate pair.")
        return data


def is_broken(data: Any) -> bool:
    """Whether a text in it cannot be kept."""
    if isinstance(data, str):
        return UNPAIRED.search(data) is not None
    if isinstance(data, dict):
        return any(is_broken(part) for pair in data.items() for part in pair)
    return isinstance(data, list) and any(map(is_broken, data))
