"""The legend below the map: each letter, glyph and colour that the machine shows, with its word."""

from __future__ import annotations

from collections.abc import Sequence

from altmap.engine import Machine

from ... import facts
from .cells import GHOSTS, GOING, HEAD, MIXED, OFFLINE, POISONED, WITHHELD, ZONES, Look, look_of, signs_of
from .painted import Line, Painted, Piece, length


class Legend(Painted, can_focus=False):
    """As many lines as it needs."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.letters_only = False

    def show(self, letters_only: bool) -> None:
        """Explain the machine's blocks, drawn as letters only or with glyphs."""
        self.letters_only = letters_only
        self.reload()

    def reload(self) -> None:
        super().reload()
        self.styles.height = max(1, len(self._lines))

    def lines(self, width: int) -> Sequence[Line]:
        ghosts = facts.ghosts(self.machine)
        seen = {look_of(self.machine, block, ghosts) for block in (*self.machine.blocks, *ghosts)}
        always = {ZONES["Movable"], OFFLINE}
        shown = [look for look in (*ZONES.values(), MIXED, OFFLINE, GOING, *GHOSTS.values()) if look in seen | always]
        entries = [self._entry(look) for look in shown]
        if self.letters_only:
            entries.append(((" ", "zone-Movable"), ("M", "zone-Movable head"), (f" {HEAD.word}", "muted")))
        else:
            signs = {HEAD, *signs_of(self.machine).values()}
            shown_signs = [sign for sign in (HEAD, POISONED, WITHHELD) if sign in signs]
            entries += [((s.glyph, s.role), ("M", "zone-Movable"), (f" {s.word}", "muted")) for s in shown_signs]
        lines: list[Line] = [()]
        for entry in entries:
            gap: Line = (("  ", "text"),) if lines[-1] else ()
            if lines[-1] and length(lines[-1]) + length(gap) + length(entry) > width:
                lines.append(entry)
            else:
                lines[-1] = (*lines[-1], *gap, *entry)
        return lines

    def _entry(self, look: Look) -> tuple[Piece, ...]:
        return ((look.glyph + look.letter, look.role), (f" {look.word}", "muted"))
