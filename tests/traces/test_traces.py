"""The engine against recorded kernels: result and errno, blocks, zones, free pages, memmap and head pages, step by step."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import Add, Command, Machine, Outcome, Write

from .exempt import EXEMPT
from .recording import Recording, names, recorded
from .replay import Act, play, played


@pytest.mark.parametrize("name", names())
def test_every_transition_is_what_the_kernel_did(name: str) -> None:
    misses = [str(t) for t in played(name).transitions if t.misses and (t.trace, t.number) not in EXEMPT]
    assert not misses, "\n".join(misses)


@pytest.mark.parametrize(("name", "step"), sorted(EXEMPT))
def test_no_transition_is_exempt_for_nothing(name: str, step: int) -> None:
    (transition,) = [t for t in played(name).transitions if t.number == step]
    assert transition.misses
    assert all("free pages" in miss for miss in transition.misses), transition


def nothing(machine: Machine, command: Command) -> Outcome:
    return Outcome(command, "ok")


def kernel_memmap(machine: Machine, command: Command) -> Outcome:
    """The memmap always in kernel memory."""
    return machine.apply(msgspec.structs.replace(command, placement="boot") if isinstance(command, Add) else command)


def wrong_zone(machine: Machine, command: Command) -> Outcome:
    if isinstance(command, Write) and command.data == "online_movable":
        command = msgspec.structs.replace(command, data="online_kernel")
    return machine.apply(command)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (nothing, {"answered", "blocks", "state", "valid_zones", "zones", "memmap at"}),
        (kernel_memmap, {"managed", "free pages", "memmap at", "head pages"}),
        (wrong_zone, {"valid_zones", "zones"}),
    ],
)
def test_the_judge_sees_a_difference(act: Act, words: set[str]) -> None:
    misses = " ".join(miss for transition in play("6.12/dimm128_mom", act) for miss in transition.misses)
    assert not {word for word in words if word not in misses}, misses


@pytest.mark.parametrize("name", names())
def test_every_step_that_can_be_judged_is_judged(name: str) -> None:
    """A replay that judges nothing would pass every other test."""
    recording = recorded(name)
    steps = [action.number for action in recording.actions() if action.judged and not recording.blind(action)]
    assert [t.number for t in played(name).transitions] == steps
    assert [t.number for t in played(name).captured] == steps


def test_the_recordings_judge_much() -> None:
    """Each kernel and both outcomes are judged often."""
    recordings = [Recording(name) for name in names()]
    assert {recording.name.split("/")[0] for recording in recordings} == {
        "6.1", "6.12", "6.12-arm64", "7.3", "6.12-ppc64le-4k", "6.12-ppc64le-64k", "7.2-ppc64le-64k"
    }  # fmt: skip
    judged = [a for recording in recordings for a in recording.actions() if a.judged and not recording.blind(a)]
    assert len(judged) > 900
    assert sum(action.answer != "ok" for action in judged) > 250
