"""A machine in a list of machines: its name, its memory in two lines, and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..card import Card
from ..printable import printable
from .lines import Line, Span, both_ends, cut
from .palette import Palette

_NAME: Final = 17
_RIGHT: Final = 20
_WIDEST: Final = 96
"""Columns of the name, of what stands at the right, and of a picture at most."""


def picture_width(width: int) -> int:
    """Columns that a machine's picture has in a row of so many."""
    return min(_WIDEST, max(8, width - _NAME - _RIGHT))


def machine_row(
    name: str,
    card: Card | None,
    picture: Sequence[Line],
    palette: Palette,
    facts: tuple[str, str] = ("", ""),
    done: int = 0,
) -> Iterator[Line]:
    """The two lines of a machine beside those of its picture. `facts` are said as long as nothing else is known; `done`:
    commands in its history."""
    first, second = facts
    if card is not None:
        commands = f"{done:,} command{'s' * (done != 1)}"
        first = f"{card.size:>7}  {commands if done else card.arch}"
        second = f" {card.blocks} {card.nodes}"
    below = card.kernel if card is not None else ""
    yield (
        Span(_named(both_ends(printable(name), _NAME - 1)), palette.text, bold=True),
        *picture[0],
        Span(first, palette.text),
    )
    yield (Span(_named(below), palette.dim), *picture[1], Span(second, palette.dim))


def about_line(about: str, card: Card | None, width: int, palette: Palette) -> Line:
    """A line below: what a machine is, and how well it is known."""
    known = f"{'●' if card.seen else '○'} {card.known}" if card is not None else ""
    room = width - 2 - len(known)
    sign = Span(known, palette.good if card is not None and card.seen else palette.dim)
    return (Span(f"{cut(printable(about), room).ljust(room)} ", palette.dim), sign)


def _named(text: str) -> str:
    return f"{cut(printable(text), _NAME - 1):<{_NAME}}"
