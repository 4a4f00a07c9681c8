"""Reports for support hold a machine where lsmem and files of /proc are in them; other pictures are called by name."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from altmap.engine import BadInput, capture, open_machine

from .trees import BIG


@pytest.mark.parametrize("kept", ["folder", "tar"])
def test_a_sosreport_has_its_blocks_from_lsmem_and_the_rest_from_proc(tmp_path: Path, kept: str) -> None:
    root = tmp_path / "sosreport-host-2024"
    (root / "sos_commands/memory").mkdir(parents=True)
    (root / "proc").mkdir()
    (root / "sos_commands/memory/lsmem_-a_-o_RANGE_SIZE_STATE_REMOVABLE_ZONES_NODE_BLOCK").write_text(BIG)
    (root / "proc/version").write_text("Linux version 6.8.0-45-generic (builder) (gcc) #1 SMP x86_64\n")
    source = root
    if kept == "tar":
        source = tmp_path / "sosreport.tar.xz"
        with tarfile.open(source, "w:xz") as tar:
            tar.add(root, root.name)
    machine = open_machine(source)
    assert machine.check() == []
    assert (machine.model.name, len(machine.blocks)) == ("6.8", 192)
    assert any("its memory blocks are those that lsmem printed" in note for note in machine.origin.notes)


def test_a_sosreport_has_what_it_saved_of_nodes(tmp_path: Path) -> None:
    files = {
        "sos_commands/memory/lsmem_-a": BIG,
        "proc/version": "Linux version 6.8.0-45-generic (builder) (gcc) #1 SMP x86_64\n",
        "sys/devices/system/node/node0/distance": "10 21 30\n",
        "sys/devices/system/node/node0/cpulist": "\n",
        "sys/devices/system/node/node1/cpulist": "0-3\n",
        "sys/devices/system/node/node1/meminfo": "Node 1 MemTotal: 130000000 kB\nNode 1 MemFree: 1000 kB\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    machine = open_machine(tmp_path)
    assert machine.check() == []
    assert [node.cpus for node in machine.nodes.values()] == [False, True, False]
    assert machine.nodes[0].distance == (10, 21, 30)
    assert machine.zones[1, "Normal"].managed == 130000000 // 4


def test_a_list_beside_files_of_proc_says_which_blocks_there_are(tmp_path: Path) -> None:
    (tmp_path / "lsmem.txt").write_text(BIG)
    (tmp_path / "version").write_text("Linux version 6.8.0-45-generic (builder) (gcc) #1 SMP x86_64\n")
    (tmp_path / "meminfo").write_text("MemTotal: 266000000 kB\nMemFree: 1000000 kB\n")
    machine = open_machine(tmp_path)
    assert machine.check() == []
    assert (machine.model.name, len(machine.blocks)) == ("6.8", 192)


def test_a_sosreport_without_lsmem_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "sos_commands/kernel").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    with pytest.raises(BadInput, match=r"sosreport without what lsmem prints .* altmap collect"):
        open_machine(tmp_path)


def test_a_kernel_without_hotplug_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "sys/devices/system/cpu").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/version").write_text("Linux version 6.1.0 (x) x86_64\n")
    with pytest.raises(BadInput, match="its kernel has no memory hotplug"):
        open_machine(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'Memory device [dimm]: "dimm1"\n  addr: 0x100000000\n', "it is what QEMU says to info memory-devices"),
        (b"<domain type='kvm'>\n  <memory unit='KiB'>1</memory></domain>", "it is the XML of a libvirt domain"),
        (json.dumps([{"chardev": "dax0.0", "size": 1}]).encode(), "it is what daxctl list prints"),
        (json.dumps([{"memdev": "mem0", "ram_size": 1}]).encode(), "it is what cxl list prints"),
        (b"MemTotal:       16384 kB\nMemFree: 1 kB\n", "it is /proc/meminfo alone"),
        (b"available: 2 nodes (0-1)\nnode 0 cpus: 0\n", "it is what numactl --hardware prints"),
        (b"       total   used   free  shared\nMem:    3277    119    300\n", "it is what free prints"),
        (b"[    0.000000] Linux version 6.12.0\n", "it is a kernel log; altmap explain FILE says"),
        (b"Handle 0x0011, DMI type 17, 40 bytes\n", "it is what dmidecode prints"),
        (b"Page block order: 9\nPages per block:  512\n", "it is /proc/pagetypeinfo alone"),
        (b"nr_free_pages 1234\nnr_zone_inactive_anon 1\n", "it is /proc/vmstat alone"),
        (b"Node 0, zone      DMA      1      0      0      1      2\n", "it is /proc/buddyinfo alone"),
        (b"Node 0, zone      DMA\n  pages free     1\n", "what it has (proc/zoneinfo) does not say where memory lies"),
        (b"00000000-00000fff : Reserved\n", "what it has (proc/iomem) does not say where memory lies"),
    ],
)
def test_other_pictures_are_called_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "it").write_bytes(content)
    with pytest.raises(BadInput) as error:
        open_machine(tmp_path / "it")
    assert said in str(error.value)


def test_a_supportconfig_is_told_as_that(tmp_path: Path) -> None:
    folder = tmp_path / "scc_host"
    folder.mkdir()
    for name in ("memory.txt", "basic-environment.txt", "hardware.txt"):
        (folder / name).write_text("#==[ Command ]==#\n# /usr/bin/free -k\n")
    with tarfile.open(tmp_path / "scc.txz", "w:xz") as packed:
        packed.add(folder, "scc_host")
    for source in (folder, tmp_path / "scc.txz"):
        with pytest.raises(BadInput, match=r"is a supportconfig, .* give lsmem's output, or collect a tree"):
            capture(source)
