"""Steps that depend on single pages, against recorded kernels: writes that were ended by a signal, virtio-mem, and what
/proc/kpageflags and /proc/buddyinfo show of blocks that were just onlined.

Every step is judged as the others are (`replay`), from what the kernel showed just before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from altmap.engine import Command, Machine, Outcome, Pin, Sync, VirtioMem, Write, capture, sentence
from altmap.engine.memory.state import state_of
from altmap.engine.mm.free_area import order_counts
from altmap.engine.numbers.bits import from_runs
from altmap.engine.protocol.vocabulary import FREE, MEMMAP, PCP

from .recording import ROOT, Action, Observation, Recording, areas, number, page_runs, recorded, showing, zones
from .replay import HEAD_FLAGS, misses

SIGNALLED = tuple(
    f"{kernel}/{name}" for name in ("busy_kernel_nomom", "hugetlb_2m", "pinned") for kernel in ("6.1", "6.12")
)
VIRTIO = ("6.1/virtio_mem_2m", "6.12/virtio_mem_2m")
ONLINED = {
    "6.1/busy_kernel_nomom": (0, 4, 0),
    "6.1/hugetlb_2m": (4, 4, 0),
    "6.1/movable_migrate": (8, 0, 0),
    "6.1/pinned": (2, 0, 0),
    "6.12/busy_kernel_nomom": (0, 4, 0),
    "6.12/dimm1g_nomom": (4, 6, 0),
    "6.12/hugetlb_2m": (4, 4, 8),
    "6.12/numa_nomom": (4, 2, 0),
    "6.12/pinned": (2, 0, 2),
    "6.12-arm64/dimm128_mom": (1, 1, 2),
}
"""Recordings whose blocks that went online are judged: how many in an idle zone, how many in a busy one, and how many of
them with their memmap in their first 512 pages."""

HIDDEN: dict[tuple[str, int], str] = {
    ("6.1/pinned", 4): "who else holds a reference to a page is in none of the files",
    ("6.12/pinned", 4): "who else holds a reference to a page is in none of the files",
}
"""Steps whose outcome the observation before them does not tell. These must differ, else they are exempt for nothing."""

BUDDY = 1 << 10
NOISE = 32
"""Pages that an idle guest may take or give back between two observations (fixtures/traces/README.md)."""


class Judged(NamedTuple):
    """One such step: what was asked, what came of it, and where it went another way than the kernel."""

    action: Action
    outcome: Outcome
    misses: tuple[str, ...]


class Onlined(NamedTuple):
    """A block that was just onlined, as the kernel showed it and as the model has it: its memmap pages, its free pages, and
    the free areas of its zone. `idle`: nothing of the zone is in use."""

    where: str
    idle: bool
    memmap: tuple[int, int]
    free: tuple[int, int]
    areas: tuple[list[int], list[int]]


def command_of(step: dict[str, Any]) -> tuple[Command, str] | None:
    """What a step asks that only this module judges, and what the kernel answered."""
    result = step["result"]
    if step["step"]["op"] == "writet":
        return Write(path=result["path"], data=result["data"]), "ok" if result["errno"] == "0" else result["errno"]
    if step["step"]["op"] == "virtio_mem_size":
        return VirtioMem(start="4G", size=result["size"]), "ok"
    return None


def steps(
    name: str, machine_did: dict[int, Command] | None = None
) -> Iterator[tuple[Machine, Recording, Action, Outcome]]:
    """Every step of a recording that the engine can do, done; `machine_did` is done just before the steps of a number."""
    recording = recorded(name)
    known = {action.number: action for action in recording.actions()}
    with showing(recording.kernel) as show:
        show(recording.boot)
        machine, before = capture(ROOT), recording.boot
        for step in recording._steps:
            after = step.get("obs") or {}
            action = known.get(step["i"])
            if (asked := command_of(step)) is not None:
                action = Action(step["i"], *asked, before, after, True, [], [])
            if action is not None:
                show(before)
                machine.apply(Sync(root=ROOT))
                if machine_did and step["i"] in machine_did:
                    assert machine.apply(machine_did[step["i"]]).ok
                yield machine, recording, action, machine.apply(action.command)
            if "blocks" in after:
                before = after


class Watched(NamedTuple):
    """The steps of a recording that only this module judges, by number, and the blocks that were onlined in it."""

    judged: dict[int, Judged]
    onlined: tuple[Onlined, ...]


@lru_cache(maxsize=2)
def watched(name: str) -> Watched:
    """A recording played with every step that the engine can do."""
    numbers = {step["i"] for step in recorded(name)._steps if command_of(step)}
    judged: dict[int, Judged] = {}
    onlined: list[Onlined] = []
    for machine, recording, action, outcome in steps(name):
        if action.number in numbers:
            judged[action.number] = Judged(action, outcome, tuple(misses(recording, action, machine, outcome)))
        onlined += _onlined(machine, recording, action, outcome)
    return Watched(judged, tuple(onlined))


# -- signals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIGNALLED)
def test_writes_with_a_signal_end_as_the_kernels_did(name: str) -> None:
    wrong = {
        key: step.misses for key, step in watched(name).judged.items() if step.misses and (name, key) not in HIDDEN
    }
    assert not wrong


@pytest.mark.parametrize(("name", "step"), HIDDEN)
def test_what_is_hidden_makes_a_difference(name: str, step: int) -> None:
    found = watched(name).judged[step]
    assert found.misses
    assert found.outcome.result != found.action.answer


def test_every_answer_is_among_those_judged() -> None:
    answers = [
        asked[1]
        for name in SIGNALLED
        for step in recorded(name)._steps
        if (asked := command_of(step)) and (name, step["i"]) not in HIDDEN
    ]
    assert {answer: answers.count(answer) >= 3 for answer in ("ok", "EBUSY", "EINTR", "EINVAL")} == dict.fromkeys(
        ("ok", "EBUSY", "EINTR", "EINVAL"), True
    )


@pytest.mark.parametrize("name", ["6.1/pinned", "6.12/pinned"])
def test_a_machine_that_knows_of_the_pins_ends_as_the_kernel_did(name: str) -> None:
    """200 pages of the program are spliced into a pipe, which holds them; the counters come back as they were."""
    results: dict[int, str] = {}
    for machine, recording, action, outcome in steps(name, {4: Pin(size=200 << 12, zone="Movable", short=True)}):
        if action.number in (4, 5):
            assert outcome.result == action.answer
            assert list(misses(recording, action, machine, outcome)) == []
            results[action.number] = outcome.result
        if action.number == 4:
            assert "extra reference" in sentence(outcome.reason)
            assert any(line.endswith("failed due to signal backoff") for line in outcome.log)
    assert results == {4: "EINTR", 5: "ok"}


# -- virtio-mem ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VIRTIO)
def test_virtio_mem_plugs_and_unplugs_as_the_driver_did(name: str) -> None:
    """128M, 200M, 386M, 300M, 130M and nothing: blocks, and all numbers of the zones."""
    found = watched(name).judged
    commands = [step.action.command for step in found.values()]
    assert [int(c.size) >> 20 for c in commands if isinstance(c, VirtioMem)] == [128, 200, 386, 300, 130, 0]
    assert {key: step.misses for key, step in found.items() if step.misses} == {}


# -- pages of blocks that were just onlined -----------------------------------------------------------------------------


def shown(seen: Observation, block: int, pages: int, flags: int, mask: int) -> int:
    """The pages of a block whose flags, as far as `mask` says, are these."""
    start = block * pages
    return from_runs(
        (max(pfn, start) - start, min(pfn + count, start + pages) - max(pfn, start))
        for pfn, count, have, _ in page_runs(seen)
        if have & mask == flags and pfn < start + pages and pfn + count > start
    )


def _onlined(machine: Machine, recording: Recording, action: Action, outcome: Outcome) -> Iterator[Onlined]:
    """The block that a step put online, if the kernel showed its pages."""
    command, after = action.command, action.after
    if not isinstance(command, Write) or not command.path.endswith("/state") or not command.data.startswith("online"):
        return
    if not outcome.ok or "blocks" not in after:
        return
    block = number(command.path.split("/")[-2])
    pages = recording.block_size // 4096
    key = machine.blocks[block].zone
    if key is None or not any(pfn <= block * pages < pfn + count for pfn, count, *_ in page_runs(after)):
        return
    section, zone = machine.sections[block], zones(after)[key]
    head = sum(HEAD_FLAGS[flag] for flag in machine.model.head_flags)
    yield Onlined(
        f"{recording.name} step {action.number}",
        zone["free"] == zone["managed"],
        (shown(after, block, pages, head, ~0), section.of(MEMMAP)),
        (shown(after, block, pages, BUDDY, BUDDY), section.of(FREE) | section.of(PCP)),
        (areas(after)[key], order_counts(state_of(machine), key)),
    )


@pytest.mark.parametrize("name", ONLINED)
def test_memmap_and_free_pages_of_an_onlined_block_are_the_kernels(name: str) -> None:
    """Memmap pages exactly, and in an idle zone the free ones too; else all but a few."""
    assert watched(name).onlined
    for block in watched(name).onlined:
        assert block.memmap[0] == block.memmap[1], block.where
        assert (block.free[0] ^ block.free[1]).bit_count() <= (0 if block.idle else NOISE), block.where


@pytest.mark.parametrize("name", ONLINED)
def test_free_areas_of_its_zone_are_the_kernels(name: str) -> None:
    """Order by order in an idle zone. Where a few pages were taken meanwhile, each may have cost one area of every order."""
    for block in watched(name).onlined:
        real, mine = block.areas
        if block.idle:
            assert real == mine, block.where
        else:
            assert abs(real[-1] - mine[-1]) <= 3, block.where
            pages = [sum(count << order for order, count in enumerate(counts)) for counts in (real, mine)]
            assert abs(pages[0] - pages[1]) <= 2 * NOISE, block.where


@pytest.mark.parametrize("name", ONLINED)
def test_as_many_blocks_as_ever_are_judged(name: str) -> None:
    blocks = watched(name).onlined
    idle = sum(block.idle for block in blocks)
    assert (idle, len(blocks) - idle, sum(block.memmap[0] == (1 << 512) - 1 for block in blocks)) == ONLINED[name]
