"""What differs between two machines: nothing between equal ones, and every kind of change by its kernel name."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import Add, Allocate, Command, Machine, Offline, Online, Pin, Remove, Write, boot_machine
from altmap.engine.faces.diff import Change, Drift, Fields, describe, diff

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
    assert drift.changes == ()
    assert describe(drift) == "Nothing differs."


def test_names_and_histories_are_no_drift() -> None:
    there_and_back = changed(Offline(block=70), Online(block=70))
    assert diff(boot(), there_and_back) == Drift()


def test_undo_takes_the_drift_back() -> None:
    machine = changed(Add(start="4G", size="256M"), Online(block=32))
    assert diff(boot(), machine).changes
    while machine.undo():
        pass
    assert diff(boot(), machine) == Drift()


def test_pages_that_became_pinned() -> None:
    taken, pinned = changed(Allocate(size="1M")), changed(Allocate(size="1M"), Pin(size="64K"))
    (change,) = diff(taken, pinned).changes
    assert change.path.endswith("/pinned_pages")
    assert (change.before, change.after) == (0, 16)


def test_a_block_that_changed() -> None:
    drift = diff(boot(), changed(Offline(block=70)))
    assert drift.blocks == (
        Change("memory70/state", "online", "offline"),
        Change("memory70/valid_zones", "Normal", "Normal Movable"),
    )
    assert [change.path for change in drift.zones] == [
        "node1/Normal/present",
        "node1/Normal/managed",
        "node1/Normal/free",
    ]
    present = drift.zones[0]
    assert (present.before, present.after) == (262144, 262144 - 32768)
    assert (drift.machine, drift.parameters, drift.nodes, drift.memmaps) == ((), (), (), ())


def test_blocks_zones_and_memmaps_that_are_new() -> None:
    drift = diff(boot(), changed(Add(start="4G", size="256M", node=1), Online(block=33, type="online_movable")))
    fields: Fields = {
        "state": "offline",
        "valid_zones": "Normal Movable",
        "nodes": (1,),
        "memmap_pages": 512,
        "poisoned": False,
        "pinned_pages": 0,
    }
    online: Fields = {**fields, "state": "online", "valid_zones": "Movable"}
    assert drift.blocks == (Change("memory32", None, fields), Change("memory33", None, online))
    assert [change.path for change in drift.zones] == ["node0/DMA32/free", "node1/Movable"]
    zone = drift.zones[1].after
    assert isinstance(zone, dict)
    assert (zone["start_pfn"], zone["present"], zone["managed"]) == (33 << 15, 32768, 32256)
    assert drift.memmaps == (
        Change("section32", None, {"memmap_on": "self", "memmap_pfn": 32 << 15}),
        Change("section33", None, {"memmap_on": "self", "memmap_pfn": 33 << 15}),
    )


def test_what_is_new_one_way_is_gone_the_other_way() -> None:
    before, after = boot(), changed(Add(start="4G", size="256M"), Online(block=32))
    there, back = diff(before, after), diff(after, before)
    assert [(c.path, c.before, c.after) for c in there.changes] == [(c.path, c.after, c.before) for c in back.changes]
    assert any(change.after is None for change in back.blocks)


def test_a_memmap_that_lies_elsewhere() -> None:
    own = changed(Add(start="4G", size="128M"))
    kernel = changed(Add(start="4G", size="128M", placement="boot"))
    drift = diff(own, kernel)
    assert drift.memmaps[0] == Change("section32/memmap_on", "self", "kernel")
    assert drift.blocks == (Change("memory32/memmap_pages", 512, 0),)
    assert "section 32: memmap in its own add request or block -> kernel memory" in describe(drift)


def test_a_place_that_one_side_does_not_know_is_no_drift() -> None:
    known, other = (changed(Add(start="4G", size="128M")) for _ in range(2))
    section = other.state.sections[32]
    assert section.memmap is not None
    for pfn, expected in ((None, ()), (77, (Change("section32/memmap_pfn", 32 << 15, 77),))):
        memmap = msgspec.structs.replace(section.memmap, pfn=pfn)
        other.state.sections.put(32, msgspec.structs.replace(section, memmap=memmap))
        assert diff(known, other).memmaps == expected


def test_parameters_and_nodes() -> None:
    added = Add(start="16G", size="128M", node=2)
    machine = boot_machine([(0, 0, "2G"), (1, "8G", "1G")], nodes=3)
    for command in (added, Write(path=NODE, data="4"), Write(path=POLICY, data="auto-movable")):
        assert machine.apply(command).ok
    drift = diff(boot_machine([(0, 0, "2G"), (1, "8G", "1G")], nodes=3), machine)
    assert drift.parameters == (Change("online_policy", "contig-zones", "auto-movable"),)
    assert drift.nodes == (
        Change("node1/nr_hugepages-2048kB", 0, 4),
        Change("node1/free_hugepages-2048kB", 0, 4),
        Change("node2/online", False, True),
    )
    assert "node2" in [change.path for change in diff(boot(), machine).nodes]


def test_other_kernels() -> None:
    drift = diff(boot(), boot(model="rfc-v2"))
    assert drift.machine == (Change("model", "6.12", "rfc-v2"),)
    assert "model: 6.12 -> rfc-v2" in describe(drift)


def test_order_is_that_of_the_numbers() -> None:
    drift = diff(
        boot(), changed(Add(start="12G", size="1G"), Remove(start="12G", size="1G"), Add(start="12G", size="1G"))
    )
    assert [change.path for change in drift.blocks] == [f"memory{number}" for number in range(96, 104)]
    assert [change.path for change in diff(boot(), changed(Offline(block=64), Offline(block=71))).blocks] == [
        "memory64/state",
        "memory64/valid_zones",
        "memory71/state",
        "memory71/valid_zones",
    ]


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
    lines = describe(diff(before, after)).splitlines()
    free = [zone.free + zone.pcp for zone in (before.zones[1, "Normal"], after.zones[1, "Normal"])]
    low = [zone.free + zone.pcp for zone in (before.zones[0, "DMA32"], after.zones[0, "DMA32"])]
    movable = after.zones[1, "Movable"]
    assert lines == [
        "auto_movable_numa_aware: Y -> N",
        "node 1: nr_hugepages-2048kB 0 -> 4 (+4); free_hugepages-2048kB 0 -> 4 (+4)",
        f"zone DMA32 of node 0: free {low[0]} -> {low[1]} ({low[1] - low[0]:+d})",
        "zone Movable of node 1: new, start_pfn 0x108000, spanned 32768, present 32768, managed 32256, "
        f"free {movable.free + movable.pcp}",
        "zone Normal of node 1: present 262144 -> 196608 (-65536); managed 258048 -> 192512 (-65536); "
        f"free {free[0]} -> {free[1]} ({free[1] - free[0]:+d})",
        "memory32: new, state offline, valid_zones Normal Movable, nodes 1, memmap_pages 512, poisoned no, pinned_pages 0",
        "memory33: new, state online, valid_zones Movable, nodes 1, memmap_pages 512, poisoned no, pinned_pages 0",
        "memory34 to memory39 (6 blocks): new, state offline, valid_zones Normal Movable, nodes 1, memmap_pages 512, "
        "poisoned no, pinned_pages 0",
        "memory68 to memory69 (2 blocks): state online -> offline; valid_zones Normal -> Normal Movable",
        "section 32 to section 39 (8 sections): new, memmap in its own add request or block",
    ]
    gone = (
        "memory33: gone, was state online, valid_zones Movable, nodes 1, memmap_pages 512, poisoned no, pinned_pages 0"
    )
    assert gone in describe(diff(after, before))
