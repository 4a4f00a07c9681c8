"""Machines made from numbers: what a kernel shows of so much memory after boot."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from altmap.engine import BadInput, boot_machine
from altmap.engine.memory.state import state_of
from altmap.engine.mm.watermarks import Watermarks


def test_1_gib_of_x86() -> None:
    """DMA starts at 0 here (no hole at page 0), DMA32 at 4096 with 258048 pages; blocks 0 to 7."""
    machine = boot_machine([(0, 0, "1G")])
    assert {key: (zone.start, zone.spanned, zone.present) for key, zone in machine.zones.items() if zone.spanned} == {
        (0, "DMA"): (0, 4096, 4096),
        (0, "DMA32"): (4096, 258048, 258048),
    }
    assert sorted(machine.blocks) == list(range(8))
    assert all(block.early and block.state == "online" for block in machine.blocks.values())
    assert [(r.start, r.end, r.name) for r in machine.resources.values()] == [(0, 1 << 30, "System RAM")]


def test_memory_above_4_gib_is_normal() -> None:
    machine = boot_machine([(0, 0, "3G"), (0, "4G", "2G")])
    assert machine.zones[0, "Normal"].start == 1 << 20
    assert machine.zones[0, "Normal"].spanned == 524288
    assert machine.zones[0, "DMA32"].spanned == 4 * 262144 - 4096  # to its limit, over the hole
    assert machine.zones[0, "DMA32"].present == 3 * 262144 - 4096
    assert 24 not in machine.blocks
    assert machine.valid_zones(40) == "Normal"


def test_banks_of_one_zone_make_a_hole_in_its_span() -> None:
    machine = boot_machine([(0, 0, "1G"), (0, "2G", "1G")])
    zone = machine.zones[0, "DMA32"]
    assert (zone.spanned, zone.present) == (3 * 262144 - 4096, 2 * 262144 - 4096)


def test_nodes_and_those_that_are_only_announced() -> None:
    machine = boot_machine([(0, 0, "1G"), (1, "1G", "1G")], nodes=4)
    assert {node: known.online for node, known in machine.nodes.items()} == {0: True, 1: True, 2: False, 3: False}
    assert machine.blocks[8].node == 1
    assert machine.valid_zones(8) == "DMA32"


def test_the_arm64_guest_has_one_zone_below_4_gib() -> None:
    """The zone of the boot memory is DMA there."""
    machine = boot_machine([(0, "1G", "1G")], arch="arm64-4k")
    assert [key for key, zone in machine.zones.items() if zone.present] == [(0, "DMA")]
    assert machine.blocks[8].zone == (0, "DMA")


@pytest.mark.parametrize(
    ("arch", "count", "size"),
    [
        ("x86_64", 32, 128 << 20),
        ("ppc64le-radix-64k", 16, 256 << 20),
        ("arm64-64k", 8, 512 << 20),
        ("ia64", 4, 1 << 30),
    ],
)
def test_blocks_are_of_the_architectures_size(arch: str, count: int, size: int) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch)
    assert machine.geometry.block_size == size
    assert sorted(machine.blocks) == list(range(count))


@pytest.mark.parametrize(("model", "on"), [("rfc-v2", None), ("6.1", "force"), ("6.12", "force")])
def test_the_parameter_is_what_the_model_knows(model: str, on: str | None) -> None:
    machine = boot_machine([(0, 0, "1G")], model=model, memmap_on_memory="force")
    known = machine.settings.memmap_on_memory
    assert known == ("force" if model == "6.12" else "N")
    assert (on in machine.model.parameter_modes) == (model == "6.12")


@pytest.mark.parametrize(
    ("ram", "options", "words"),
    [
        ([(0, 0, "1G")], {"arch": "vax"}, "'vax' is not an architecture"),
        ([(0, 0, "1G")], {"model": "4.4"}, "'4.4' is not a kernel model"),
        ([(0, 0, "100M")], {}, "not made of whole sections"),
        ([(0, "64M", "1G")], {}, "not made of whole sections"),
        ([(0, 0, "1 acre")], {}, "not a size"),
        ([(0, 0, "1G")], {"block_size": "64M"}, "block_size"),
        ([(0, 0, "1G")], {"block_size": "384M"}, "block_size"),
    ],
)
def test_numbers_that_cannot_be(ram: list[tuple[int, object, object]], options: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        boot_machine(ram, **options)  # type: ignore[arg-type]


def test_the_watermarks_of_a_live_machine() -> None:
    """Managed 3840, 772918 and 1048576 pages, three populated zones: min 35, 7154, 9706; low 43, 8942,
    12132."""
    machine = boot_machine([(0, 0, "3G"), (0, "4G", "4G")], model="6.1")
    state = state_of(machine)
    for name, managed in (("DMA", 3840), ("DMA32", 772918), ("Normal", 1048576)):
        zone = state.zones[0, name]
        state.zones.put((0, name), msgspec.structs.replace(zone, managed=managed))
    watermarks = Watermarks(state)
    mins = [watermarks.min_or_low((0, name), False) for name in ("DMA", "DMA32", "Normal")]
    lows = [watermarks.min_or_low((0, name), True) for name in ("DMA", "DMA32", "Normal")]
    assert mins == [35, 7154, 9706]
    assert lows == [43, 8942, 12132]


def test_a_small_machine_keeps_little() -> None:
    """min_free_kbytes = isqrt(lowmem_kbytes * 16): 256 MiB of DMA32 keep about 512 pages, not the 16896 of huge pages."""
    machine = boot_machine([(0, 0, "256M")])
    watermarks = Watermarks(state_of(machine))
    assert 300 < sum(watermarks.min_or_low((0, name), False) for name in ("DMA", "DMA32")) < 600


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ram": []}, "a machine has boot memory"),
        ({"ram": [(0, 0, 0)]}, "is not made of whole sections of 128M"),
        ({"ram": [(0, 0, "1G"), (1, "512M", "1G")]}, "boot memory at 0x20000000 overlaps what ends at 0x40000000"),
        ({"ram": [(-1, 0, "1G")]}, "is on node -1; nodes are numbered 0 to"),
        ({"nodes": 0}, "a machine has 1 to"),
        ({"reserved": [(5, 1)]}, "a range from 0x5 to before 0x1"),
        ({"memmap_on_memory": "y"}, "memmap_on_memory is one of N, Y, force there, not 'y'"),
        ({"auto_online": "online_movable", "model": "4.18"}, "auto_online_blocks is one of offline, online there"),
    ],
)
def test_what_no_machine_can_have_is_refused(given: dict[str, Any], said: str) -> None:
    """Each was taken in silence, or a ValueError."""
    with pytest.raises(BadInput, match=re.escape(said)):
        boot_machine(**{"ram": [(0, 0, "1G")], **given})


def test_the_same_of_memory_beyond_all_addresses() -> None:
    with pytest.raises(BadInput, match="beyond the last address"):
        boot_machine([(0, "1P", "1G")])
