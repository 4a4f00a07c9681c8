"""What /proc/kpageflags says of the pages of a section, as one set for each thing that it says.

There are few of these. So where pages are scattered, what is said of each is written as a letter, and each set is read off the
letters at once; that costs the same however many runs there are. Of a few long runs, sets are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ..numbers.bits import within
from ..protocol.vocabulary import Kind
from ..reading.kpageflags import KPF_NOPAGE, is_bare_compound, is_order_0_slab, kind_of
from ..reading.observation import PageRun

_NOTHING: Final = b"0" * 256
_ONE: Final = [bytes((letter,)) for letter in range(256)]
_SCATTERED: Final = 200
"""More runs than these are written as letters."""


class Look(NamedTuple):
    """What flags say of a page: whether there is one, its kind (None: no flag says it), and whether it is a slab page of order
    0 or part of a larger page of which nothing else is said."""

    there: bool
    kind: Kind | None
    frozen: bool
    compound: bool


class Letters:
    """A letter for each look."""

    def __init__(self) -> None:
        self._looks: dict[Look, int] = {}
        self._of_flags: dict[int, int] = {}

    def sets(self, runs: Sequence[PageRun], base: int, size: int) -> list[tuple[Look, int]]:
        """The sets of the `size` pages from pfn `base` on that look the same; `runs` are those that were seen there."""
        found = (self._put_together if len(runs) <= _SCATTERED else self._read_off)(runs, base, size)
        return [(look, found[letter]) for look, letter in self._looks.items() if letter in found]

    def _put_together(self, runs: Iterable[PageRun], base: int, size: int) -> dict[int, int]:
        """The set of each letter."""
        sets: dict[int, int] = {}
        for run in runs:
            letter = self._of_flags.get(run.flags) or self._letter(run.flags)
            sets[letter] = sets.get(letter, 0) | within(base, size, run.pfn, run.count)
        return sets

    def _read_off(self, runs: Iterable[PageRun], base: int, size: int) -> dict[int, int]:
        """The same, of many runs."""
        row = bytearray(size)
        known = self._of_flags
        for run in runs:
            flags, low, count = run.flags, run.pfn - base, run.count
            letter = known.get(flags) or self._letter(flags)
            if count == 1:
                row[low] = letter
            else:
                high = low + count
                if low < 0 or high > size:  # as the first and the last may
                    low, high = max(low, 0), min(high, size)
                row[low:high] = _ONE[letter] * (high - low)
        row.reverse()
        return {
            letter: int(row.translate(_NOTHING[:letter] + b"1" + _NOTHING[letter + 1 :]), 2)
            for letter in self._looks.values()
            if letter in row
        }

    def _letter(self, flags: int) -> int:
        look = Look(not flags & KPF_NOPAGE, kind_of(flags), is_order_0_slab(flags), is_bare_compound(flags))
        letter = self._of_flags[flags] = self._looks.setdefault(look, len(self._looks) + 1)
        return letter
