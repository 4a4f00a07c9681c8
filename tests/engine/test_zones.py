"""Zones: spans that grow and shrink (shrink_zone_span), and the numbers of present and managed."""

from __future__ import annotations

import pytest
from altmap.engine import Machine
from altmap.engine.memory.state import state_of
from altmap.engine.memory.zone import Node, Zone

from .guests import FIRST, dimm, guest, numbers, offline, online, populated


def span_of(machine: Machine, name: str) -> tuple[int, int]:
    zone = machine.zones[0, name]
    return zone.start, zone.spanned


def test_intersects_is_a_test_of_spans_holes_included() -> None:
    zone = Zone(0, "Normal", start=1000, spanned=100)
    assert zone.intersects(1099, 1)
    assert zone.intersects(0, 1001)
    assert not zone.intersects(1100, 50)
    assert not zone.intersects(0, 1000)
    assert not Zone(0, "Normal").intersects(0, 1 << 30), "an empty zone meets nothing"


def test_a_zone_grows_over_what_joins_it_gaps_included() -> None:
    zone = Zone(0, "Normal").grown(1000, 10)
    assert (zone.start, zone.spanned) == (1000, 10)
    assert (zone.grown(2000, 10).start, zone.grown(2000, 10).spanned) == (1000, 1010)
    assert (zone.grown(100, 10).start, zone.grown(100, 10).spanned) == (100, 910)
    assert zone.grown(1002, 3) == zone


def test_plus_changes_only_what_it_names() -> None:
    zone = Zone(1, "Movable", 8, 16, 10, 9, 8, 7, 6, 5)
    assert zone.plus(present=1, managed=2, free=3, pcp=4, early=5) == Zone(1, "Movable", 8, 16, 11, 11, 11, 11, 11, 5)
    assert zone.key == (1, "Movable")
    assert zone.end == 24


def test_distance_is_the_firmwares_or_ten_and_twenty() -> None:
    assert Node(1, distance=(17, 10, 28)).distance_to(2) == 28
    assert (Node(1).distance_to(1), Node(1).distance_to(0)) == (10, 20)


def test_the_end_shrinks_to_the_next_online_block_and_skips_one_that_never_was() -> None:
    """Normal with 32, 33, 34, 36, 37, 38 online; 38, 37, 36 go: 229376, 196608, 163840, 98304."""
    machine = guest()
    dimm(machine, "1G")
    online(machine, 32, 33, 34, 36, 37, 38, kind="online_kernel")
    spans = [numbers(machine, "Normal")[1]]
    for block in (38, 37, 36):
        offline(machine, block)
        spans.append(numbers(machine, "Normal")[1])
    assert spans == [229376, 196608, 163840, 98304]


def test_eight_movable_blocks_shrink_from_both_ends() -> None:
    """The recorded order: 3 and 4 leave a hole, then 0, 1, 7, 5 (inside), 2, until only block 6 is left."""
    machine = guest()
    dimm(machine, "1G")
    online(machine, *range(32, 40), kind="online_movable")
    offline(machine, 35, 36)
    assert numbers(machine, "Movable")[1:3] == (262144, 196608)
    spans = []
    for block in (32, 33, 39, 37, 34):
        offline(machine, block)
        spans.append(numbers(machine, "Movable")[1])
    assert spans == [229376, 196608, 163840, 163840, 32768]
    assert span_of(machine, "Movable") == (38 * 32768, 32768)


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_a_zone_with_a_hole_of_gigabytes(model: str) -> None:
    """The traces zone_holes: DIMMs at 4 GiB and 12 GiB, two blocks each; then the far block 97 goes."""
    machine = guest("1G", model=model)
    dimm(machine, "256M", "4G")
    dimm(machine, "256M", "12G")
    online(machine, 32, 97, kind="online_kernel")
    assert numbers(machine, "Normal")[1:3] == (2162688, 65536)
    online(machine, 96, kind="online_kernel")
    offline(machine, 97)
    assert numbers(machine, "Normal")[1:3] == (2129920, 65536)


def test_kernel_and_movable_zone_may_overlap() -> None:
    """Normal span 229376 present 131072, Movable span 131072 present 65536."""
    machine = guest(memmap_on_memory="N")
    dimm(machine, "1G")
    online(machine, 32, 33, 36, 38, kind="online_kernel")
    online(machine, 34, 37, kind="online_movable")
    assert numbers(machine, "Normal")[1:3] == (229376, 131072)
    assert numbers(machine, "Movable")[1:3] == (131072, 65536)


def test_a_removal_from_the_middle_leaves_the_span() -> None:
    """Boot block 1 goes offline under 6.1: DMA32 present -32768, spanned unchanged."""
    machine = guest("1G", model="6.1")
    before = numbers(machine, "DMA32")
    offline(machine, 3)
    after = numbers(machine, "DMA32")
    assert after[1] == before[1]
    assert after[2] == before[2] - 32768


def test_a_zone_that_loses_its_last_block_is_gone_and_comes_back() -> None:
    machine = guest("1G")
    dimm(machine)
    assert populated(machine) == {(0, "DMA"), (0, "DMA32")}
    for kind, name in (("online_kernel", "Normal"), ("online_movable", "Movable")):
        online(machine, 32, kind=kind)
        assert span_of(machine, name) == (FIRST, 32768)
        offline(machine, 32)
        assert populated(machine) == {(0, "DMA"), (0, "DMA32")}
        assert span_of(machine, name) == (0, 0)


def test_the_node_spans_its_zones() -> None:
    machine = guest("1G")
    assert state_of(machine).node_span(0) == (0, 262144)
    dimm(machine, at="5G")
    assert state_of(machine).node_span(0) == (0, 262144), "an offline block is in no zone"
    online(machine, 40)
    assert state_of(machine).node_span(0) == (0, 41 * 32768)
    assert state_of(machine).node_span(7) == (0, 0)


def test_present_counts_heads_managed_does_not() -> None:
    for model in ("6.1", "6.12"):
        machine = guest("1G", model=model)
        dimm(machine)
        online(machine, 32)
        assert numbers(machine, "Normal") == (32256, 32768, 32768, 32256)
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine)
    online(machine, 32)
    assert numbers(machine, "Normal") == (32768, 32768, 32768, 32768)


def test_rfc_counts_heads_nowhere() -> None:
    """Present, managed, and MemTotal all grow by what is left."""
    machine = guest("1G", model="rfc-v2")
    dimm(machine)
    online(machine, 32)
    assert numbers(machine, "Normal") == (32256, 32768, 32256, 32256)


@pytest.mark.parametrize(("size", "managed"), [("2G", 516096), ("4G", 2 * 516096)])
def test_blocks_of_2_gib_hold_their_whole_memmap(size: str, managed: int) -> None:
    machine = guest("66G", block_size="2G")
    dimm(machine, size, at="66G")
    first = 33
    online(machine, *range(first, first + managed // 516096), kind="online_movable")
    assert numbers(machine, "Movable")[2:] == (managed // 516096 * 524288, managed)


def test_the_memmap_of_boot_memory_is_present_and_not_managed() -> None:
    """1/64 of it."""
    _, spanned, present, managed = numbers(guest("1G"), "DMA32")
    assert (spanned, present, present - managed) == (258048, 258048, 258048 // 64)
