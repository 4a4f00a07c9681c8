"""A short part of the random walk, and that it would notice."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Machine, open_machine
from altmap.explorer.tui.screens.main import MainScreen

from ..stress.dice import Dice
from .course import Fault, walk
from .steps import Walker


@pytest.mark.parametrize("name", ["small-guest", "mixed-guest", "numa-guest"])
def test_whatever_is_pressed_nothing_fails_and_the_machine_stays_sound(name: str) -> None:
    walk(open_machine(name), "short", 12)


def test_the_same_seed_gives_the_same_steps_of_every_kind() -> None:
    machine = open_machine("small-guest")
    steps = [
        [walker.next(Dice(f"{n}", machine), (80, 24)) for n in range(400)] for walker in (Walker("a"), Walker("a"))
    ]
    assert steps[0] == steps[1]
    assert {step.kind for step in steps[0]} == {
        "key", "line", "paste", "go", "search", "click", "wheel", "drag", "resize"
    }  # fmt: skip


def test_a_fault_of_the_screen_and_an_unsound_machine_are_told_with_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: MainScreen, *_: Any) -> None:
        raise ZeroDivisionError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(MainScreen, "action_verb", crash)
        with pytest.raises(
            Fault, match=r"small-guest, seed 'x', after \d+ steps: ZeroDivisionError: on purpose\n  1: "
        ):
            walk(open_machine("small-guest"), "x", 30)
    monkeypatch.setattr(Machine, "check", lambda self: ["on purpose"])
    with pytest.raises(Fault, match="the machine is unsound: on purpose"):
        walk(open_machine("small-guest"), "x", 1)
