"""A machine before it is opened: its map, what its pages are used for, what it is, and how well that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from altmap.engine import Machine

from ... import facts
from ...card import rows
from ...picture.lines import Line, Span
from ...picture.memory import MemoryPicture
from ...picture.overlay import Overlay
from ...picture.parts import Parts
from ...picture.scope import whole
from ...picture.use import Use
from ...picture.view import Scene
from ...printable import printable
from ...wrapping import wrap
from ..outlooks import Outlooks
from .drawn import palette_of
from .painted import Scroller

_MAP: Final = range(4, 21)
"""Lines of the map."""
_FLAT: Final = 20
"""Of fewer lines a card is low."""
_LABEL: Final = 17


class MachineCard(Scroller):
    """One machine; or a few words in its place."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._machine: Machine | None = None
        self._words: tuple[str, ...] = ()

    def show(self, machine: Machine | None, *words: str) -> None:
        """A machine, with a line on what it is; without one the words alone."""
        self._machine, self._words = machine, words
        self.scroll_to(y=0, animate=False)
        self.reload()

    def drawn(self, width: int) -> Sequence[Line]:
        palette = palette_of(self.app)
        lines: list[Line] = []
        for text in filter(None, self._words):
            lines += [(Span(part, palette.text),) for part in wrap(printable(text), max(8, width))]
        if self._machine is not None:
            machine, flat = self._machine, self.size.height < _FLAT
            lines = lines[: 1 if flat else None]
            below = [*self._rows(machine, width), *self._known(machine, width)]
            uses: list[Line] = [()] if flat else [*self._uses(machine, width), ()]
            room = self.size.height - len(lines) - 1 - len(uses) - len(below)
            if room >= _MAP.start or not flat:  # where there is little room numbers come before a picture
                lines += [(), *self._map(machine, width, min(max(room, _MAP.start), _MAP.stop - 1)), *uses]
            lines += below
        return lines

    def _map(self, machine: Machine, width: int, high: int) -> Iterator[Line]:
        scene = Scene(machine, palette_of(self.app), Outlooks(machine))
        picture = MemoryPicture(scene, Use, whole(machine), (width, high), self.halves, folds=True, plain=True)
        nowhere = Overlay(cursor=-1)
        yield from (picture.line(y, nowhere) for y in range(picture.lines))

    def _uses(self, machine: Machine, width: int) -> Iterator[Line]:
        scope = whole(machine)
        found = machine.summary(scope.start, scope.pages, orders=False)
        yield ()
        yield from Parts(machine, palette_of(self.app), (width, 8), self.halves == 1).kinds(found)

    def _rows(self, machine: Machine, width: int) -> Iterator[Line]:
        palette = palette_of(self.app)
        for name, text in rows(machine):
            for part in wrap(printable(text), max(8, width - _LABEL)):
                yield (Span(f"{name:<{_LABEL}}", palette.dim), Span(part, palette.text))
                name = ""

    def _known(self, machine: Machine, width: int) -> Iterator[Line]:
        palette = palette_of(self.app)
        guessed = facts.unmeasured(machine)
        for title, colour, names in (
            ("measured", palette.good, machine.origin.measured),
            ("guessed", palette.warn, guessed or ("nothing",)),
        ):
            if names:
                yield ()
                yield (Span(title, colour, bold=True),)
                for part in wrap(printable(", ".join(names)), max(8, width - 1)):
                    yield (Span(f" {part}", palette.dim),)
        for note in machine.origin.notes:
            yield ()
            yield from ((Span(part, palette.dim),) for part in wrap(printable(note), max(8, width)))
