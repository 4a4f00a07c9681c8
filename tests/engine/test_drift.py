"""What differs between two machines: nothing between equal ones, and every kind of change by its kernel name."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from altmap.engine import (
    Add,
    Allocate,
    Command,
    Machine,
    Offline,
    Online,
    Pin,
    Remove,
    Write,
    boot_machine,
    open_machine,
    parse_script,
    save_machine,
)
from altmap.engine.faces.diff import (
    BlockSeen,
    Changed,
    ChangedValue,
    Drift,
    NodeSeen,
    PoolSeen,
    describe_drift,
    diff,
    drift,
)
from altmap.engine.memory.state import state_of
from altmap.engine.sysfs.report import glance

NODE = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
POLICY = "/sys/module/memory_hotplug/parameters/online_policy"


def boot(**options: str) -> Machine:
    return boot_machine([(0, 0, "2G"), (1, "8G", "1G")], model=options.get("model", "6.12"))


def changed(*commands: Command) -> Machine:
    machine = boot()
    for command in commands:
        assert machine.apply(command).ok
    return machine


def test_equal_machines() -> None:
    drift = diff(boot(), boot())
    assert drift == Drift()
    assert not drift
    assert describe_drift(drift) == "Nothing differs."


def test_names_and_histories_are_no_drift() -> None:
    there_and_back = changed(Offline(block=70), Online(block=70))
    assert diff(boot(), there_and_back) == Drift()


def test_undo_takes_the_drift_back() -> None:
    machine = changed(Add(start="4G", size="256M"), Online(block=32))
    assert diff(boot(), machine)
    while machine.undo():
        pass
    assert diff(boot(), machine) == Drift()


def test_pages_that_became_pinned() -> None:
    taken, pinned = changed(Allocate(size="1M")), changed(Allocate(size="1M"), Pin(size="64K"))
    drift = diff(taken, pinned)
    (change,) = drift.blocks
    assert drift == Drift(blocks=(change,))
    assert change.before is not None
    assert change.before.pinned == 0
    assert change == Changed(change.key, change.before, msgspec.structs.replace(change.before, pinned=16), ("pinned",))


def test_a_block_that_changed() -> None:
    drift = diff(boot(), changed(Offline(block=70)))
    online = BlockSeen("online", "Normal", (1,), 0, False, 0)
    offline = msgspec.structs.replace(online, state="offline", valid_zones="Normal Movable")
    assert drift.blocks == (Changed(70, online, offline, ("state", "valid_zones")),)
    (zone,) = drift.zones
    assert (zone.key, zone.fields) == ((1, "Normal"), ("present", "managed", "free"))
    assert zone.before is not None
    assert zone.after is not None
    assert (zone.before.present, zone.after.present) == (262144, 262144 - 32768)
    assert (drift.machine, drift.parameters, drift.nodes, drift.memmaps) == ((), (), (), ())


def test_blocks_zones_and_memmaps_that_are_new() -> None:
    drift = diff(boot(), changed(Add(start="4G", size="256M", node=1), Online(block=33, type="online_movable")))
    offline = BlockSeen("offline", "Normal Movable", (1,), 512, False, 0)
    online = msgspec.structs.replace(offline, state="online", valid_zones="Movable")
    assert drift.blocks == (Changed(32, None, offline), Changed(33, None, online))
    assert [zone.key for zone in drift.zones] == [(0, "DMA32"), (1, "Movable")]
    assert drift.zones[0].fields == ("free",)
    zone = drift.zones[1].after
    assert zone is not None
    assert (zone.start_pfn, zone.present, zone.managed) == (33 << 15, 32768, 32256)
    assert [(change.key, change.before) for change in drift.memmaps] == [(32, None), (33, None)]
    places = [(change.after.memmap_on, change.after.memmap_pfn) for change in drift.memmaps if change.after is not None]
    assert places == [("self", 32 << 15), ("self", 33 << 15)]


def test_what_is_new_one_way_is_gone_the_other_way() -> None:
    before, after = boot(), changed(Add(start="4G", size="256M"), Online(block=32))
    there, back = diff(before, after), diff(after, before)
    for one, other in ((there.zones, back.zones), (there.blocks, back.blocks), (there.memmaps, back.memmaps)):
        assert [(c.key, c.before, c.after, c.fields) for c in one] == [
            (c.key, c.after, c.before, c.fields) for c in other
        ]
    assert any(change.after is None for change in back.blocks)


def test_a_memmap_that_lies_elsewhere() -> None:
    own = changed(Add(start="4G", size="128M"))
    kernel = changed(Add(start="4G", size="128M", placement="boot"))
    drift = diff(own, kernel)
    assert (drift.memmaps[0].key, drift.memmaps[0].fields[0]) == (32, "memmap_on")
    assert [(change.key, change.fields) for change in drift.blocks] == [(32, ("memmap",))]
    assert "section 32: memmap in its own add request or block -> kernel memory" in describe_drift(drift)


def test_a_place_that_one_side_does_not_know_is_no_drift() -> None:
    known, other = (changed(Add(start="4G", size="128M")) for _ in range(2))
    section = state_of(other).sections[32]
    assert section.memmap is not None
    for pfn, expected in ((None, []), (77, [(32, ("memmap_pfn",))])):
        memmap = msgspec.structs.replace(section.memmap, pfn=pfn)
        state_of(other).sections.put(32, msgspec.structs.replace(section, memmap=memmap))
        assert [(change.key, change.fields) for change in diff(known, other).memmaps] == expected


def test_parameters_and_nodes() -> None:
    added = Add(start="16G", size="128M", node=2)
    machine = boot_machine([(0, 0, "2G"), (1, "8G", "1G")], nodes=3)
    for command in (added, Write(path=NODE, data="4"), Write(path=POLICY, data="auto-movable")):
        assert machine.apply(command).ok
    drift = diff(boot_machine([(0, 0, "2G"), (1, "8G", "1G")], nodes=3), machine)
    assert drift.parameters == (ChangedValue("online_policy", "contig-zones", "auto-movable"),)
    huge, empty = PoolSeen(2 << 20, 4, 4), PoolSeen(2 << 20, 0, 0)
    gigantic = PoolSeen(1 << 30, 0, 0)
    assert drift.nodes == (
        Changed(1, NodeSeen(True, True, (), (empty, gigantic)), NodeSeen(True, True, (), (huge, gigantic)), ("pools",)),
        Changed(
            2, NodeSeen(False, False, (), (empty, gigantic)), NodeSeen(True, False, (), (empty, gigantic)), ("online",)
        ),
    )
    assert [change.key for change in diff(boot(), machine).nodes if change.before is None] == [2]


def test_other_kernels() -> None:
    drift = diff(boot(), boot(model="rfc-v2"))
    assert drift.machine == (ChangedValue("model", "6.12", "rfc-v2"),)
    assert "model: 6.12 -> rfc-v2" in describe_drift(drift)


def test_machines_of_other_sizes_are_compared_too() -> None:
    words = describe_drift(diff(boot(), boot_machine([(0, 0, "2G")], arch="arm64-64k")))
    assert "page_size: 4,096 -> 65,536 (+61,440)" in words
    assert "nr_hugepages-1048576kB 0 -> none" in words
    assert "nr_hugepages-524288kB none -> 0" in words


STEPS = """
add 256M at 4G node 1
online 32-33 movable
echo auto-movable > /sys/module/memory_hotplug/parameters/online_policy
allocate 64M movable node 1 random
pin 1M node 1
offline 32
offline 70
hugepages 4 of 2M
poison 0x210000000
unpin 1M node 1
eject 256M at 4G
"""


def test_what_a_command_changed_is_what_differs_between_files_saved_before_and_after_it(tmp_path: Path) -> None:
    """Two glances at a machine are compared only where they hold different values; machines from files share none."""
    machine = boot()
    saved, seen = tmp_path / "saved.json", glance(state_of(machine))
    save_machine(machine, saved)
    found: list[Drift] = []
    for command in parse_script(STEPS, "steps"):
        machine.apply(command)
        before, seen, old = seen, glance(state_of(machine)), open_machine(saved)
        save_machine(machine, saved)
        found.append(drift(before, seen))
        assert found[-1] == diff(old, open_machine(saved)), command
    assert all(found[:3])
    assert any(one.nodes for one in found)
    assert any(one.memmaps for one in found[3:])


def test_order_is_that_of_the_numbers() -> None:
    drift = diff(
        boot(), changed(Add(start="12G", size="1G"), Remove(start="12G", size="1G"), Add(start="12G", size="1G"))
    )
    assert [change.key for change in drift.blocks] == list(range(96, 104))
    assert [change.key for change in diff(boot(), changed(Offline(block=65), Offline(block=71))).blocks] == [65, 71]


@pytest.mark.parametrize("commands", [(), (Add(start="4G", size="256M", node=1), Online(block=33), Offline(block=70))])
def test_json(commands: tuple[Command, ...]) -> None:
    drift = diff(boot(), changed(*commands))
    assert msgspec.json.decode(msgspec.json.encode(drift), type=Drift) == drift


def test_words() -> None:
    numa_aware = "/sys/module/memory_hotplug/parameters/auto_movable_numa_aware"
    commands = (
        Add(start="4G", size="1G", node=1),
        Online(block=33, type="online_movable"),
        Offline(block=68),
        Offline(block=69),
        Write(path=NODE, data="4"),
        Write(path=numa_aware, data="n"),
    )
    before, after = boot(), changed(*commands)
    lines = describe_drift(diff(before, after)).splitlines()
    free = [zone.free + zone.pcp for zone in (before.zones[1, "Normal"], after.zones[1, "Normal"])]
    low = [zone.free + zone.pcp for zone in (before.zones[0, "DMA32"], after.zones[0, "DMA32"])]
    movable = after.zones[1, "Movable"]
    assert lines == [
        "auto_movable_numa_aware: Y -> N",
        "node 1: nr_hugepages-2048kB 0 -> 4 (+4); free_hugepages-2048kB 0 -> 4 (+4)",
        f"zone DMA32 of node 0: free {low[0]:,} -> {low[1]:,} ({low[1] - low[0]:+,})",
        "zone Movable of node 1: new, start_pfn 0x108000, spanned 32,768, present 32,768, managed 32,256, "
        f"free {movable.free + movable.pcp:,}",
        "zone Normal of node 1: present 262,144 -> 196,608 (-65,536); managed 258,048 -> 192,512 (-65,536); "
        f"free {free[0]:,} -> {free[1]:,} ({free[1] - free[0]:+,})",
        "memory32: new, state offline, valid_zones Normal Movable, nodes 1, memmap_pages 512, poisoned no, pinned_pages 0",
        "memory33: new, state online, valid_zones Movable, nodes 1, memmap_pages 512, poisoned no, pinned_pages 0",
        "memory34-39: new, state offline, valid_zones Normal Movable, nodes 1, memmap_pages 512, "
        "poisoned no, pinned_pages 0",
        "memory68-69: state online -> offline; valid_zones Normal -> Normal Movable",
        "section 32-39: new, memmap in its own add request or block",
    ]
    gone = (
        "memory33: gone, was state online, valid_zones Movable, nodes 1, memmap_pages 512, poisoned no, pinned_pages 0"
    )
    assert gone in describe_drift(diff(after, before))
