"""What all verbs share: how one is described, and why it has nothing to do now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .. import facts
from . import words

if TYPE_CHECKING:
    from .desk import Desk


class Verb:
    """One thing that a person can do. `key`: as Textual writes it, several divided by commas; `label`: in the footer;
    `title`: in the palette and the help; `sentence`: what it does; `footer`: is it shown there? `waits`: not while
    another verb runs. `changes`: it does something to the machine, so not to a running one, which is only looked at."""

    name: ClassVar[str]
    key: ClassVar[str]
    label: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    group: ClassVar[str]
    footer: ClassVar[bool] = True
    waits: ClassVar[bool] = True
    changes: ClassVar[bool] = False

    @classmethod
    def idle(cls, desk: Desk) -> str:
        """Why it would do nothing now; empty if it would do something."""
        if cls.waits and desk.session.running is not None:
            return f"“{desk.session.running}” is not done yet"
        if cls.changes and desk.live:
            return "the running machine is only looked at; l leaves for a copy, where it can be tried"
        return cls.lacking(desk)

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        """What it needs and does not find; empty if there is all."""
        return ""

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        """Would it do something now?"""
        return not cls.idle(desk)

    @classmethod
    def run(cls, desk: Desk) -> None:
        """Do it."""
        raise NotImplementedError


def target(desk: Desk, state: str) -> tuple[int, ...]:
    """The blocks that a verb acts on: those marked, else the selected one, as far as they are in a state."""
    blocks = desk.machine.blocks
    return tuple(nr for nr in sorted(desk.marks or {desk.cursor}) if nr in blocks and blocks[nr].state == state)


def no_target(desk: Desk, state: str) -> str:
    """Why there is no block for a verb to act on; empty if there is one."""
    if target(desk, state):
        return ""
    if desk.marks:
        return f"none of the {len(desk.marks):,} marked blocks is {state}"
    here = desk.machine.blocks.get(desk.cursor)
    return f"{words.block_name(here.id)} is {here.state} already" if here else _no_block(desk)


def hot_ranges(desk: Desk) -> list[tuple[int, int]]:
    """Start and size in bytes of the memory that is marked, else of the whole device under the cursor."""
    unit = desk.machine.geometry.block_size
    return [(first * unit, count * unit) for first, count in facts.runs(_hot_blocks(desk))]


def no_hot_ranges(desk: Desk, state: str | None = None) -> str:
    """Why that cannot be taken out; empty if it can. With a state, all its blocks must be in it."""
    blocks = desk.machine.blocks
    chosen = _hot_blocks(desk)
    early = [nr for nr in chosen or [desk.cursor] if nr in blocks and blocks[nr].early]
    if early:
        return f"{words.block_names(early)} is boot memory, of no device"
    if not chosen:
        return _no_block(desk)
    others = [nr for nr in chosen if state is not None and blocks[nr].state != state]
    return f"{words.block_names(others)} is not {state}" if others else ""


def range_names(desk: Desk) -> str:
    """The blocks of `hot_ranges` by number."""
    return words.numbers(_hot_blocks(desk))


def _hot_blocks(desk: Desk) -> list[int]:
    machine = desk.machine
    return [nr for nr in sorted(desk.marks or facts.device_of(machine, desk.cursor)) if nr in machine.blocks]


def _no_block(desk: Desk) -> str:
    return f"there is no {words.block_name(desk.cursor)}"
