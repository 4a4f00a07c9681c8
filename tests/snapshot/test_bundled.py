"""The machines that come along are what altmap makes today of the pictures that they were made from."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, capture, open_machine
from altmap.engine.memory.state import state_of
from altmap.engine.snapshot.fold import alike

from tests.make_machines import FIXTURES, FROM_TRACES, made

TRACES = FIXTURES / "traces"
KEPT = [name for name, (trace, _, _) in FROM_TRACES.items() if (TRACES / f"{trace}.json.gz").exists()]


def same(name: str, made_anew: Machine) -> bool:
    return alike(state_of(open_machine(name)), state_of(made_anew))


def test_the_captured_one_is_its_capture() -> None:
    assert same("firecracker-24g", capture(FIXTURES / "captures/firecracker-24g.tar.xz")), (
        "python -m tests.make_machines"
    )


@pytest.mark.parametrize("name", KEPT)
def test_one_of_a_recording_is_what_was_recorded(name: str) -> None:
    trace, step, _ = FROM_TRACES[name]
    assert same(name, made(TRACES, trace, step)), "make it anew: python -m tests.make_machines"
