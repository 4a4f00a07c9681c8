"""Which blocks could go offline: asked of the engine a few at a time, and kept until something changes."""

from __future__ import annotations

from altmap.engine import Machine, Outlook, sentence

from ..picture.palette import WORDS
from ..picture.view import Told


class Outlooks:
    """The outlook of each online block, as far as it was asked."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: dict[int, Told] = {}
        self._state = -1

    def of(self, block: int) -> Told | None:
        """What is known of a block in the present state."""
        return self._present().get(block)

    def ask(self, block: int) -> Told | None:
        """What is known of a block; it is asked if it was not. None where there is nothing to ask: it is not online."""
        here = self._machine.blocks.get(block)
        if here is None or here.state != "online":
            return None
        known = self._present()
        if block not in known:
            known[block] = told(self._machine.outlook(block))
        return known[block]

    def pending(self) -> list[int]:
        """The online blocks that were not asked yet."""
        known = self._present()
        return [nr for nr, block in sorted(self._machine.blocks.items()) if block.state == "online" and nr not in known]

    def answers(self) -> dict[str, list[int]]:
        """The blocks by answer."""
        found: dict[str, list[int]] = {}
        for block, one in sorted(self._present().items()):
            found.setdefault(one.answer, []).append(block)
        return found

    def _present(self) -> dict[int, Told]:
        state = self._machine.timeline.present.number
        if state != self._state:
            self._known, self._state = {}, state
        return self._known


def told(outlook: Outlook) -> Told:
    """An outlook in words."""
    first = outlook.pfn
    blockers = []
    for kind, count in outlook.blockers:
        blockers.append((WORDS[kind], count, first))
        first = None
    said = sentence(outlook.reason) if outlook.reason is not None else ""
    if outlook.answer == "yes":
        said = f"{outlook.moves:,} pages would move" if outlook.moves else "nothing in it would have to move"
    return Told(outlook.answer, outlook.result, tuple(blockers), said, outlook.moves)
