"""docs/openapi.yaml, read once and by the fast loader."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


@cache
def described() -> dict[str, Any]:
    """What the API is described to be. Shared: copy before changing anything in it."""
    document: dict[str, Any] = yaml.load(FILE.read_text(), yaml.CSafeLoader)
    return document
