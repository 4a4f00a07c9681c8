"""Questions that begin with a size, not with a block: which line is one?"""

from __future__ import annotations

import re
from typing import Final

from ..numbers.errors import BadInput
from ..numbers.units import parse_bytes

_SIZE: Final = r"(?:offline\s+|chmem\s+(?:-d|--disable)\s+)?(\d+(?:\.\d+)?)\s*([KMGTPkmgtp]i?[Bb]?)(?:\s+(.*))?"
_NODE: Final = r"node\s+(\d{1,5})"


def asked_by_size(line: str) -> tuple[int, int | None] | None:
    """Bytes and node (None: all) of a line such as ``offline 40G node 1``, ``40 GiB`` or ``chmem -d 40G``; None where it asks of
    something else. Raises `BadInput` for a size with something behind it that is no node."""
    match = re.fullmatch(_SIZE, line.strip())
    if match is None:
        return None
    node = re.fullmatch(_NODE, match[3].strip()) if match[3] else None
    if match[3] and node is None:
        raise BadInput(f"{match[3][:60]!r} is not understood behind a size; write: offline SIZE [node NODE]")
    return parse_bytes(match[1] + match[2]), int(node[1]) if node else None
