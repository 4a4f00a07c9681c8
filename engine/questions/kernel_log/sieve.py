"""Which of many patterns a stretch of a log can fit at all, found by the words that each holds: most logs say little of memory,
and to search each line for each pattern takes minutes for a long one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_STRETCH: Final = 512
"""Characters that are sifted at once."""


class Pattern:
    """A pattern around certain words: `text` is all of it as a regular expression, `needs` are the words' letters, without
    which no text fits it. What is added before or behind is a part of the regular expression."""

    def __init__(self, text: str, needs: str) -> None:
        self.text, self.needs = text, needs

    def __add__(self, behind: str) -> Pattern:
        return Pattern(self.text + behind, self.needs)

    def __radd__(self, before: str) -> Pattern:
        return Pattern(before + self.text, self.needs)


def literal(said: str) -> Pattern:
    """A pattern of just these words."""
    return Pattern(re.escape(said), "".join(said.split()))


def stretches(lines: Sequence[str]) -> Iterator[tuple[range, str]]:
    """The lines of a log, some at a time: their numbers, and their text with that of the line behind them, in which the last may
    go on, without blanks."""
    begin = size = 0
    for at, line in enumerate(lines):
        size += len(line) + 1
        if size >= _STRETCH or at + 1 == len(lines):
            yield range(begin, at + 1), "".join(" ".join(lines[begin : at + 2]).split())
            begin, size = at + 1, 0
