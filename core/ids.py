"""Public identifiers: UUID version 7 (RFC 9562), so that rows made later sort later."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import uuid_utils.compat


def uuid7() -> uuid.UUID:
    return uuid_utils.compat.uuid7()


def uuid7_timestamp(uid: uuid.UUID) -> datetime | None:
    """The timestamp of a uuid7; None for another version."""
    if uid.version != 7:  # noqa: PLR2004  the version
        return None
    return datetime.fromtimestamp((uid.int >> 80) / 1000, UTC)


def uuids(given: Iterable[str]) -> list[uuid.UUID]:
    """Those that are well-formed, as what somebody typed into an address need not be."""
    found = []
    for text in given:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
