"""Trying commands without doing them: on the machine itself, taken back at once, or on a copy that shares its values."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import cast

import msgspec

from ..commands import Command
from ..memory.state import State
from ..protocol.events import Event, ExistingMemoryTaken, of_type
from ..protocol.reasons import HotplugError, Reason
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import Certainty
from .certainty import certainty
from .dispatch import kernel_doubted, run


class Attempt(msgspec.Struct, frozen=True):
    """How a command ended that was tried: "ok" or the errno, the reason, the page (pfn) at fault, its events, and how sure
    that is (see `Outcome`)."""

    result: str
    reason: Reason | None
    pfn: int | None
    events: tuple[Event, ...]
    notes: tuple[Note, ...] = ()
    certainty: Certainty = "yes"

    @property
    def ok(self) -> bool:
        """Did it succeed?"""
        return self.result == "ok"

    @property
    def taken(self) -> dict[int, int]:
        """Pages of existing memory that it took, by node."""
        found: dict[int, int] = {}
        for event in of_type(self.events, ExistingMemoryTaken):
            found[event.node] = found.get(event.node, 0) + event.pages
        return found


def attempt(state: State, command: Command) -> Attempt:
    """Run a command to its end; what it changed stays. Raises `BadInput` for a command without sense."""
    events: list[Event] = []
    notes: list[Note] = []
    try:
        events.extend(run(state, command, notes))  # what came before an error stays in the list
    except HotplugError as error:
        return ended(state, events, notes, error)
    return ended(state, events, notes)


class _Enough(Exception):
    """No more has to be known."""


def decided(state: State, command: Command, by: type[Event]) -> Attempt:
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
        return ended(state, events, notes, error)
    except _Enough:
        pass
    return ended(state, events, notes)


def ended(state: State, events: list[Event], notes: list[Note], error: HotplugError | None = None) -> Attempt:
    """How a command ended that made these events, refused if there is an error; the state is the one that it led to."""
    result = "ok" if error is None else error.errno
    sure = certainty(state, result, events, error.reason if error is not None else None)
    if error is None:
        return Attempt(result, None, None, tuple(events), tuple(notes), sure)
    return Attempt(result, error.reason, error.pfn, tuple(events), tuple(notes), sure)


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
