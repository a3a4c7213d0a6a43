"""Public identifiers: UUID version 7 (RFC 9562), so that rows made later sort later."""

import uuid
from collections.abc import Iterable

import uuid_utils.compat


def uuid7() -> uuid.UUID:
    return uuid_utils.compat.uuid7()


def uuids(given: Iterable[str]) -> list[uuid.UUID]:
    """Those that are well-formed, as what somebody typed into an address need not be."""
    found = []
    for text in given:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
