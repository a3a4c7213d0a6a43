"""What the API takes: JSON and forms, and only such text as a database can keep."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from core.errors import Invalid
from core.validation.json_input import InvalidJSON, parse_json
from core.validation.text import malformed_field


class BodyTooLarge(Invalid):
    code = "body_too_large"
    status = 413
    message = _("The body is larger than 2 MiB.")


class JSONParser(parsers.JSONParser):
    """Reads a body within the bounds of size, depth and text that `core.validation.json_input` sets."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            return parse_json(body)
        except InvalidJSON as failure:
            raise ParseError(str(failure)) from None


class MultiPartParser(parsers.MultiPartParser):
    """Refuses fields and names of files that hold NUL."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        parsed: Any = super().parse(stream, media_type, parser_context)
        files = ((key, [file.name or ""]) for key, file in parsed.files.items())
        if (name := malformed_field(parsed.data, *files)) is not None:
            raise ParseError(f"{name or 'A field'} holds a character that is not allowed.")
        return parsed
