"""A short run of the stress test, and that it would notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
import pytest
from altmap.engine import Online, Sync, Write
from altmap.engine.commands import ROWS
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.state import state_of

from tests.kernels import KERNELS

from .course import Course, Fault, Move
from .dice import MEMORY
from .shrink import SEEDS, Seed, fault_of, keep, read, shortest
from .starts import Kind, begin, kinds, starts
from .wide import NODE, POOLS, Wide


def test_every_architecture_and_model_takes_part() -> None:
    met = list(kinds())
    assert {kind.arch for kind in met} == set(ARCHITECTURES)
    assert {kind.model for kind in met} == set(KERNELS)
    assert {kind.nodes for kind in met} == {1, 2, 3}
    assert {kind.memmap_on_memory for kind in met} == {"N", "Y", "force"}


def test_every_command_is_thrown_and_every_kind_of_file_written_to() -> None:
    machine = begin(str(Kind("x86_64", "7.3", "Y", 2)))
    dice = Wide("all", machine)
    thrown = [dice.throw() for _ in range(3000)]
    assert {type(command) for command in thrown} == set(ROWS) - {Sync}
    folders = {command.path.rpartition("/")[0] for command in thrown if isinstance(command, Write)}
    for folder in (MEMORY, f"{NODE}/node1", f"{POOLS}/hugepages-1048576kB", "/proc/sys/vm"):
        assert folder in folders


SHORT = [
    *map(str, kinds()),
    "mixed-guest",
    "mixed-guest rfc-v2",
    "numa-guest",
    "tiny-guest 6.1",
    "arm64-guest",
    "block2g-guest",
]
"""All starts of a long run but the large machines."""


@cache
def short(start: str) -> Course:
    """A course that has run."""
    course = Course(start, "short")
    course.run(50)
    return course


@pytest.mark.parametrize("start", SHORT)
def test_random_commands_leave_sound_machines(start: str) -> None:
    """Where the kernel cannot hot-add memory on the architecture, ENOSYS, little is left that succeeds."""
    results = short(start).results
    assert results.get("ok", 0) > (0 if results.get("ENOSYS") else 5)


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_failed_holds(path: Path) -> None:
    seed = read(path)
    assert fault_of(seed.start, seed.moves) is None


def test_every_bundled_machine_and_capture_is_a_start() -> None:
    names = starts()
    for name in (
        "mixed-guest",
        "mixed-guest rfc-v2",
        "firecracker-24g.tar.xz without kpageflags 6.1",
        "terabyte-server",
    ):
        assert name in names
    assert len(names) == len(set(names))


def test_a_failing_course_is_shrunk_to_its_shortest() -> None:
    moves = [Move(way="undo"), Move(Online(block=1)), Move(way="redo"), Move(Online(block=2)), *[Move(way="undo")] * 9]

    def fails(some: Sequence[Move]) -> bool:
        return Move(Online(block=1)) in some and Move(Online(block=2)) in some

    assert shortest(moves, fails) == [Move(Online(block=1)), Move(Online(block=2))]


def test_a_seed_is_read_as_it_was_kept(tmp_path: Path) -> None:
    seed = Seed("tiny-guest", "why", (Move(Online(block=1), 3), Move(way="reopen"), Move(way="goto", state=2)))
    assert read(keep(seed, tmp_path)) == seed


def test_all_sorts_of_results_come() -> None:
    met: Counter[str] = Counter()
    for start in SHORT:
        met.update(short(start).results)
    assert {"ok", "EINVAL", "EEXIST", "EBUSY", "ENOMEM", "ENOENT", "EACCES", "interrupted"} <= met.keys()
    assert met["ok"] > 800


def test_the_same_seed_gives_the_same_report() -> None:
    kind = str(Kind("x86_64", "6.12", "Y", 2))
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
    course = Course(str(Kind("x86_64", "6.12", "Y", 1)), "spoilt")
    state = state_of(course.machine)
    zone = state.zones[0, "DMA32"]
    state.zones.put((0, "DMA32"), zone.plus(free=1))
    with pytest.raises(Fault, match="free_is_counted") as fault:
        course.run(10)
    assert fault.value.trail
    course = Course(str(Kind("x86_64", "6.12", "Y", 1)), "spoilt")
    state_of(course.machine).parameters.change(auto_movable_ratio="seven")
    with pytest.raises(Fault, match="seven"):
        course.walk.make(Move(way="reopen"))


def test_a_state_that_changed_behind_its_history_is_found() -> None:
    course = Course(str(Kind("x86_64", "6.12", "Y", 1)), "spoilt")
    course.machine.apply(Online(block=99))
    state_of(course.machine).parameters.change(memmap_on_memory="N")
    with pytest.raises(Fault, match="it is not what it was after 1 steps back"):
        course.walk.make(Move(way="travel"))
