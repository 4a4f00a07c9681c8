"""Trying commands without doing them: on the machine itself, taken back at once, or on a copy that shares its values."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, cast

from ..commands import Command
from ..commands.outcome import Outcome
from ..memory.state import State
from ..numbers.frozen import Frozen
from ..protocol.events import Event, ExistingMemoryTaken, of_type
from ..protocol.reasons import HotplugError
from ..protocol.reasons.notes import Note
from .certainty import certainty
from .dispatch import kernel_doubted, run

_NOTHING: Final[Frozen[int, int]] = Frozen()
"""What most commands take of existing memory; a long history holds it once."""


def attempt(state: State, command: Command) -> Outcome:
    """Run a command to its end; what it changed stays. Raises `BadInput` for a command without sense."""
    events: list[Event] = []
    notes: list[Note] = []
    try:
        events.extend(run(state, command, notes))  # what came before an error stays in the list
    except HotplugError as error:
        return ended(state, command, events, notes, error)
    return ended(state, command, events, notes)


class _Enough(Exception):
    """No more has to be known."""


def decided(state: State, command: Command, by: type[Event]) -> Outcome:
    """Run a command until an event after which it cannot fail any more, or to its end; the events are those until then, and the
    state is fit for nothing but to be taken back. Raises `BadInput` for a command without sense."""
    if kernel_doubted(state, command):
        return attempt(state, command)
    events: list[Event] = []
    notes: list[Note] = []
    try:
        steps = run(state, command, notes)
        for event in steps:
            events.append(event)
            if isinstance(event, by):
                cast(Generator[Event, None, None], steps).throw(_Enough())
    except HotplugError as error:
        return ended(state, command, events, notes, error)
    except _Enough:
        pass
    return ended(state, command, events, notes)


def ended(
    state: State, command: Command, events: list[Event], notes: list[Note], error: HotplugError | None = None
) -> Outcome:
    """What came of a command that made these events, refused if there is an error, in the state that it led to."""
    result, reason, pfn = ("ok", None, None) if error is None else (error.errno, error.reason, error.pfn)
    taken: dict[int, int] = {}
    for event in of_type(events, ExistingMemoryTaken):
        taken[event.node] = taken.get(event.node, 0) + event.pages
    sure = certainty(state, result, events, reason)
    of_nodes = Frozen(taken) if taken else _NOTHING
    return Outcome(command, result, reason, pfn, tuple(events), of_nodes, tuple(notes), False, sure)


@contextmanager
def rehearsal(state: State) -> Iterator[None]:
    """Inside, the state can be changed at will; at the end every change is taken back, which costs as much as they did.

    Rehearsals may be nested, and held in the middle of an operation: what that wrote down stays written down.
    """
    before = len(state.journal.changes)
    try:
        yield
    finally:
        state.journal.rewind(before)
