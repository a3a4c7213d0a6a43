"""Public identifiers: UUID version 7 (RFC 9562), so that rows made later sort later."""

import uuid

import uuid_utils.compat


def uuid7() -> uuid.UUID:
    return uuid_utils.compat.uuid7()
