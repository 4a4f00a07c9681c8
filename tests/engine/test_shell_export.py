"""A history as shell: golden lines, a shell that accepts them, and nothing that a hostile text could break out of."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from altmap.engine import (
    Add,
    Allocate,
    Command,
    Compact,
    Eject,
    HugePages,
    Offline,
    Online,
    Outcome,
    Poison,
    Remove,
    Sync,
    VirtioMem,
    Write,
    boot_machine,
    sentence,
)
from altmap.engine.faces.shell_export import export
from altmap.engine.protocol.reasons.adding import BeyondAddresses, SectionPresent
from altmap.engine.protocol.reasons.files import NoSuchFile
from altmap.engine.protocol.reasons.taking import NotOffline
from altmap.engine.protocol.vocabulary import Caller

MEMORY = "/sys/devices/system/memory"
BLOCK = 1 << 27


def body(script: str) -> list[str]:
    """The lines of the steps, behind the head of the script."""
    return script.rpartition("\n\n")[2].splitlines()


def done(*commands: Command, block_size: int = BLOCK) -> list[str]:
    """The lines of commands that all worked."""
    script = export([Outcome(command, "ok") for command in commands], block_size)
    accepted(script)
    return body(script)


def accepted(script: str) -> None:
    checked = subprocess.run(["sh", "-n"], input=script.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")


def test_a_part_of_a_device_that_stayed_ends_nothing() -> None:
    history = [
        Outcome(Add(start="4G", size="1G"), "ok"),
        Outcome(Eject(start="4G", size="128M"), "EBUSY", NotOffline(32)),
    ]
    assert body(export(history, BLOCK))[-2:] == [
        "# eject 128M at 0x100000000",
        "#   refused with EBUSY: memory32 is not offline",
    ]


@pytest.mark.parametrize("verb", [Eject, Remove])
def test_a_part_of_a_device_ends_the_script(verb: type[Eject | Remove]) -> None:
    lines = done(Add(start="4G", size="1G"), verb(start="4G", size="128M"))
    assert lines[-2:] == [
        "# only a part of dimm1, which a real eject takes out as a whole: what follows would not be true",
        "exit 1",
    ]


def test_virtio_mem_is_sized_at_the_hypervisor() -> None:
    command = VirtioMem(start="8G", size="1G", unit="2M", node=1)
    script = export([Outcome(command, "ok")], BLOCK)
    accepted(script)
    assert "\nmonitor() {" in script
    assert body(script) == [
        "# virtio-mem 1G at 0x200000000 unit 2M node 1",
        "# vmem-200000000 stands for the id of the virtio-mem-pci device whose region begins at 0x200000000 "
        "(info memory-devices)",
        "monitor qom-set vmem-200000000 requested-size 1G",
    ]


def test_a_session() -> None:
    machine = boot_machine([(0, 0, "2G"), (1, "8G", "1G")])
    commands: Sequence[Command] = (
        Add(start="4G", size="512M", node=1),
        Online(block=32, type="online_movable"),
        Online(block=33, type="online_movable"),
        Online(block=35, type="online_kernel"),
        Add(start="4G", size="512M"),
        Offline(block=0),
        Write(path=f"{MEMORY}/memory32/state", data="offline"),
        Offline(block=33),
        Eject(start=1 << 32, size=1 << 29),
        Add(start="4G", size="128M", placement="boot"),
    )
    for command in commands:
        machine.apply(command)
    script = export(machine.history, machine.geometry.block_size)
    accepted(script)
    assert script.startswith("#!/bin/sh\n# ")
    assert "\nset -e\n" in script
    lines = body(script)
    assert lines == [
        "# add 512M at 0x100000000 node 1",
        "object_add memory-backend-ram,id=mem1,size=512M",
        "device_add pc-dimm,id=dimm1,memdev=mem1,node=1,addr=0x100000000",
        "# the next 2 lines at once: chmem -e -z Movable -b 32-33",
        "echo online_movable > /sys/devices/system/memory/memory32/state",
        "echo online_movable > /sys/devices/system/memory/memory33/state",
        "echo online_kernel > /sys/devices/system/memory/memory35/state",
        "# add 512M at 0x100000000 node 0",
        "# object_add memory-backend-ram,id=mem2,size=512M",
        "# device_add pc-dimm,id=dimm2,memdev=mem2,node=0,addr=0x100000000",
        f"#   refused with EEXIST: {sentence(machine.history[4].reason)}",
        "# echo offline > /sys/devices/system/memory/memory0/state",
        f"#   refused with EINVAL: {sentence(machine.history[5].reason)}",
        "# the next 2 lines at once: chmem -d -b 32-33",
        "echo offline > /sys/devices/system/memory/memory32/state",
        "echo offline > /sys/devices/system/memory/memory33/state",
        "# eject 512M at 0x100000000",
        "device_del dimm1",
        "object_del mem1",
        "# add 128M at 0x100000000 node 0 placement boot",
        "# (on the real machine memory_hotplug.memmap_on_memory decides where the memmap goes)",
        "object_add memory-backend-ram,id=mem3,size=128M",
        "device_add pc-dimm,id=dimm3,memdev=mem3,node=0,addr=0x100000000",
    ]


def test_nothing() -> None:
    script = export([], BLOCK)
    accepted(script)
    assert body(script) == ["# nothing was done"]
    assert "monitor" not in script


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (Online(block=7), [f"echo online > {MEMORY}/memory7/state"]),
        (Offline(block=7), [f"echo offline > {MEMORY}/memory7/state"]),
        (Write(path=f"{MEMORY}/auto_online_blocks", data="online\n"), [f"echo online > {MEMORY}/auto_online_blocks"]),
        (Compact(), ["echo 1 > /proc/sys/vm/compact_memory"]),
        (Compact(node=1), ["echo 1 > /sys/devices/system/node/node1/compact"]),
        (Compact(node=1, zone="Normal", order=9), ["# no line does this: compact node 1 zone Normal order 9"]),
        (HugePages(count=8), ["echo 8 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"]),
        (
            HugePages(count=1, size="1G", node=2),
            ["echo 1 > /sys/devices/system/node/node2/hugepages/hugepages-1048576kB/nr_hugepages"],
        ),
        (Poison(address="4G"), [f"echo 0x100000000 > {MEMORY}/hard_offline_page"]),
        (Poison(address=4096, soft=True), [f"echo 0x1000 > {MEMORY}/soft_offline_page"]),
        (Sync(root="/captures/later"), ["# here the machine was read again from /captures/later"]),
        (Allocate(size="1M"), ["# no line does this: allocate 1M movable node 0"]),
    ],
)
def test_lines(command: Command, lines: list[str]) -> None:
    assert done(command) == lines


def test_the_probe_file_adds_block_by_block() -> None:
    lines = done(Add(start="4G", size="512M", caller="probe"), block_size=1 << 28)
    assert lines[1:] == [f"echo 0x100000000 > {MEMORY}/probe", f"echo 0x110000000 > {MEMORY}/probe"]


def test_an_absurd_request_that_was_refused_is_short() -> None:
    outcome = Outcome(Add(start=0, size=1 << 62, caller="probe"), "E2BIG", BeyondAddresses(0, 1 << 62, 1 << 46))
    lines = body(export([outcome], BLOCK))
    assert len(lines) < 12
    assert lines[-1].startswith("#   refused with E2BIG: Hotplug memory [0x0-0x4000000000000000] exceeds ")


@pytest.mark.parametrize(
    ("caller", "word"),
    [("virtio-mem", "requested-size"), ("dax", "daxctl"), ("balloon", "balloon"), ("pmem", "ndctl"), ("hmm", "driver")],
)
def test_drivers_have_their_own_ways(caller: Caller, word: str) -> None:
    lines = done(Add(start="4G", size="128M", caller=caller))
    assert all(line.startswith("# ") for line in lines)
    assert word in lines[1]


@pytest.mark.parametrize("size", [1 << 27, 3 << 30, 1 << 40, (1 << 30) + (1 << 27), 4096, 1 << 10, 1000])
def test_sizes_for_qemu_are_exact(size: int) -> None:
    written = done(Add(start="4G", size=size))[1].rpartition("size=")[2]
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}.get(written[-1], 1)
    assert int(written.rstrip("KMGT")) * unit == size


def test_only_dimms_of_the_script_are_taken_out_by_name() -> None:
    dimm, other = Add(start="4G", size="256M"), Add(start="8G", size="256M")
    assert done(dimm, other, Eject(start="8G", size="256M"))[-2:] == ["device_del dimm2", "object_del mem2"]
    assert done(dimm, Remove(start="4G", size="256M"))[-2:] == ["device_del dimm1", "object_del mem1"]
    for verb in (Eject, Remove):
        assert done(dimm, verb(start="16G", size="256M"))[-1].startswith("# not plugged in above")
    again = [Eject(start="4G", size="256M")] * 2
    assert done(dimm, *again)[-1].startswith("# not plugged in above")
    script = export([Outcome(dimm, "EEXIST", SectionPresent(32)), Outcome(again[0], "ok")], BLOCK)
    assert "device_del" not in "".join(body(script))


def test_a_refused_removal_leaves_the_dimm_plugged_in() -> None:
    dimm, eject = Add(start="4G", size="256M"), Eject(start="4G", size="256M")
    lines = body(export([Outcome(dimm, "ok"), Outcome(eject, "EBUSY", NotOffline(32)), Outcome(eject, "ok")], BLOCK))
    assert lines[-7:] == [
        "# eject 256M at 0x100000000",
        "# device_del dimm1",
        "# object_del mem1",
        "#   refused with EBUSY: memory32 is not offline",
        "# eject 256M at 0x100000000",
        "device_del dimm1",
        "object_del mem1",
    ]


@pytest.mark.parametrize(
    ("commands", "chmem"),
    [
        ([Offline(block=5), Offline(block=6), Offline(block=7)], ["chmem -d -b 5-7"]),
        (
            [Offline(block=5), Offline(block=6), Offline(block=8), Offline(block=9)],
            ["chmem -d -b 5-6", "chmem -d -b 8-9"],
        ),
        ([Offline(block=6), Offline(block=5)], []),
        ([Offline(block=5), Compact(), Offline(block=6)], []),
        ([Offline(block=5), Online(block=6)], []),
        ([Online(block=5), Online(block=6)], []),
    ],
)
def test_chmem_is_named_for_runs_of_blocks(commands: list[Command], chmem: list[str]) -> None:
    assert [line.partition(": ")[2] for line in done(*commands) if "chmem" in line] == chmem


# -- safety -------------------------------------------------------------------------------------------------------------

NASTY = [
    "two words",
    "-n",
    "-e x",
    "it's",
    '"quoted"',
    "$(touch pwned)",
    "`touch pwned`",
    "a\nb",
    "back\\slash\\n",
    "100%d%s",
    "tab\there",
    "; touch pwned #",
    " leading and trailing ",
    "*",
    "~",
    "é",
    "\x00\x01\x7f",
    "!history",
    "",
    "\n",
]


@pytest.mark.parametrize("data", NASTY)
def test_what_the_shell_writes_is_what_was_written(tmp_path: Path, data: str) -> None:
    target = tmp_path / "a file; with $(odd) 'name' & \"quotes\""
    script = export([Outcome(Write(path=str(target), data=data), "ok")], BLOCK)
    accepted(script)
    subprocess.run(["sh"], input=script.encode(), cwd=tmp_path, check=True)
    assert target.read_bytes().decode() in (data, data + "\n")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("text", [*NASTY, "x\r\ntouch pwned", "x\u2028touch pwned", "\x1b[31m", "\ud800"])
def test_refusals_and_comments_do_nothing(tmp_path: Path, text: str) -> None:
    refused = [
        Outcome(Write(path=f"{text}\ntouch pwned\n", data=text), "ENOENT", NoSuchFile(f"{text}\ntouch pwned")),
        Outcome(Sync(root=f"x\n{text}\ntouch pwned"), "ok"),
    ]
    script = export(refused, BLOCK)
    accepted(script)
    assert all(line.startswith("# ") and line.isprintable() for line in body(script))
    subprocess.run(["sh"], input=script.encode(), cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())


def test_in_a_shell_the_monitor_lines_ask_to_be_typed() -> None:
    script = export([Outcome(Add(start="4G", size="1G"), "ok"), Outcome(Eject(start="4G", size="1G"), "ok")], BLOCK)
    without_terminal = subprocess.run(
        ["sh"], input=f"{script}echo end\n", capture_output=True, text=True, check=True, start_new_session=True
    )
    said = without_terminal.stdout.splitlines()
    assert said[1::2] == [line for line in body(script) if not line.startswith("#")]
    assert all("QEMU monitor" in line for line in said[:-1:2])
    assert said[-1] == "end"
    assert without_terminal.stderr == ""


def test_a_script_stops_where_the_real_machine_refuses(tmp_path: Path) -> None:
    history = [Outcome(Write(path=str(path), data="1"), "ok") for path in (tmp_path / "no" / "file", tmp_path / "file")]
    ran = subprocess.run(["sh"], input=export(history, BLOCK).encode(), capture_output=True, check=False)
    assert ran.returncode != 0
    assert not list(tmp_path.iterdir())
