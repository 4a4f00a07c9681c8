"""Memory devices beside a machine: QEMU's list, a libvirt domain, daxctl and cxl."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from altmap.engine import (
    BadInput,
    Eject,
    Machine,
    Offline,
    VirtioMem,
    open_machine,
    parse_devices,
    save_machine,
    why_not,
    with_devices,
)

from .trees import ram, tree

GIB = 1 << 30
MONITOR = """\
(qemu) info memory-devices
Memory device [dimm]: "dimm1"
  addr: 0x100000000
  slot: 0
  node: 0
  size: 1073741824
  memdev: /objects/mem1
  hotplugged: true
Memory device [virtio-mem]: "vmem0"
  memaddr: 0x140000000
  node: 0
  requested-size: 1073741824
  size: 1073741824
  max-size: 4294967296
  block-size: 2097152
(qemu)
"""
DOMAIN = """\
<domain type='kvm'>
  <!-- a guest -->
  <devices>
    <memory model='dimm'>
      <target><size unit='KiB'>1048576</size><node>0</node></target>
      <alias name='dimm1'/>
      <address type='dimm' slot='0' base='0x100000000'/>
    </memory>
    <memory model='virtio-mem'>
      <target>
        <size unit='GiB'>4</size><node>0</node><block unit='KiB'>2048</block>
        <requested unit='KiB'>1048576</requested><current unit='MiB'>1024</current>
        <address base='0x140000000'/>
      </target>
      <alias name='vmem0'/>
    </memory>
  </devices>
