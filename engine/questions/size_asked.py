"""Questions that begin with a size, not with a block: which line is one?"""

from __future__ import annotations

import re
from typing import Final

from ..numbers.errors import BadInput
from ..numbers.units import parse_bytes

_VERB: Final = r"(?:offline|give\s+back|chmem\s+(?:-d|--disable))\s+"
_SIZE: Final = rf"(?:{_VERB})?(\d+(?:\.\d+)?)\s*([KMGTPkmgtp]i?[Bb]?)(?:\s+(.*))?"
_UNITS: Final = frozenset("KMGTPkmgtp")
_ALL: Final = rf"{_VERB}(?:all\b\s*(.*)|(?=node)(.*))"
_NODE: Final = r"(?:(?:on|of|from)\s+)?node\s*(\d{1,5})"


def asked_by_size(line: str) -> tuple[int | None, int | None] | None:
    """Bytes (None: all that is online) and node (None: all) of a line such as ``offline 40G node 1``, ``40 GiB``,
    ``chmem -d 40G``, ``offline all`` or ``offline node 1``; None where it asks of something else. Raises `BadInput` for a size
    with something behind it that is no node."""
    line = line.strip()
    match = None if _UNITS.isdisjoint(line) else re.fullmatch(_SIZE, line)
    everything = re.fullmatch(_ALL, line) if "all" in line or "node" in line else None
    if match is not None:
        return parse_bytes(match[1] + match[2]), _node(match[3])
    return None if everything is None else (None, _node(everything[1] or everything[2]))


def _node(words: str | None) -> int | None:
    node = re.fullmatch(_NODE, words.strip()) if words else None
    if words and node is None:
        raise BadInput(f"{words[:60]!r} is not understood behind a size; write: offline SIZE [node NODE]")
    return int(node[1]) if node else None
