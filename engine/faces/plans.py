"""A machine's timeline in its file: what is saved of it, and how all its states come to be again.

Of most states only the command is saved that led there. Of the present state the result is saved too, as another version of
altmap may make something else of the same commands: then the present is as it was saved, and a warning names the first step
that differs. What a capture brought cannot be made again at all, so it is always taken from the file; so are the results of the
costliest steps where doing all of them again would be more work than a file may ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from ..commands import ROWS, Command, Sync, describe
from ..commands.outcome import Outcome
from ..commands.row import Work
from ..commands.write import meant
from ..machine import Machine
from ..memory.journal import TooManyChanges
from ..memory.state import State
from ..numbers.errors import BadInput, located
from ..run.dispatch import takes_signals
from ..run.rehearsal import attempt, rehearsal
from ..run.timeline import TreeStep
from ..snapshot.fold import Known, alike, fingerprint, later_state, snapshot_of
from ..snapshot.schema import SnapshotV1, StepV1
from ..snapshot.unfold import unfold_later

MOST_WORK: Final = 1 << 19
"""What doing the steps of a file again may cost, in events; a batch of 65,536 blocks has about 400,000. One takes about ten
microseconds, and so does each value that is changed."""
_REFUSED_COST: Final = 48
_STOPPED_COST: Final = 64
_VALUES_AN_EVENT: Final = 4
"""Sections and blocks that are read from a file in the time of an event."""


def snapshot_with_timeline(machine: Machine) -> SnapshotV1:
    """All that is saved of a machine."""
    timeline, state = machine._tree, machine._state
    at = timeline.present.number
    latest = [step.latest for step in timeline.steps]
    first: SnapshotV1 | None = None
    known = Known()
    steps: dict[int, StepV1] = {}
    costliest = _costliest(machine)
    for step in timeline.walk():
        outcome, parent = step.outcome, step.parent
        if first is None or outcome is None or parent is None:
            first = snapshot_of(state, machine.origin, known)
            continue
        whole = step.number in (at, *costliest) or isinstance(outcome.command, Sync)
        steps[step.number] = StepV1(
            parent.number,
            outcome.command,
            outcome.result,
            step.name,
            stopped=len(outcome.events) if outcome.stopped else None,
            redone=latest[parent.number] is step,
            digest=fingerprint(state, step.changes, known),
            state=later_state(state, first, known) if whole else None,
        )
    assert first is not None
    in_order = [step for _, step in sorted(steps.items())]
    last = {step.parent: at for at, step in enumerate(in_order)}
    for number in last.values():  # where redo leads if nothing is said
        in_order[number] = msgspec.structs.replace(in_order[number], redone=False)
    return msgspec.structs.replace(first, steps=tuple(in_order), at=at)


def _costliest(machine: Machine) -> set[int]:
    """The steps whose results are saved, as doing all of them again would be too much work: the fewest that it takes."""
    timeline, reading = machine._tree, _cost_of_reading(machine)
    costs = {step.number: _cost_at_most(step) for step in timeline.steps if step is not timeline.present}
    total, found = sum(costs.values()) + _cost_at_most(timeline.present), set[int]()
    for number, cost in sorted(costs.items(), key=lambda one: -one[1]):
        if total <= MOST_WORK or cost <= reading:
            break
        found.add(number)
        total -= cost - reading
    return found


def _cost(work: Work, events: int, values: int, refused: bool) -> int:
    """What doing a step again costs that makes so many events and changes so many values."""
    return work.begin + (events + values) * work.each + refused * _REFUSED_COST


def _cost_at_most(step: TreeStep) -> int:
    """The cost of a step, reckoned while it is saved, when it may be no less than what `_Work.apply` finds. That stops a step
    in its middle by all changes until then, so here every change counts, not every changed value."""
    outcome = step.outcome
    if outcome is None or isinstance(outcome.command, Sync):
        return 0
    if outcome.stopped:
        return _STOPPED_COST
    work = ROWS[type(meant(outcome.command))].work
    return _cost(work, len(outcome.events), step.written, not outcome.ok)


def _cost_of_reading(machine: Machine) -> int:
    """What it takes to have a state from the file."""
    return 1 + (len(machine.sections) + len(machine.blocks)) // _VALUES_AN_EVENT


def restore(machine: Machine, snapshot: SnapshotV1, *, replay: bool) -> None:
    """Bring a machine that is in the first state of a snapshot through all its states, to the one that it was saved in.

    With `replay` the present is what the commands lead to now, otherwise what was saved; where these differ, or where it
    cannot be known what was done, `Machine.warnings` say so. Raises `BadInput` for a step that cannot be.
    """
    timeline, steps = machine._tree, snapshot.steps
    saved = unfold_later(snapshot, snapshot.at) if snapshot.at else None
    refusals: dict[int, BadInput] = {}
    work = _Work()
    numbers = [0]
    for number in _tree_order(snapshot):
        while numbers[timeline.present.number] != steps[number - 1].parent:
            timeline.back()
        left = work.left
        try:
            with located(f"step {number}"):
                machine._warnings += _again(machine, snapshot, number, work, replay)
        except BadInput as refusal:
            if saved is None:
                raise
            if number == snapshot.at and work.left < 0 and not replay:
                work.left = left  # this once: the steps that follow it are no more work than before
                _take(machine, steps[number - 1], saved)
            else:
                refusals[number] = refusal
                timeline.record(Outcome(steps[number - 1].command, steps[number - 1].result))
        numbers.append(number)
    following = {step.parent: number for number, step in enumerate(steps, 1)}
    following |= {step.parent: number for number, step in enumerate(steps, 1) if step.redone}
    timeline.arrange(numbers, snapshot.at, following)
    for number, step in enumerate(steps, 1):
        timeline.name(number, step.name)
    if not replay:
        _take_what_was_saved(machine, snapshot, saved, refusals)
    for number, why in refusals.items() if replay else ():
        left_out = f"step {number} ({describe(steps[number - 1].command)}) is left out"
        machine._warnings += (f"{left_out}, as it cannot be done now ({why})",)


def _tree_order(snapshot: SnapshotV1) -> Iterator[int]:
    """The numbers of all states but the first, each behind the one that it comes from, and those that lead to the present one
    last: so no way is gone more often than there and back."""
    here: set[int] = set()
    number = snapshot.at
    while number:
        here.add(number)
        number = snapshot.steps[number - 1].parent
    following: dict[int, list[int]] = {}
    for number, step in enumerate(snapshot.steps, 1):
        following.setdefault(step.parent, []).append(number)
    waiting = [0]
    while waiting:
        number = waiting.pop()
        if number:
            yield number
        waiting += sorted(following.get(number, ()), key=lambda one: (one not in here, -one))


class _Work:
    """What doing the steps of a file again may cost: a file of a few lines can ask for hours."""

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, cost: int) -> None:
        """Raises `BadInput` where there is no more."""
        self.left -= cost
        if self.left < 0:
            raise BadInput("doing this step and those before it again takes more work than the steps of a file may")

    def apply(self, machine: Machine, command: Command) -> None:
        """Run a command to its end and spend its cost; where that is too much, the machine is as before it."""
        work, journal = ROWS[type(meant(command))].work, machine._state.journal
        left = self.left
        self.spend(work.begin)
        steps = machine.steps(command)
        try:
            with journal.at_most(self.left // work.each):
                for _ in steps:
                    try:
                        self.spend(work.each)
                    except BadInput as error:
                        steps.throw(error)
        except TooManyChanges:
            self.spend(self.left + 1)
        step = machine._tree.present
        outcome, values = step.outcome, len(step.changes) // 2 + journal.undone
        assert outcome is not None
        self.spend(_cost(work, len(outcome.events), values, not outcome.ok) - (left - self.left))


def _again(machine: Machine, snapshot: SnapshotV1, number: int, work: _Work, replay: bool) -> tuple[str, ...]:
    """Do a step again, or take its result from the file where that was saved as it is too much work; returns what is to be said
    of it."""
    step, state = snapshot.steps[number - 1], machine._state
    if step.stopped is not None or step.result == "EINTR":
        work.spend(_STOPPED_COST)
    if isinstance(step.command, Sync):
        brought = unfold_later(snapshot, number)
        assert brought is not None  # or the file would not have been read
        from ..rebuild.sync import drift  # with all that reads a machine

        notes = tuple(drift(state, brought))
        state.adopt(brought)
        machine._tree.record(Outcome(step.command, step.result, notes=notes))
    elif step.state is not None and number != snapshot.at and not replay:
        work.spend(_cost_of_reading(machine))
        _take(machine, step, unfold_later(snapshot, number))
    elif step.stopped is not None:
        _stop(machine, step, step.stopped)
    elif _stopped_somewhere(state, step):
        _stop(machine, step, 1)
        return (
            f"step {number} ({describe(step.command)}) was stopped by a signal, and the file does not say after which event; "
            f"here it is stopped at once",
        )
    else:
        work.apply(machine, step.command)
    return ()


def _take(machine: Machine, step: StepV1, result: State | None) -> None:
    """A step led to a result that the file holds."""
    assert result is not None
    machine._state.adopt(result)
    machine._tree.record(Outcome(step.command, step.result)).written = MOST_WORK


def _stop(machine: Machine, step: StepV1, events: int) -> None:
    if not takes_signals(step.command):
        raise BadInput(
            f"{describe(step.command)} cannot have been stopped after {events} events: only an offline can be"
        )
    running = machine.steps(step.command)
    for _ in islice(running, events):
        pass
    running.close()


def _stopped_somewhere(state: State, step: StepV1) -> bool:
    """Files did not always say that a person sent a signal; then what would not end so by itself was stopped."""
    if step.digest or step.result != "EINTR" or not takes_signals(step.command):
        return False
    with rehearsal(state):
        return attempt(state, step.command).result != "EINTR"


def _take_what_was_saved(
    machine: Machine, snapshot: SnapshotV1, saved: State | None, refusals: Mapping[int, BadInput]
) -> None:
    """Make the present state the one that was saved, and warn where this altmap makes something else of the commands."""
    state, timeline, at = machine._state, machine._tree, snapshot.at
    unchanged = saved is None or alike(state, saved)
    difference = _first_difference(machine, snapshot, refusals, unchanged)
    if difference is None:
        return
    if saved is None:
        then = "the file does not hold the state after its steps, so this is what they lead to now"
    else:
        then = "the machine is as it was saved, and --replay takes what its steps lead to now"
    machine._warnings += (f"{difference}: {then}",)
    if saved is not None and not unchanged:
        outcome, result = timeline.present.outcome, snapshot.steps[at - 1].result
        assert outcome is not None
        state.adopt(saved)
        timeline.amend(outcome if outcome.result == result else Outcome(outcome.command, result))


def _first_difference(
    machine: Machine, snapshot: SnapshotV1, refusals: Mapping[int, BadInput], unchanged: bool
) -> str | None:
    """The first step that is not now what it was, in words; `unchanged`: the present state is not."""
    digests: dict[int, str] = {}
    if not unchanged:
        known = Known()
        digests = {step.number: fingerprint(machine._state, step.changes, known) for step in machine._tree.walk()}
    for number, step in enumerate(snapshot.steps, 1):
        what = f"step {number} ({describe(step.command)})"
        outcome = machine._tree.steps[number].outcome
        assert outcome is not None
        if number in refusals:
            return f"{what} was done when it was saved and is not now ({refusals[number]})"
        if outcome.result != step.result:
            return f"{what} gave {step.result} when it was saved and gives {outcome.result} now"
        if step.digest and digests.get(number, step.digest) != step.digest:
            return f"{what} led to another state when it was saved than it does now"
    return None if unchanged else f"the state after step {snapshot.at} is another one than its steps lead to now"
