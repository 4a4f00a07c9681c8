"""A moment of a film as lines, for a terminal or a file: the map, what the kernel does, how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

from ..picture.legend import legend
from ..picture.lines import Line, Span, fitted, joined
from ..picture.memory import MemoryPicture
from ..picture.memory_size import short_size
from ..picture.overlay import Overlay
from ..picture.palette import DARK
from ..picture.pointed import pointed
from ..picture.scope import whole
from ..picture.use import Use
from ..picture.view import BlockOutlook, Scene
from ..printable import printable
from .moments import Watched, listed
from .player import Player

_BESIDE: Final = 38
"""Columns of the panel beside the map."""
_WITH_PANEL: Final = 100
"""From so many columns on there is one."""
_MOMENTS: Final = ((32, 9), (26, 7), (20, 5), (0, 3))
"""Moments that are listed, by the least lines of a frame."""
_NOWHERE: Final = -1
"""Where the cursor is: nobody moves it."""


class Frames:
    """Draws the moments of a film in a size, in columns and lines. `letters`: there is no colour."""

    def __init__(self, label: str, player: Player, size: tuple[int, int], letters: bool) -> None:
        self._label = printable(label)
        self._player = player
        self.wide, self._high = size
        self._letters = letters
        self._panel = _BESIDE if self.wide >= _WITH_PANEL else 0
        self._picture: MemoryPicture | None = None
        self._shape: object = None

    def lines(self) -> list[Line]:
        """The moment that is shown."""
        listed_ones = next(lines for least, lines in _MOMENTS if self._high >= least)
        player, left = self._player, self.wide - self._panel - bool(self._panel)
        measures = [] if self._panel else self._watched(left, 4).measures()[:4]
        map_lines = max(4, self._high - 3 - listed_ones - len(measures))
        over = Overlay(_NOWHERE, happening=player.happening(self._letters))
        picture = self._drawn((left, map_lines), over)
        machine, scope = player.machine, picture.scope
        edged = bool(picture.plan.shape.gap)
        entries = [
            *pointed(picture.scene, scope, over, picture.halves, edged),
            *Use.entries(picture.scene, machine.summary(scope.start, scope.pages, orders=False)),
        ]
        cell = f"cell {short_size(picture.cell * machine.geometry.page_size)}"
        body = [
            *(picture.line(y, over) for y in range(picture.lines)),
            legend(entries, (cell,), left, picture.scene, picture.halves),
            self._strip("what the kernel does", f"moment {player.at:,} of {len(player.moments):,} ", left),
            *listed(player, DARK, left, listed_ones),
            *measures,
        ]
        if not self._panel:
            return [self._title(), *body]
        beside = self._watched(self._panel, len(body)).lines()[: len(body)]
        return [self._title(), *(self._both(*pair, left) for pair in zip_longest(body, beside, fillvalue=()))]

    def _both(self, one: Line, other: Line, left: int) -> Line:
        return joined((*fitted(one, left), Span(" "), *other))

    def _title(self) -> Line:
        said = f" {self._label} "
        player = self._player
        sign = "▶" if not player.ended else "↻ never ends" if player.never_ends else "■"
        if player.waits:
            sign = "↻ goes on until a signal"
        return self._strip(said, f"{sign} ", self.wide, strong=True)

    def _strip(self, left: str, right: str, wide: int, strong: bool = False) -> Line:
        back = DARK.focused if strong else DARK.strip
        said = left[: max(0, wide - len(right))]
        gap = wide - len(said) - len(right)
        return (Span(said, DARK.text, back, True), Span(" " * gap, None, back), Span(right, DARK.dim, back))

    def _watched(self, wide: int, high: int) -> Watched:
        return Watched(self._player, self._player.machine, DARK, (wide, high), self._letters)

    def _drawn(self, size: tuple[int, int], over: Overlay) -> MemoryPicture:
        """The map as the machine is now; it is laid out anew where there is other memory than before."""
        machine = self._player.machine
        expected = self._player.memory
        shape = (whole(machine, expected), frozenset(machine.blocks.keys() | expected.keys()), size)
        if self._picture is None or self._shape != shape:
            scene = Scene(machine, DARK, _Unasked(), expected)
            self._shape = shape
            self._picture = MemoryPicture(scene, Use, shape[0], size, 1 if self._letters else 2, True)
        else:
            self._picture.changed_lines(over)
        return self._picture


class _Unasked:
    """Nobody asks here which blocks can go."""

    def of(self, block: int) -> BlockOutlook | None:
        return None

    def among(self, blocks: range) -> set[str]:
        return set()

    def answers(self) -> Mapping[str, Sequence[int]]:
        return {}
