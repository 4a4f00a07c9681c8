"""Stories of real kernels, played on machines made from numbers."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, Offline, Online, Write, boot_machine
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import PagesOnlined

from .guests import dimm, do, eject, numbers, offline, online, populated, refuse

MEMORY = "/sys/devices/system/memory"


def four_dimms(model: str) -> Machine:
    """1 GiB on node 0; DIMMs 128M, 128M, 256M on node 1, which boots without memory, and 1G on node 0."""
    machine = boot_machine([(0, 0, "1G")], nodes=2, model=model)
    for at, size, node in (("4G", "128M", 1), ("4224M", "128M", 1), ("4352M", "256M", 1), ("4608M", "1G", 0)):
        dimm(machine, size, at=at, node=node)
    return machine


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_dimms_are_offline_and_may_go_to_either_zone(model: str) -> None:
    machine = four_dimms(model)
    assert [machine.blocks[block].state for block in range(32, 44)] == ["offline"] * 12
    assert {machine.valid_zones(block) for block in range(32, 44)} == {"Normal Movable"}
    assert machine.read("/sys/devices/system/node/online") == "0-1\n"
    assert machine.read("/sys/devices/system/node/has_memory") == "0\n"
    ram = sorted((r.start, r.end) for r in machine.resources.values() if r.ram)[1:]
    assert ram == [
        (0x100000000, 0x108000000), (0x108000000, 0x110000000), (0x110000000, 0x120000000), (0x120000000, 0x160000000)
    ]  # fmt: skip
    elsewhere = sum(machine.sections[nr].memmap.on == "kernel" for nr in range(32, 44))  # type: ignore[union-attr]
    assert elsewhere * 512 == (5120 if model == "6.1" else 0)


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_a_block_goes_online_in_the_zone_asked_for_and_back(model: str) -> None:
    machine = four_dimms(model)
    state, switch = f"{MEMORY}/memory32/state", f"{MEMORY}/memory32/online"
    outcome = online(machine, 32)
    assert [event.pages for event in outcome.events if isinstance(event, PagesOnlined)] == [32256]
    assert numbers(machine, "Normal", 1) == (32256, 32768, 32768, 32256)
    assert machine.zones[1, "Normal"].start == 1048576
    assert (machine.valid_zones(32), machine.valid_zones(33)) == ("Normal", "Normal Movable")
    answers = [
        machine.write(*given).result for given in ((state, "online"), (switch, "1"), (state, "junk"), (switch, "7"))
    ]
    assert answers == ["EINVAL", "ok", "EINVAL", "EINVAL"]
    offline(machine, 32)
    assert not any(node == 1 for node, _ in populated(machine))
    assert [machine.write(*given).result for given in ((state, "offline"), (switch, "0"))] == ["EINVAL", "ok"]
    online(machine, 32, kind="online_movable")
    assert numbers(machine, "Movable", 1) == (32256, 32768, 32768, 32256)
    assert machine.valid_zones(32) == "Movable"
    assert refuse(machine, Offline(block=0)).result == "EINVAL"


@pytest.mark.parametrize(("model", "managed"), [("6.1", (97792, 32768)), ("6.12", (96768, 32256))])
def test_zones_span_what_is_online_and_shrink_when_dimms_go(model: str, managed: tuple[int, int]) -> None:
    machine = four_dimms(model)
    online(machine, 32, kind="online_movable")
    online(machine, 33, 34, 35, 36)
    assert numbers(machine, "Normal", 1) == (managed[0], 98304, 98304, managed[0])
    assert machine.zones[1, "Normal"].start == 1081344
    assert numbers(machine, "Normal", 0)[1:] == (32768, 32768, managed[1])
    assert machine.zones[0, "Normal"].start == 1179648
    eject(machine, "128M")
    eject(machine, "256M", at="4352M")
    assert sorted(machine.blocks)[8:] == [33, *range(36, 44)]
    assert numbers(machine, "Normal", 1)[1:] == (32768, 32768, 32256)
    assert (1, "Movable") not in populated(machine)


@pytest.mark.parametrize(
    ("mode", "kind", "zone", "managed"),
    [
        ("Y", "online_kernel", "Normal", 516096),
        ("N", "online_kernel", "Normal", 524288),
        ("N", "online_movable", "Movable", 524288),
    ],
)
def test_a_block_of_2_gib_is_all_of_its_node(mode: str, kind: str, zone: str, managed: int) -> None:
    """Boot memory ends at 66 GiB, so 2 GiB blocks; one DIMM on node 1 is block 33."""
    machine = boot_machine([(0, 0, "66G")], nodes=2, model="6.1", block_size="2G", memmap_on_memory=mode)
    dimm(machine, "2G", at="66G", node=1)
    online(machine, 33, kind=kind)
    assert numbers(machine, zone, 1) == (managed, 524288, 524288, managed)
    offline(machine, 33)
    assert not any(node == 1 for node, _ in populated(machine))


def test_what_was_migrated_is_free_on_its_node_and_used_on_the_other() -> None:
    """100 MiB of tmpfs on node 1, 24576 pages migrated to node 0, 63488 Movable pages of node 1 stay free."""
    machine = boot_machine([(0, 0, "1G")], nodes=2)
    for block in range(32, 38):
        dimm(machine, at=f"{block * 128}M", node=1)
    online(machine, 32, kind="online_kernel")
    online(machine, 34, 35, 36, kind="online_movable")
    state_of(machine).change_pages(34 * 32768 + 512, 24576, "movable")
    state_of(machine).journal.take()
    free = numbers(machine, "DMA32")[0]
    do(machine, Write(path=f"{MEMORY}/memory34/state", data="offline"))
    assert free - numbers(machine, "DMA32")[0] == 24576
    assert numbers(machine, "Movable", 1)[0] == 2 * 32256 == 64512
    do(machine, Online(block=34))
    assert machine.blocks[34].zone == (1, "Normal"), "outside the span of Movable"
