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
        if _is_broken(data):
            raise ParseError("The text holds half a surrogate pair.")
        return data


def _is_broken(data: Any) -> bool:
    if isinstance(data, str):
        return UNPAIRED.search(data) is not None
    if isinstance(data, dict):
        return any(_is_broken(part) for pair in data.items() for part in pair)
    return isinstance(data, list) and any(map(_is_broken, data))
