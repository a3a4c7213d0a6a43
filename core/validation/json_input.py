"""Read JSON from outside within bounds: depth, length of numbers, and only text that a database can hold."""

import json
import math
from typing import Any, Final, NoReturn

from core.validation.text import is_storable

MAX_DEPTH: Final = 32
MAX_NUMBER_LENGTH: Final = 64  # digits; more than any amount, count or id has


class InvalidJSON(ValueError):
    """The text is not JSON, or JSON that is not taken. The message says why, in words for its sender."""


def parse_json(text: str | bytes) -> Any:
    """Return what the JSON text holds. Raises InvalidJSON.

    Refuses NaN and infinities (also as 1e999), numbers of more than 64 digits, NUL, lone surrogates and nesting
    deeper than 32.
    """
    try:
        data = _decoder.decode(text if isinstance(text, str) else text.decode())
    except InvalidJSON:
        raise
    except RecursionError:
        raise InvalidJSON(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
    except UnicodeDecodeError:
        raise InvalidJSON("The JSON is not UTF-8.") from None
    except ValueError as failure:
        raise InvalidJSON(f"The text is not JSON: {failure}.") from None
    _require_bounded(data)
    return data


def _require_bounded(data: Any) -> None:
    level: list[Any] = [[data]]
    for _depth in range(MAX_DEPTH + 1):
        parts = [part for container in level for part in _parts_of(container)]
        if any(isinstance(part, str) and not is_storable(part) for part in parts):
            raise InvalidJSON("A text in the JSON holds a NUL character or half a surrogate pair.")
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise InvalidJSON(f"The JSON is nested deeper than {MAX_DEPTH} levels.")


def _parts_of(container: dict[str, Any] | list[Any]) -> list[Any]:
    return [*container.keys(), *container.values()] if isinstance(container, dict) else container


def _read_integer(digits: str) -> int:
    return int(_require_short(digits))


def _read_float(digits: str) -> float:
    number = float(_require_short(digits))
    if not math.isfinite(number):
        raise InvalidJSON("A number in the JSON is too large.")
    return number


def _require_short(digits: str) -> str:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise InvalidJSON(f"A number in the JSON has more than {MAX_NUMBER_LENGTH} digits.")
    return digits


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJSON(f"{name} is not a number in JSON.")


_decoder = json.JSONDecoder(parse_int=_read_integer, parse_float=_read_float, parse_constant=_refuse_constant)