</domain>
"""
QMP = json.dumps(
    {
        "return": [
            {"type": "dimm", "data": {"id": "dimm1", "addr": 4 * GIB, "size": GIB, "node": 0, "slot": 0}},
            {
                "type": "virtio-mem",
                "data": {
                    "id": "vmem0",
                    "memaddr": 5 * GIB,
                    "size": GIB,
                    "max-size": 4 * GIB,
                    "block-size": 2 << 20,
                    "node": 0,
                },
            },
        ]
    }
)


@pytest.mark.parametrize("text", [MONITOR, DOMAIN, QMP])
def test_each_program_says_the_same_of_the_same_devices(text: str) -> None:
    dimm, region = parse_devices(text, "list")
    assert (dimm.name, dimm.kind, dimm.start, dimm.size, dimm.plugged, dimm.node) == (
        "dimm1",
        "dimm",
        4 * GIB,
        GIB,
        GIB,
        0,
    )
    assert (region.name, region.kind, region.start, region.size) == ("vmem0", "virtio-mem", 5 * GIB, 4 * GIB)
    assert (region.plugged, region.unit, region.node) == (GIB, 2 << 20, 0)


def notes(machine: Machine) -> list[str]:
    return [note for note in machine.origin.notes if note.startswith("by ")]


def guest(root: Path) -> Path:
    """Boot memory of 1 GiB, a DIMM of 1 GiB, and 1 GiB of what may be a virtio-mem device."""
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32"), **dict.fromkeys(range(32, 48), "Movable")}
    return tree(root, blocks, iomem=f"{ram((0, 7), (32, 39))}\n{5 * GIB:x}-{6 * GIB - 1:x} : System RAM (virtio_mem)")


def test_what_lies_in_a_device_was_hot_added_and_is_taken_out_with_it(tmp_path: Path) -> None:
    bare = open_machine(guest(tmp_path / "guest"))
    machine = with_devices(bare, parse_devices(MONITOR, "list"), "list")
    assert machine.check() == []
    assert notes(machine) == [
        "by list, dimm1 (dimm, 1G at 0x100000000 on node 0): it brought memory32-39",
        "by list, vmem0 (virtio-mem, 4G at 0x140000000 on node 0): it brought memory40-47",
    ]
    groups = {machine.blocks[number].group for number in range(32, 40)}
    assert len(groups) == 1
    assert groups != {machine.blocks[40].group}
    assert not machine.blocks[32].early
    assert machine.requests[4 * GIB >> 12].caller == "acpi"
    save_machine(machine, tmp_path / "it.msgpack")
    again = open_machine(tmp_path / "it.msgpack")
    assert again.requests == machine.requests
    assert again.apply(Eject(start=4 * GIB, size=GIB)).ok
    assert 32 not in again.blocks


def test_a_virtio_mem_device_goes_on_with_what_it_has(tmp_path: Path) -> None:
    machine = with_devices(open_machine(guest(tmp_path)), parse_devices(MONITOR, "list"), "list")
    assert machine.apply(VirtioMem(start=5 * GIB, size=GIB, unit="2M")).ok  # nothing to do
    assert set(range(40, 48)) <= machine.blocks.keys()
    assert machine.apply(VirtioMem(start=5 * GIB, size=GIB // 2, unit="2M")).ok
    assert [number for number in range(40, 48) if number in machine.blocks] == [*range(40, 44)]
    assert machine.check() == []


def test_a_list_beside_the_folders_of_a_tree_is_taken(tmp_path: Path) -> None:
    (guest(tmp_path) / "memory-devices.txt").write_text(MONITOR)
    machine = open_machine(tmp_path)
    assert len(notes(machine)) == 2
    assert machine.check() == []
    shutil.copy(tmp_path / "memory-devices.txt", tmp_path / "domain.xml")
    (tmp_path / "domain.xml").write_text("<domain><devices><memory model='dimm'>")
    assert any("is broken" in note for note in open_machine(tmp_path).origin.notes)


def test_dax_devices_are_found_by_the_range_of_their_driver(tmp_path: Path) -> None:
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32"), **dict.fromkeys(range(32, 48), "Movable")}
    iomem = ram((0, 7)) + f"\n{4 * GIB:x}-{5 * GIB - 1:x} : dax0.0\n  {4 * GIB:x}-{5 * GIB - 1:x} : System RAM (kmem)"
    machine = open_machine(tree(tmp_path, blocks, iomem=iomem))
    listed = json.dumps([{"chardev": "dax0.0", "size": GIB, "target_node": 0, "mode": "system-ram"}])
    (note,) = notes(with_devices(machine, parse_devices(listed, "list"), "list"))
    assert note == "by list, dax0.0 (dax, 1G on node 0): it brought memory32-39"


def test_regions_of_cxl_lie_where_they_say(tmp_path: Path) -> None:
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32"), **dict.fromkeys(range(32, 40), "Movable")}
    iomem = ram((0, 7)) + f"\n{4 * GIB:x}-{5 * GIB - 1:x} : region0\n  {4 * GIB:x}-{5 * GIB - 1:x} : System RAM (kmem)"
    listed = json.dumps([{"region": "region0", "resource": "0x100000000", "size": GIB, "type": "ram"}])
    machine = with_devices(open_machine(tree(tmp_path, blocks, iomem=iomem)), parse_devices(listed, "list"), "list")
    assert machine.requests[4 * GIB >> 12].caller == "cxl"
    assert machine.check() == []


def test_what_iomem_calls_otherwise_is_none_of_the_device(tmp_path: Path) -> None:
    listed = json.dumps([{"region": "region0", "resource": "0x100000000", "size": GIB, "type": "ram"}])
    machine = with_devices(open_machine(guest(tmp_path)), parse_devices(listed, "list"), "list")
    assert notes(machine)[0].endswith("as the machine says otherwise: memory32 is System RAM in /proc/iomem")


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ({"addr": 64 * GIB}, "none of the machine's memory blocks lies there"),
        ({"addr": 0}, "is left out, as the machine says otherwise: memory"),
    ],
)
def test_what_does_not_fit_the_machine_is_left_out(device: dict[str, int], said: str) -> None:
    machine = open_machine("small-guest")
    listed = json.dumps([{"type": "dimm", "data": {"id": "d", "size": GIB, "node": 0, **device}}])
    after = with_devices(machine, parse_devices(listed, "list"), "list")
    assert said in notes(after)[0]
    assert after.blocks == machine.blocks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "tells of no memory device"),
        ("[1, 2, {}]", "tells of no memory device"),
        ("[{", "is broken"),
        ("<domain", "is broken"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><domain/>", "declares no entities"),
        ('Memory device [dimm]: "d"\n  addr: here\n  size: 1\n', "its address is 'here', and not a number"),
        ('Memory device [dimm]: "d"\n  addr: 0x0\n', "its size is 'None'"),
        ('Memory device [dimm]: "d"\n  addr: 0xffffffffffffffff\n  size: 4096\n', "which no machine has"),
        ('Memory device [dimm]: "d"\n  addr: 0x0\n  size: 4096\n  node: 70000\n', "is on node 70000"),
        (
            "<domain><devices><memory model='dimm'><target><size unit='ell'>1</size></target></memory></devices></domain>",
            "'ell'",
        ),
    ],
)
def test_a_list_that_is_wrong_is_told_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_devices(text, "list")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_xml_of_a_domain_has_so_many_tags_at_most() -> None:
    with pytest.raises(BadInput, match="has more than 65536 tags"):
        parse_devices("<domain><memory>" + "<a>" * 70_000, "dom.xml")


def test_a_session_with_the_monitor_is_read_to_its_end() -> None:
    greeting = '{"QMP": {"version": {"qemu": {"major": 9}}, "capabilities": []}}\n{"return": {}}\n'
    assert parse_devices(greeting + QMP + "\n", "session") == parse_devices(QMP, "answer")


@pytest.mark.parametrize(
    ("size", "bytes_"), [("1024.00 MiB (1073.74 MB)", GIB), ("15.75 GiB (16.91 GB)", 63 * GIB // 4)]
)
def test_sizes_for_people_are_read_where_nothing_was_rounded_away(size: str, bytes_: int) -> None:
    region = {"region": "region0", "resource": "0x100000000", "size": size, "type": "ram"}
    (device,) = parse_devices(json.dumps([region]), "cxl")
    assert (device.start, device.size) == (4 * GIB, bytes_)
    with pytest.raises(BadInput, match=r"its size is rounded .*; without --human"):
        parse_devices(json.dumps([{**region, "size": "125.98 GiB (135.27 GB)"}]), "cxl")


def test_what_ndctl_lists_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "list").write_text(
        '[{"dev": "namespace0.0", "mode": "fsdax", "size": 1065353216, "blockdev": "pmem0"}]'
    )
    with pytest.raises(BadInput, match="it is what ndctl list prints"):
        open_machine(tmp_path / "list")


def test_the_xml_of_a_domain_may_stand_behind_a_prompt() -> None:
    xml = "<domain><devices><memory model='dimm'><target><size>1048576</size></target></memory></devices></domain>"
    (device,) = parse_devices(f"virsh # dumpxml vm\n{xml}\nvirsh # \n", "it")
    assert device.size == 1 << 30


@pytest.mark.parametrize(("field", "value"), [("decode_state", "reset"), ("state", "disabled")])
def test_a_region_of_cxl_that_is_not_mapped_is_no_memory(field: str, value: str) -> None:
    region = {"region": "region0", "resource": 1 << 36, "size": 1 << 32, "type": "ram", "decode_state": "commit"}
    assert len(parse_devices(json.dumps([region]), "it")) == 1
    with pytest.raises(BadInput, match="tells of no memory device"):
        parse_devices(json.dumps([{**region, field: value}]), "it")


def plugged_in_part(root: Path) -> Machine:
    """A guest of whose virtio-mem device 768 of 1024 MiB are plugged, and of which no file tells but /proc/iomem."""
    blocks = {1: "DMA32", 2: "DMA32", **dict.fromkeys(range(32, 40), "Movable")}
    ranges = "08000000-17ffffff : System RAM\n100000000-1ffffffff : virtio0\n  100000000-13fffffff : System RAM (virtio_mem)\n"
    zones = {"DMA32": (0x10000, 0x10000, 0x4000), "Movable": (0x40000, 0x30000, 0x20000)}
    return open_machine(tree(root, blocks, zones=zones, iomem=ranges))


def test_what_virtio_mem_withholds_is_nothing_that_the_boot_reserved(tmp_path: Path) -> None:
    verdict = why_not(plugged_in_part(tmp_path), Offline(block=35))
    assert (verdict.answer, verdict.unknown) == ("yes", ())


def test_a_virtio_mem_device_that_no_one_told_of_is_asked_for(tmp_path: Path) -> None:
    machine = plugged_in_part(tmp_path)
    for size in (0, 2 * GIB):
        with pytest.raises(BadInput, match=r"no file tells what is plugged of it; .* \(--devices\)"):
            why_not(machine, VirtioMem(start=4 * GIB, size=size))
    assert why_not(machine, VirtioMem(start=16 * GIB, size=0)).answer == "yes"


@pytest.mark.parametrize("region", [True, False])
def test_the_lowest_block_of_a_region_need_not_be_there(tmp_path: Path, region: bool) -> None:
    """Its memory begins at memory33, and the region at 4 GiB, which iomem may not show."""
    blocks = {1: "DMA32", 2: "DMA32", **dict.fromkeys(range(33, 40), "Movable")}
    around = "100000000-1ffffffff : virtio0\n" * region
    ranges = (
        f"08000000-17ffffff : System RAM\n{around}{' ' * region * 2}108000000-13fffffff : System RAM (virtio_mem)\n"
    )
    machine = open_machine(tree(tmp_path, blocks, iomem=ranges))
    for size in (0, 128 << 20, 2 * GIB):
        with pytest.raises(BadInput, match=r"no file tells what is plugged of it"):
            why_not(machine, VirtioMem(start=4 * GIB, size=size))
    assert why_not(machine, VirtioMem(start=8 * GIB, size=0)).answer == "yes"


@pytest.mark.parametrize(("managed", "head"), [(8 * (0x8000 - 512), 512), (8 * 0x8000, 0)])
def test_memory_of_kmem_carries_its_memmap_if_the_counters_leave_room_for_that(
    tmp_path: Path, managed: int, head: int
) -> None:
    """A file of the device decides it, which no capture has."""
    blocks = {1: "DMA32", 2: "DMA32", **dict.fromkeys(range(32, 40), "Movable")}
    ranges = "08000000-17ffffff : System RAM\n100000000-13fffffff : dax0.0\n  100000000-13fffffff : System RAM (kmem)\n"
    zones = {"DMA32": (0x10000, 0x10000 - 900, 0x4000), "Movable": (8 * 0x8000, managed, 0x20000)}
    options = "memory_hotplug.memmap_on_memory=1"
    machine = open_machine(tree(tmp_path, blocks, zones=zones, iomem=ranges, cmdline=options))
    assert machine.check() == []
    assert {machine.blocks[number].head for number in range(32, 40)} == {head}
    assert why_not(machine, Offline(block=35)).answer == "yes"
