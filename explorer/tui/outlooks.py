"""Which blocks could go offline: asked of the engine a few at a time, and kept until something changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from altmap.engine import Machine, Outlook, sentence

from ..picture.palette import WORDS
from ..picture.view import BlockOutlook
from .prospects import Prospects, prospects

_FEW: Final = 4
"""Blocks in one cell that are asked when the cursor comes there."""


class Outlooks:
    """The outlook of each online block, as far as it was asked."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: dict[int, BlockOutlook] = {}
        self._answers: dict[str, list[int]] = {}
        self._state = -1
        self._rest: tuple[int, list[int]] = (-2, [])
        self._summed: tuple[tuple[int, int], Prospects] | None = None

    def hold(self, machine: Machine) -> None:
        """Ask another reading of the same machine from now on."""
        self._machine, self._state, self._rest, self._summed = machine, -1, (-2, []), None

    def of(self, block: int) -> BlockOutlook | None:
        """What is known of a block in the present state."""
        return self._present().get(block)

    def among(self, blocks: range) -> set[str]:
        """The answers that there are on some blocks."""
        if not (known := self._present()):
            return set()
        return {found.answer for nr in blocks if (found := known.get(nr)) is not None}

    def ask(self, block: int) -> BlockOutlook | None:
        """What is known of a block; it is asked if it was not. None where there is nothing to ask: it is not online."""
        here = self._machine.blocks.get(block)
        if here is None or here.state != "online":
            return None
        known = self._present()
        if block not in known:
            found = known[block] = block_outlook(self._machine, self._machine.outlook(block))
            self._answers.setdefault(found.answer, []).append(block)
        return known[block]

    def each(self, blocks: range, ask: bool) -> tuple[tuple[int, BlockOutlook], ...]:
        """What is known of each of a few blocks in one cell; `ask`: those that were not asked are."""
        if not 1 < len(blocks) <= _FEW:
            return ()
        found = ((nr, self.ask(nr) if ask else self.of(nr)) for nr in blocks)
        return tuple((nr, found) for nr, found in found if found is not None)

    def pending(self) -> list[int]:
        """The online blocks that were not asked yet."""
        known = self._present()
        if self._rest[0] != self._state:
            self._rest = (
                self._state,
                sorted(nr for nr, block in self._machine.blocks.items() if block.state == "online"),
            )
        self._rest = self._state, [nr for nr in self._rest[1] if nr not in known]
        return list(self._rest[1])

    def answers(self) -> Mapping[str, Sequence[int]]:
        """The blocks by answer, as they were asked."""
        self._present()
        return self._answers

    def prospects(self) -> Prospects:
        """What all the answers come to; worked out once for as many as there are."""
        known = self._present()
        if self._summed is None or self._summed[0] != (self._state, len(known)):
            online = sum(block.state == "online" for block in self._machine.blocks.values())
            self._summed = (self._state, len(known)), prospects(known, online)
        return self._summed[1]

    def _present(self) -> dict[int, BlockOutlook]:
        state = self._machine.timeline.number
        if state != self._state:
            self._known, self._answers, self._state = {}, {}, state
        return self._known


def block_outlook(machine: Machine, outlook: Outlook) -> BlockOutlook:
    """An outlook in words."""
    per_block, size = machine.geometry.sections_per_block, machine.geometry.pages_per_section
    numbers = range(outlook.block * per_block, (outlook.block + 1) * per_block)
    blockers = []
    for kind, count in outlook.blockers:
        held = ((nr, section.of(kind)) for nr in numbers if (section := machine.sections.get(nr)) is not None)
        first = next((nr * size + (pages & -pages).bit_length() - 1 for nr, pages in held if pages), None)
        blockers.append((WORDS[kind], count, first))
    said = sentence(outlook.reason) if outlook.reason is not None else ""
    if outlook.answer == "yes":
        said = f"{outlook.moves:,} pages would move" if outlook.moves else "nothing in it would have to move"
    doubt = ""
    if outlook.answer == "not known":
        here = [section for nr in numbers if (section := machine.sections.get(nr)) is not None]
        doubt, why = _doubted(outlook, seen=not any(section.estimated for section in here))
        said = said or why
    rule = RULES.get(outlook.reason.code, "") if outlook.reason is not None else ""
    return BlockOutlook(
        outlook.answer, outlook.result, tuple(blockers), said, outlook.moves, rule, None if rule else outlook.pfn, doubt
    )


def _doubted(outlook: Outlook, seen: bool) -> tuple[str, str]:
    """What "not known" hangs on, in a word or two and in a sentence; `seen`: the pages of the block were."""
    if outlook.doubt is not None:
        return DOUBTS.get(outlook.doubt.code, "unsure"), sentence(outlook.doubt)
    if seen:
        return "no flags", f"{outlook.unseen:,} of its pages show no flag: free, or the kernel's"
    return "unseen", f"no one saw {outlook.unseen:,} of its pages"


RULES: Final = {"several_zones": "two zones", "memory_holes": "holes", "holds_memmap": "hosts memmap"}
"""Rules that refuse a block whatever its pages are, in a word."""

DOUBTS: Final = {"cma_somewhere": "CMA", "not_dated": "boot?"}
"""What else than pages an answer hangs on, in a word."""
