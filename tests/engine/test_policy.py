"""Which zone a block goes to (zone_for_pfn_range), and what valid_zones says."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, Online, Write, boot_machine, sentence
from altmap.engine.hotplug.zone_policy import kernel_zone
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import ZoneChosen
from altmap.engine.protocol.reasons.zones import RatioZero

from .guests import dimm, eject, guest, offline, online, two_nodes

PARAMETERS = "/sys/module/memory_hotplug/parameters"


def texts(machine: Machine, *blocks: int) -> list[str]:
    return [machine.valid_zones(block) for block in blocks]


def auto_movable(machine: Machine, ratio: int = 301, numa_aware: str = "Y") -> Machine:
    for name, data in (
        ("online_policy", "auto-movable"),
        ("auto_movable_ratio", str(ratio)),
        ("auto_movable_numa_aware", numa_aware),
    ):
        assert machine.write(f"{PARAMETERS}/{name}", data).ok
    return machine


# -- contig-zones ------------------------------------------------------------------------------------------------------


def test_spans_decide_the_zone_of_a_block_that_asks_for_none() -> None:
    """32 kernel, 34 movable: 33 and 35 touch neither span alone. 35 and 36 movable, 35 offline: 35 lies in Movable."""
    machine = two_nodes("1G")
    for block in range(32, 38):
        dimm(machine, at=f"{block * 128}M", node=1)
    assert texts(machine, 32, 33, 37) == ["Normal Movable"] * 3
    online(machine, 32, kind="online_kernel")
    online(machine, 34, kind="online_movable")
    assert texts(machine, 32, 33, 34, 35) == ["Normal", "Normal Movable", "Movable", "Normal Movable"]
    online(machine, 35, 36, kind="online_movable")
    offline(machine, 35)
    assert texts(machine, 33, 35) == ["Normal Movable", "Movable Normal"]
    online(machine, 35)
    assert machine.blocks[35].zone == (1, "Movable")
    normal, movable = machine.zones[1, "Normal"], machine.zones[1, "Movable"]
    assert (normal.free, normal.spanned, normal.present, normal.managed) == (32256, 32768, 32768, 32256)
    assert (movable.free, movable.spanned, movable.present, movable.managed) == (96768, 98304, 98304, 96768)
    assert (normal.start, movable.start) == (1048576, 1114112)


def test_a_block_in_the_spans_of_both_zones_defaults_to_normal() -> None:
    """35 is "Normal Movable", then "Movable Normal" between 33 and 36, and back when 37 goes kernel."""
    machine = guest()
    dimm(machine, "1G")
    online(machine, 32, kind="online_kernel")
    assert machine.valid_zones(35) == "Normal Movable"
    online(machine, 33, 36, kind="online_movable")
    assert machine.valid_zones(35) == "Movable Normal"
    online(machine, 37, kind="online_kernel")
    assert machine.valid_zones(35) == "Normal Movable"


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_boot_blocks_name_their_zones(model: str) -> None:
    """Block 0 of x86 spans DMA and DMA32: "none"; an offline block in DMA32's span may go back there."""
    machine = guest("1G", model=model)
    assert texts(machine, 0, 1) == ["none", "DMA32"]
    offline(machine, 6)
    assert machine.valid_zones(6) == "DMA32 Movable"


def test_below_4_gib_but_outside_every_low_span_the_kernel_zone_is_normal() -> None:
    """A block at 768 MiB outside DMA32's span reads "Normal Movable"."""
    machine = guest("512M")
    dimm(machine, at="768M")
    assert machine.valid_zones(6) == "Normal Movable"
    online(machine, 6)
    assert machine.blocks[6].zone == (0, "Normal")


def test_a_range_that_meets_a_low_span_goes_there() -> None:
    machine = boot_machine([(0, 0, "1G"), (0, "2G", "1G")])
    assert kernel_zone(state_of(machine), 0, 10 * 32768, 32768).name == "DMA32", "in the hole of DMA32's span"
    dimm(machine, at="1280M")
    assert machine.valid_zones(10) == "DMA32 Movable"


