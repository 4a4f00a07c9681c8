"""A short run of the stress test, and that it would notice."""

from __future__ import annotations

from collections import Counter
from functools import cache

import msgspec
import pytest
from altmap.engine import MODELS, Online
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.state import state_of

from .course import Course, Fault, Kind, kinds


def test_every_architecture_and_model_takes_part() -> None:
    met = list(kinds())
    assert {kind.arch for kind in met} == set(ARCHITECTURES)
    assert {kind.model for kind in met} == set(MODELS)
    assert {kind.nodes for kind in met} == {1, 2, 3}
    assert {kind.memmap_on_memory for kind in met} == {"N", "Y", "force"}


@cache
def short(kind: Kind) -> Course:
    """A course that has run."""
    course = Course(kind, "short")
    course.run(50)
    return course


@pytest.mark.parametrize("kind", kinds(), ids=str)
def test_random_commands_leave_sound_machines(kind: Kind) -> None:
    """Where the kernel cannot hot-add memory on the architecture, ENOSYS, little is left that succeeds."""
    results = short(kind).results
    assert results.get("ok", 0) > (1 if results.get("ENOSYS") else 5)


def test_all_sorts_of_results_come() -> None:
    met: Counter[str] = Counter()
    for kind in kinds():
        met.update(short(kind).results)
    assert {"ok", "EINVAL", "EEXIST", "EBUSY", "ENOMEM", "ENOENT", "EACCES", "interrupted"} <= met.keys()
    assert met["ok"] > 800


def test_the_same_seed_gives_the_same_report() -> None:
    kind = Kind("x86_64", "6.12", "Y", 2)
    reports = []
    for _ in range(2):
        course = Course(kind, "twice")
        course.run(80)
        reports.append(msgspec.json.encode(course.report(), order="deterministic"))
    assert reports[0] == reports[1]
    other = Course(kind, "once")
    other.run(80)
    assert msgspec.json.encode(other.report(), order="deterministic") != reports[0]


def test_a_fault_is_found_and_told_with_the_way_to_it() -> None:
    course = Course(Kind("x86_64", "6.12", "Y", 1), "spoilt")
    state = state_of(course.machine)
    zone = state.zones[0, "DMA32"]
    state.zones.put((0, "DMA32"), zone.plus(free=1))
    with pytest.raises(Fault, match="free_is_counted") as fault:
        course.run(10)
    assert msgspec.json.decode(str(fault.value).splitlines()[-1])[0]["op"]
    course = Course(Kind("x86_64", "6.12", "Y", 1), "spoilt")
    course.machine.apply(Online(block=99))
    state_of(course.machine).parameters.change(auto_movable_ratio="seven")
    with pytest.raises(Fault):
        course.run(400)
