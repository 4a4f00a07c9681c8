"""Free areas and pageblock types against recorded kernels.

Right after a capture a zone whose pages were not seen has the areas that /proc/buddyinfo counted; unless zoneinfo, read a
moment later, counted other free pages, for then these count. After a step the areas of a zone of hot-added memory are
determined by the rules when nothing of it is in use: they must be the kernel's then, order by order, and so must the types
of its pageblocks. Where pages are in use, which of them a kernel takes is chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from altmap.engine import Command, Machine, Outcome, capture
from altmap.engine.capture.procfs import parse_buddyinfo, parse_pagetypeinfo
from altmap.engine.mm.free_area import buddyinfo, order_counts, pagetypeinfo
from altmap.engine.protocol.vocabulary import ZoneKey

from .recording import Observation, Recording, Tree, names, page_runs, zones
from .replay import play

PLAYED = (
    "6.1/dimm1g_mom",
    "6.1/mixed_zones_mom",
    "6.1/random1_mom",
    "6.1/random_numa_nomom",
    "6.1/numa_lastnode_nomom",
    "6.12/auto_online_mom",
    "6.12/block2g_mom",
    "6.12/dimm128_mom",
    "6.12/zone_holes",
)


def areas(seen: Observation) -> dict[ZoneKey, list[int]]:
    """/proc/buddyinfo of the kernel."""
    read = parse_buddyinfo(seen["proc"]["buddyinfo"])
    return {(int(zone.split("/")[0]), zone.split("/")[1]): list(counts) for zone, counts in read.items()}


def pages(counts: list[int]) -> int:
    return sum(count << order for order, count in enumerate(counts))


@pytest.mark.parametrize("name", names())
def test_a_capture_has_the_recorded_areas(name: str, tmp_path: Path) -> None:
    recording = Recording(name)
    boot = dict(recording.boot, kpf=[], kpf_boot=[])
    assert not page_runs(boot)
    Tree(tmp_path, recording.kernel).show(boot)
    machine = capture(tmp_path)
    agree = {key: counts for key, counts in areas(boot).items() if pages(counts) == zones(boot)[key]["free"]}
    assert agree
    assert {key: order_counts(machine.state, key) for key in agree} == agree
    assert _shape(buddyinfo(machine.state)) == _shape(boot["proc"]["buddyinfo"])
    real, mine = boot["proc"]["pagetypeinfo"], pagetypeinfo(machine.state)
    assert _shape(mine) == _shape(real)
    lost = {"0/DMA"} if "arm64" in name else set()  # firmware's own pages there are present, but no System RAM
    real_blocks, blocks = parse_pagetypeinfo(real)[1], parse_pagetypeinfo(mine)[1]
    assert {zone: types for zone, types in blocks.items() if zone not in lost} == {
        zone: types for zone, types in real_blocks.items() if zone not in lost
    }


def _shape(text: str) -> list[str]:
    """The text with every digit made the same, and the blanks before a number too."""
    lines = text.rstrip("\n").split("\n")
    return ["".join("0" if c in " 0123456789>" else c for c in line.rstrip()) for line in lines]


class Moment(NamedTuple):
    """A zone of hot-added memory after a step that was judged: the kernel's areas and pageblocks, and the model's."""

    where: str
    idle: bool
    real: tuple[list[int], dict[str, int]]
    mine: tuple[list[int], dict[str, int]]


def moments(name: str) -> Iterator[Moment]:
    shown: dict[int, tuple[dict[ZoneKey, list[int]], dict[str, dict[str, int]]]] = {}

    def act(machine: Machine, command: Command) -> Outcome:
        outcome = machine.apply(command)
        state = machine.state
        hot = {key: order_counts(state, key) for key, zone in state.zones.items() if zone.present and not zone.early}
        shown[id(outcome)] = hot, parse_pagetypeinfo(pagetypeinfo(state))[1]
        return outcome

    for transition in play(name, act):
        after = transition.action.after
        hot, blocks = shown[id(transition.outcome)]
        counts, real_blocks = areas(after), parse_pagetypeinfo(after["proc"]["pagetypeinfo"])[1]
        for key, mine in hot.items():
            zone, text = zones(after)[key], f"{key[0]}/{key[1]}"
            yield Moment(
                f"{name} step {transition.number} {transition.command} {key}",
                zone["free"] == zone["managed"],
                (counts[key], real_blocks[text]),
                (mine, blocks[text]),
            )


@pytest.mark.parametrize("name", PLAYED)
def test_areas_of_idle_hot_added_memory_are_the_kernels(name: str) -> None:
    judged = [moment for moment in moments(name) if moment.idle]
    assert judged
    assert {m.where: m.mine for m in judged if m.mine != m.real} == {}
