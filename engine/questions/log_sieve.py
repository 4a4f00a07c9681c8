"""Which of many patterns a stretch of a log can fit at all, found by the words that each needs: most logs say little of memory,
and to search each line for each pattern takes minutes for a long one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_STRETCH: Final = 512
"""Characters that are sifted at once."""

_NO_LETTERS: Final = r"\\.|\[\^?\]?[^]]*\]|[\^$+]"
"""Parts of a pattern that stand for no certain letter: escapes, classes, ends."""
_MAY_LACK: Final = r".(?:[?*]|\{[^}]*\})|\."
_GROUP: Final = r"\([^()]*\)"
_GAP: Final = "\0"


def needed(pattern: str) -> tuple[str, ...]:
    """For each alternative of a pattern the longest word, without its blanks, that a text it fits must hold."""
    plain = re.sub(_NO_LETTERS, _GAP, pattern)
    while plain != (outer := re.sub(_GROUP, _GAP, plain)):
        plain = outer
    sure = (re.sub(_MAY_LACK, _GAP, alternative) for alternative in plain.split("|"))
    return tuple(max(("".join(part.split()) for part in one.split(_GAP)), key=len) for one in sure)


def stretches(lines: Sequence[str]) -> Iterator[tuple[range, str]]:
    """The lines of a log, some at a time: their numbers, and their text with that of the line behind them, in which the last may
    go on, without blanks."""
    begin = size = 0
    for at, line in enumerate(lines):
        size += len(line) + 1
        if size >= _STRETCH or at + 1 == len(lines):
            yield range(begin, at + 1), "".join(" ".join(lines[begin : at + 2]).split())
            begin, size = at + 1, 0
