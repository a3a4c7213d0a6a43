"""What is left of the address of somebody who was erased."""

from typing import Final

NOBODY: Final = "@invalid"  # how it ends: no mail server takes it (RFC 2606)
