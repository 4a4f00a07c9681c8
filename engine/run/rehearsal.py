"""Trying commands without doing them: on the machine itself, taken back at once, or on a copy that shares its values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..commands import Command
from ..memory.state import State
from ..protocol.events import Event
from ..protocol.reasons import HotplugError, Reason
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import Certainty
from .certainty import certainty
from .dispatch import run


class Attempt(NamedTuple):
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


def attempt(state: State, command: Command) -> Attempt:
    """Run a command to its end; what it changed stays. Raises `BadInput` for a command without sense."""
    events: list[Event] = []
    notes: list[Note] = []
    try:
        for event in run(state, command, notes):
            events.append(event)
    except HotplugError as error:
        sure = certainty(state, error.errno, events)
        return Attempt(error.errno, error.reason, error.pfn, tuple(events), tuple(notes), sure)
    return Attempt("ok", None, None, tuple(events), tuple(notes), certainty(state, "ok", events))


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
