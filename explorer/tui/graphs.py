"""The few numbers of a plan as small graphs along it: one sign a state. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from altmap.engine import Measured, about_bytes

from ..picture.lines import Line, Span, fitted, joined
from ..picture.palette import Palette

BARS: Final = "▁▂▃▄▅▆▇"
"""None fills its line, so that graphs below each other stay apart."""
_LABEL: Final = 10
_WORDS: Final = 22
_BROADEST: Final = 8
"""Signs of a state at most."""


class Course(msgspec.Struct, frozen=True):
    """A number that is followed: its name, its value of a state, and that in words (with the bytes of a page)."""

    name: str
    value: Callable[[Measured], float]
    words: Callable[[Measured, int], str]


def _pages(name: str, field: str) -> Course:
    return Course(
        name, lambda one: float(getattr(one, field)), lambda one, page: about_bytes(getattr(one, field) * page)
    )


def _movable(one: Measured) -> float:
    return one.movable / one.total if one.total else 0.0


COURSES: Final = (
    _pages("MemTotal", "total"),
    _pages("MemFree", "free"),
    _pages("memmap", "memmap"),
    Course("movable", _movable, lambda one, page: f"{_movable(one) * 100:.0f}%"),
)
"""What is followed: the last is the share of ZONE_MOVABLE."""


def bars(values: Sequence[float]) -> str:
    """Values as bars between their least and their biggest; all alike are low."""
    low, high = min(values, default=0), max(values, default=0)
    return "".join(BARS[round((value - low) / (high - low) * 6)] if high > low else BARS[0] for value in values)


def graphs(measures: Sequence[Measured], at: int, page: int, wide: int, palette: Palette) -> list[Line]:
    """A line for each number: a graph over the states, the one of number `at` marked, and its first and that value."""
    room = max(1, wide - _LABEL - _WORDS)
    if len(measures) > room:  # those around the marked one
        first = max(0, min(at - room // 2, len(measures) - room))
        shown, marked = measures[first : first + room], at - first
    else:
        shown, marked = measures, at
    broad = max(1, min(_BROADEST, room // max(1, len(shown))))
    return [_graph(course, shown, marked, measures[0], (page, broad, room, wide), palette) for course in COURSES]


def _graph(
    course: Course,
    shown: Sequence[Measured],
    marked: int,
    first: Measured,
    sizes: tuple[int, int, int, int],
    palette: Palette,
) -> Line:
    page, broad, room, wide = sizes
    drawn = bars([course.value(one) for one in shown])
    spans = [Span(f"{course.name:<{_LABEL}}", palette.dim)]
    for number, sign in enumerate(drawn):
        tone = palette.accent if number == marked else palette.kinds["pcp"] if number < marked else palette.faint
        spans.append(Span(sign * broad, tone, None, number == marked))
    spans.append(Span(" " * (room - broad * len(shown) + 1)))
    begun, now = course.words(first, page), course.words(shown[marked], page)
    spans.append(Span(f"{begun} → " if begun != now else "", palette.dim))
    spans.append(Span(now, palette.text, None, True))
    return fitted(joined(spans), wide)