def test_movable_node_makes_movable_the_default() -> None:
    machine = guest("1G", options="quiet movable_node")
    dimm(machine, "256M")
    assert texts(machine, 32, 33) == ["Movable Normal"] * 2
    online(machine, 32)
    assert machine.blocks[32].zone == (0, "Movable")
    online(machine, 33, kind="online_kernel")
    assert machine.blocks[33].zone == (0, "Normal")


# -- auto-movable ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "movable"), [(301, 6), (100, 1), (50, 0), (0, 0)])
@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_so_many_dimms_are_movable_at_a_ratio(model: str, ratio: int, movable: int) -> None:
    """262014 present pages at boot, eight DIMMs of 512 MiB: 131072 pages each. The machine here boots with 262144, which
    changes the cap for 100 % to just two DIMMs and for 50 % to just one; so boot memory is one section short."""
    machine = auto_movable(boot_machine([(0, 0, "1G")], model=model, memmap_on_memory="N", auto_online="online"), ratio)
    state = state_of(machine)
    dma32 = state.zones[0, "DMA32"]
    state.zones.put((0, "DMA32"), dma32.plus(early=262014 - 262144))
    state.journal.take()
    zones = []
    for index in range(8):
        dimm(machine, "512M", at=(4 << 30) + (index << 29))
        zones.append(machine.blocks[32 + 4 * index].zone)
    assert zones == [(0, "Movable")] * movable + [(0, "Normal")] * (8 - movable)


def test_room_comes_back_with_an_eject() -> None:
    """After the eject of the first movable DIMM the next one is movable again."""
    machine = auto_movable(guest("1G", memmap_on_memory="N", auto_online="online"))
    for index in range(7):
        dimm(machine, "512M", at=(4 << 30) + (index << 29))
    assert machine.blocks[32 + 4 * 6].zone == (0, "Normal")
    eject(machine, "512M")
    dimm(machine, "512M", at="32G")
    assert machine.blocks[256].zone == (0, "Movable")


def test_present_counts_memmap_heads_too() -> None:
    """With heads 4 x 128 MiB and 2 x 1 GiB are movable: 4 * 32768 + 2 * 262144 <= 788662."""
    machine = auto_movable(guest("1G", auto_online="online"))
    for index in range(4):
        dimm(machine, "128M", at=(4 << 30) + (index << 27))
    for index in range(3):
        dimm(machine, "1G", at=(8 << 30) + (index << 30))
    blocks = (32, 33, 34, 35, 64, 72, 80)
    assert [machine.blocks[b].zone for b in blocks] == [(0, "Movable")] * 6 + [(0, "Normal")]


@pytest.mark.parametrize(("size", "zone"), [("24G", "Movable"), ("25G", "Normal")])
def test_a_dimm_is_movable_if_the_ratio_allows_it(size: str, zone: str) -> None:
    """8 GiB at boot, 301 %: 6312427 pages, 24.08 GiB."""
    machine = auto_movable(guest("8G", auto_online="online"))
    dimm(machine, size, at="64G")
    assert machine.blocks[512].zone == (0, zone)


def test_a_node_without_boot_memory() -> None:
    machine = auto_movable(two_nodes("1G"))
    dimm(machine, node=1)
    dimm(machine, at="8G", node=0)
    assert texts(machine, 32, 64) == ["Normal Movable", "Movable Normal"]
    auto_movable(machine, numa_aware="N")
    assert texts(machine, 32, 64) == ["Movable Normal", "Movable Normal"]
    auto_movable(machine, ratio=0, numa_aware="N")
    assert texts(machine, 32, 64) == ["Normal Movable", "Normal Movable"]


def test_per_node_before_the_machine() -> None:
    """The trace auto_movable_numa: the node's own boot memory pays for six DIMMs of half its size."""
    machine = auto_movable(two_nodes("2G", "512M", auto_online="online"))
    zones = []
    for index in range(8):
        dimm(machine, "256M", at=(8 << 30) + (index << 28), node=1)
        zones.append(machine.blocks[64 + 2 * index].zone)
    assert zones == [(1, "Movable")] * 6 + [(1, "Normal")] * 2


