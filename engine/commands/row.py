"""A command is one row: its class, how a script says it, what it makes the kernel do, what does it on the real machine, and
how it is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from ..memory.state import State
from ..numbers.errors import BadInput
from ..protocol.events import Event
from ..protocol.reasons.notes import Note
from .fields import Base
from .form import Spelling
from .shell import Place

Steps = Iterator[Event]


class Work(msgspec.Struct, frozen=True):
    """What doing a command again costs, in events of a plain one; so it is bounded what the steps of a file may ask for.

    begin  before its first event: more for a command that looks at more than it changes
    each   for an event or a changed value: more where all pages of a section are looked at for it
    """

    begin: int = 2
    each: int = 1


class Row(msgspec.Struct, frozen=True):
    """All that belongs to a command.

    command  its class: what JSON, histories and the engine's users hold
    form     how a line of a script says it
    about    one line on what it does
    example  a line of a script that does it
    run      what it makes the kernel do, event by event: given the state, the command, and a list for what is to be said
             besides; raises `HotplugError` for the kernel's refusal, `BadInput` for a command without sense. It imports the
             mechanism itself, so that who only looks at a machine waits for none of it
    export   the lines that do it on the real machine
    signals  can a signal end it? Offlining looks for signals; the kernel's own threads do not
    hotplug  does it take the hotplug lock?
    work     what doing it again costs
    """

    command: type[Base]
    form: Spelling
    about: str
    example: str
    run: Callable[[State, Any, list[Note]], Steps]
    export: Callable[[Any, Place], Iterator[str]]
    signals: bool = False
    hotplug: bool = False
    work: Work = Work()


def known_node(state: State, node: int) -> None:
    """Raise `BadInput` for a node that the machine has not."""
    if node not in state.nodes:
        raise BadInput(f"there is no node {node}; nodes are {', '.join(map(str, sorted(state.nodes)))}")
