"""The few numbers of alternatives that people choose by, and which of them differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from ...numbers.units import about_bytes, format_bytes
from .comparison import Alternative, Comparison

Better = Literal["more", "less"]


class Figure(msgspec.Struct, frozen=True):
    """One number by which alternatives are compared, with a value for each of them.

    `name`    what it is; `short` where there is little room
    `values`  in the order of the alternatives, None where one was not done
    `texts`   the same as people read it, with its unit
    `best`    where it is as good as in any; where all are alike there is no best
    `better`  is more of it better, or less?
    `weight`  how much it tells: where there is no room for all, the heaviest are shown
    """

    name: str
    values: tuple[int | None, ...]
    texts: tuple[str, ...]
    best: tuple[bool, ...]
    better: Better = "more"
    weight: int = 0
    short: str = ""

    @property
    def differs(self) -> bool:
        """Do people read another number in one of the alternatives?"""
        return len({text for text, value in zip(self.texts, self.values, strict=True) if value is not None}) > 1

    @property
    def shares(self) -> tuple[float, ...]:
        """Each as a part of the biggest."""
        most = max((value for value in self.values if value is not None), default=0)
        return tuple((value or 0) / most if most else 0.0 for value in self.values)


class _Measure(NamedTuple):
    name: str
    short: str
    weight: int
    better: Better
    value: Callable[[Alternative], int | None]
    text: Callable[[Alternative, int], str]


def _pages(name: str, short: str, weight: int, better: Better, value: Callable[[Alternative], int]) -> _Measure:
    return _Measure(name, short, weight, better, value, lambda row, page: about_bytes(value(row) * page))


def _huge(size: int, when: Literal["at once", "then"]) -> _Measure:
    def count(row: Alternative) -> int:
        return (row.added if when == "at once" else row.online).huge.get(size, 0)

    name, short = (f"{format_bytes(size)} {word}" for word in (when, "now" if when == "at once" else when))
    return _Measure(name, short, 1, "more", count, lambda row, page: f"{count(row):,}")


_BEFORE: Final = (
    _pages("takes at once", "takes now", 8, "less", lambda row: sum(row.taken.values())),
    _pages("free at once", "free now", 3, "more", lambda row: row.added.free),
)
_THEN: Final = (
    _pages("MemTotal then", "MemTotal", 5, "more", lambda row: row.online.total),
    _pages("MemFree then", "MemFree", 2, "more", lambda row: row.online.free),
)
_LAST: Final = (
    _pages("longest run", "longest", 6, "more", lambda row: row.largest_run),
    _Measure(
        "goes alone",
        "alone",
        9,
        "more",
        lambda row: row.removable_blocks * row.block_size,
        lambda row, page: f"{row.removable_blocks:,}{'/' if row.blocks >= 100 else ' of '}{row.blocks:,}",
    ),
    _pages("off node", "off node", 4, "less", lambda row: row.off_node),
    _Measure(
        "kernel later",
        "later",
        7,
        "less",
        lambda row: int(not row.assured),
        lambda row, page: "never" if row.assured else "may",
    ),
)


def figures(comparison: Comparison) -> tuple[Figure, ...]:
    """All numbers of a comparison, in the order in which one looks at them: what the add takes at once, what there is when all
    is online, and what can go again. `kernel later`: may the kernel put pages of its own there, which never move away?"""
    sizes = [*comparison.before.huge]
    measures = [
        *_BEFORE, *(_huge(size, "at once") for size in sizes), *_THEN, *(_huge(size, "then") for size in sizes), *_LAST
    ]  # fmt: skip
    return tuple(_figures(comparison, measures))


def _figures(comparison: Comparison, measures: list[_Measure]) -> Iterator[Figure]:
    for name, short, weight, better, value, text in measures:
        values = tuple(value(row) if row.ok else None for row in comparison.alternatives)
        known = [one for one in values if one is not None]
        texts = tuple(text(row, comparison.page_size) if row.ok else "" for row in comparison.alternatives)
        goal = (max if better == "more" else min)(known, default=0)
        found = Figure(name, values, texts, tuple(one == goal for one in values), better, weight, short)
        yield found if found.differs else msgspec.structs.replace(found, best=(False,) * len(values))