def test_one_kernel_block_makes_the_rest_of_the_device_normal() -> None:
    """The rest of that DIMM reads "Normal Movable"; a static group counts as a whole."""
    machine = auto_movable(guest("4G"))
    dimm(machine, "512M")
    dimm(machine, "512M", at="8G")
    assert texts(machine, 32, 35, 64) == ["Movable Normal"] * 3
    online(machine, 33, kind="online_kernel")
    assert texts(machine, 32, 35, 64) == ["Normal Movable", "Normal Movable", "Movable Normal"]
    offline(machine, 33)
    assert texts(machine, 32, 33) == ["Movable Normal"] * 2


def test_a_device_must_fit_as_a_whole() -> None:
    """Static group: what is missing of it counts, not the one block."""
    machine = auto_movable(guest("1G", memmap_on_memory="N"), ratio=100)
    dimm(machine, "2G")
    assert machine.valid_zones(32) == "Normal Movable", "2 GiB are more than 100 % of 1 GiB"
    dimm(machine, "512M", at="16G")
    assert machine.valid_zones(128) == "Movable Normal"


def test_kernel_memory_of_a_dynamic_group_earns_room_only_for_itself() -> None:
    """virtio-mem: KE of the own dynamic group counts, hot-added kernel memory else never does."""
    machine = auto_movable(guest("1G", memmap_on_memory="N"), ratio=100)
    dimm(machine, "4G", caller="virtio-mem")
    dimm(machine, "1G", at="32G")
    online(machine, *range(32, 42), kind="online_movable")
    assert machine.valid_zones(50) == "Normal Movable", "ten blocks are above eight"
    online(machine, *range(42, 46), kind="online_kernel")
    assert machine.valid_zones(50) == "Movable Normal", "eleven are within eight and four"
    assert machine.valid_zones(256) == "Normal Movable", "another device has no part in it"


def test_another_dynamic_group_is_paid_for_first() -> None:
    """REQ: movable memory of another dynamic group beyond what its own kernel memory carries is taken off KE, and its
    movable pages off MV."""
    machine = auto_movable(guest("1G", memmap_on_memory="N"), ratio=100)
    dimm(machine, "1G", caller="virtio-mem")
    dimm(machine, "128M", at="16G")
    dimm(machine, "1G", at="32G")
    online(machine, 32, 33, kind="online_movable")
    assert machine.valid_zones(128) == "Movable Normal"
    assert machine.valid_zones(256) == "Normal Movable", "six blocks' worth of boot memory are left for eight"


def test_groups_live_as_long_as_their_blocks() -> None:
    machine = guest()
    dimm(machine, "256M")
    (group,) = machine.groups.values()
    assert (group.max_pages, group.blocks, group.dynamic) == (65536, 2, False)
    online(machine, 32, kind="online_movable")
    online(machine, 33, kind="online_kernel")
    (group,) = machine.groups.values()
    assert (group.present_movable, group.present_kernel) == (32768, 32768), "heads included"
    eject(machine, "256M")
    assert not machine.groups
    dimm(machine, "256M", caller="virtio-mem")
    (group,) = machine.groups.values()
    assert group.dynamic
    assert group.unit_pages % 32768 == 0


def test_the_rule_is_told_in_words() -> None:
    machine = guest("1G")
    dimm(machine)
    chosen = next(machine.steps(Online(block=32)))
    assert isinstance(chosen, ZoneChosen)
    assert chosen.zone == "Normal"
    assert "contig-zones" in sentence(chosen.reason)
    machine = auto_movable(guest("1G"), ratio=0)
    dimm(machine)
    chosen = next(machine.steps(Online(block=32)))
    assert isinstance(chosen, ZoneChosen)
    assert chosen.reason == RatioZero()


def test_only_upstream_has_auto_movable() -> None:
    for model, result in (("rfc-v2", "ENOENT"), ("6.1", "ok"), ("6.12", "ok")):
        machine = guest(model=model)
        assert machine.apply(Write(path=f"{PARAMETERS}/online_policy", data="auto-movable")).result == result
