"""A history as shell: golden lines, a shell that accepts them, and nothing that a hostile text could break out of."""

from __future__ import annotations

import shutil
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
from altmap.engine.faces.shell_export import export_shell
from altmap.engine.protocol.reasons.adding import BeyondAddresses, SectionPresent
from altmap.engine.protocol.reasons.files import NoSuchFile
from altmap.engine.protocol.reasons.taking import NotOffline
from altmap.engine.protocol.vocabulary import Caller

MEMORY = "/sys/devices/system/memory"
BLOCK = 1 << 27
_CHECKS = ("root_only", "runs", "sized", "reads", "was")


def body(script: str) -> list[str]:
    """The lines of the steps, behind the head of the script and what it looks at first."""
    return [line for line in script.rpartition("\n\n")[2].splitlines() if line.split()[0] not in _CHECKS]


def done(*commands: Command, block_size: int = BLOCK) -> list[str]:
    """The lines of commands that all worked."""
    script = export_shell([Outcome(command, "ok") for command in commands], block_size)
    accepted(script)
    return body(script)


def accepted(script: str) -> None:
    """By every shell that is here, and by shellcheck where that is."""
    for shell in filter(shutil.which, ("sh", "dash", "bash", "busybox")):
        words = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
        checked = subprocess.run(words, input=script.encode(), capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")
    if shutil.which("shellcheck"):
        found = subprocess.run(["shellcheck", "-"], input=script.encode(), capture_output=True, check=False)
        assert found.stdout.decode() == ""


def test_a_part_of_a_device_that_stayed_ends_nothing() -> None:
    history = [
        Outcome(Add(start="4G", size="1G"), "ok"),
        Outcome(Eject(start="4G", size="128M"), "EBUSY", NotOffline(32)),
    ]
    assert body(export_shell(history, BLOCK))[-2:] == [
        "# eject 128M at 0x100000000",
        "#   refused with EBUSY: memory32 is not offline",
    ]


@pytest.mark.parametrize("verb", [Eject, Remove])
def test_a_part_of_a_device_ends_the_script(verb: type[Eject | Remove]) -> None:
    lines = done(Add(start="4G", size="1G"), verb(start="4G", size="128M"))
    said = "only a part of dimm1, which a real eject takes out as a whole: what follows would not be true"
    assert lines[-1] == f"stop 1 '{said}'"


def test_virtio_mem_is_sized_at_the_hypervisor() -> None:
    assert done(VirtioMem(start="8G", size="1G", unit="2M", node=1)) == [
        "begin 1 'virtio-mem 1G at 0x200000000 unit 2M node 1'",
        "# vmem-200000000 stands for the id of the virtio-mem-pci device whose region begins at 0x200000000 "
        "(info memory-devices)",
        "ask 'the QEMU monitor' 'qom-set vmem-200000000 requested-size 1G'",
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
    script = export_shell(machine.history, machine.geometry.block_size)
    accepted(script)
    assert script.startswith("#!/bin/sh\n# ")
    assert "\nset -u\n" in script
    assert body(script) == [
        "begin 1 'add 512M at 0x100000000 node 1'",
        "ask 'the QEMU monitor' 'object_add memory-backend-ram,id=mem1,size=512M'",
        "ask 'the QEMU monitor' 'device_add pc-dimm,id=dimm1,memdev=mem1,node=1,addr=0x100000000'",
        "appear 32 35",
        "begin 2 'online 32-33 online_movable'",
        "blocks 32 33 online_movable online Movable",
        "begin 3 'online 35 online_kernel'",
        "blocks 35 35 online_kernel online Normal",
        "# add 512M at 0x100000000 node 0",
        "# object_add memory-backend-ram,id=mem2,size=512M",
        "# device_add pc-dimm,id=dimm2,memdev=mem2,node=0,addr=0x100000000",
        f"#   refused with EEXIST: {sentence(machine.history[4].reason)}",
        "# echo offline > /sys/devices/system/memory/memory0/state",
        f"#   refused with EINVAL: {sentence(machine.history[5].reason)}",
        "begin 6 'offline 32-33'",
        "blocks 32 33 offline offline",
        "begin 7 'eject 512M at 0x100000000'",
        "ask 'the QEMU monitor' 'device_del dimm1'",
        "ask 'the QEMU monitor' 'object_del mem1'",
        "vanish 32 35",
        "begin 8 'add 128M at 0x100000000 node 0 placement boot'",
        "# (on the real machine memory_hotplug.memmap_on_memory decides where the memmap goes)",
        "ask 'the QEMU monitor' 'object_add memory-backend-ram,id=mem3,size=128M'",
        "ask 'the QEMU monitor' 'device_add pc-dimm,id=dimm3,memdev=mem3,node=0,addr=0x100000000'",
        "appear 32 32",
    ]


def test_nothing() -> None:
    script = export_shell([], BLOCK)
    accepted(script)
    assert body(script) == ["# nothing was done"]
    assert len(script.splitlines()) == 3


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (Online(block=7), ["begin 1 'online 7 online'", "blocks 7 7 online online"]),
        (Offline(block=7), ["begin 1 'offline 7'", "blocks 7 7 offline offline"]),
        (
            Write(path=f"{MEMORY}/auto_online_blocks", data="online\n"),
            [
                f"begin 1 'echo online > {MEMORY}/auto_online_blocks'",
                f"put online {MEMORY}/auto_online_blocks",
                f"see {MEMORY}/auto_online_blocks online",
            ],
        ),
        (Compact(), ["begin 1 compact", "put 1 /proc/sys/vm/compact_memory"]),
        (Compact(node=1), ["begin 1 'compact node 1'", "put 1 /sys/devices/system/node/node1/compact"]),
        (Compact(node=1, zone="Normal", order=9), ["# no line does this: compact node 1 zone Normal order 9"]),
        (
            HugePages(count=8),
            ["begin 1 'hugepages 8 of 2M'", "put 8 /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"],
        ),
        (
            HugePages(count=1, size="1G", node=2),
            [
                "begin 1 'hugepages 1 of 1G node 2'",
                "put 1 /sys/devices/system/node/node2/hugepages/hugepages-1048576kB/nr_hugepages",
            ],
        ),
        (Poison(address="4G"), ["# a fault, left out (--faults puts it in): poison 0x100000000"]),
        (Sync(root="/captures/later"), ["# here the machine was read again from /captures/later"]),
        (Allocate(size="1M"), ["# no line does this: allocate 1M movable node 0"]),
    ],
)
def test_lines(command: Command, lines: list[str]) -> None:
    assert done(command) == lines


def test_faults_are_put_in_where_they_are_asked_for() -> None:
    history = [Outcome(Poison(address="4G"), "ok"), Outcome(Poison(address=4096, soft=True), "ok")]
    script = export_shell(history, BLOCK, faults=True)
    accepted(script)
    assert f"put 0x100000000 {MEMORY}/hard_offline_page" in body(script)
    assert f"put 0x1000 {MEMORY}/soft_offline_page" in body(script)


def test_the_probe_file_adds_block_by_block() -> None:
    lines = done(Add(start="4G", size="512M", caller="probe"), block_size=1 << 28)
    assert lines[1:] == [f"put 0x100000000 {MEMORY}/probe", f"put 0x110000000 {MEMORY}/probe", "appear 16 17"]


def test_an_absurd_request_that_was_refused_is_short() -> None:
    outcome = Outcome(
        Add(start=0, size=1 << 62, caller="probe"),
        "E2BIG",
        BeyondAddresses(0, 1 << 62, 1 << 46, "MAX_PHYSMEM_BITS", "request", 0),
    )
    lines = body(export_shell([outcome], BLOCK))
    assert len(lines) < 12
    assert lines[-1].startswith("#   refused with E2BIG: Hotplug memory [0x0-0x4000000000000000] exceeds ")


@pytest.mark.parametrize(
    ("caller", "word"),
    [("virtio-mem", "requested-size"), ("dax", "daxctl"), ("balloon", "balloon"), ("pmem", "ndctl"), ("hmm", "driver")],
)
def test_drivers_have_their_own_ways(caller: Caller, word: str) -> None:
    lines = done(Add(start="4G", size="128M", caller=caller))
    assert lines[0].startswith("begin 1 ")
    assert lines[1].startswith("ask 'the real machine' ")
    assert word in lines[1]


@pytest.mark.parametrize("size", [1 << 27, 3 << 30, 1 << 40, (1 << 30) + (1 << 27), 4096, 1 << 10, 1000])
def test_sizes_for_qemu_are_exact(size: int) -> None:
    written = done(Add(start="4G", size=size))[1].rpartition("size=")[2].rstrip("'")
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}.get(written[-1], 1)
    assert int(written.rstrip("KMGT")) * unit == size


def test_only_dimms_of_the_script_are_taken_out_by_name() -> None:
    dimm, other = Add(start="4G", size="256M"), Add(start="8G", size="256M")
    ends = ["ask 'the QEMU monitor' 'device_del dimm2'", "ask 'the QEMU monitor' 'object_del mem2'", "vanish 64 65"]
    assert done(dimm, other, Eject(start="8G", size="256M"))[-3:] == ends
    assert done(dimm, Remove(start="4G", size="256M"))[-3] == "ask 'the QEMU monitor' 'device_del dimm1'"
    for verb in (Eject, Remove):
        assert "not plugged in above" in done(dimm, verb(start="16G", size="256M"))[-2]
    again = [Eject(start="4G", size="256M")] * 2
    assert "not plugged in above" in done(dimm, *again)[-2]
    script = export_shell([Outcome(dimm, "EEXIST", SectionPresent(32)), Outcome(again[0], "ok")], BLOCK)
    assert "device_del" not in "".join(body(script))


def test_a_refused_removal_leaves_the_dimm_plugged_in() -> None:
    dimm, eject = Add(start="4G", size="256M"), Eject(start="4G", size="256M")
    lines = body(
        export_shell([Outcome(dimm, "ok"), Outcome(eject, "EBUSY", NotOffline(32)), Outcome(eject, "ok")], BLOCK)
    )
    assert lines[-8:] == [
        "# eject 256M at 0x100000000",
        "# device_del dimm1",
        "# object_del mem1",
        "#   refused with EBUSY: memory32 is not offline",
        "begin 3 'eject 256M at 0x100000000'",
        "ask 'the QEMU monitor' 'device_del dimm1'",
        "ask 'the QEMU monitor' 'object_del mem1'",
        "vanish 32 33",
    ]


@pytest.mark.parametrize(
    ("commands", "loops"),
    [
        ([Offline(block=5), Offline(block=6), Offline(block=7)], ["blocks 5 7"]),
        (
            [Offline(block=5), Offline(block=6), Offline(block=8), Offline(block=9)],
            ["blocks 5 6", "blocks 8 9"],
        ),
        ([Offline(block=6), Offline(block=5)], ["blocks 6 6", "blocks 5 5"]),
        ([Offline(block=5), Compact(), Offline(block=6)], ["blocks 5 5", "blocks 6 6"]),
        ([Offline(block=5), Online(block=6)], ["blocks 5 5", "blocks 6 6"]),
        ([Online(block=5), Online(block=6)], ["blocks 5 6"]),
    ],
)
def test_runs_of_blocks_are_loops(commands: list[Command], loops: list[str]) -> None:
    assert [" ".join(line.split()[:3]) for line in done(*commands) if line.startswith("blocks ")] == loops


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
    target.touch()
    script = export_shell([Outcome(Write(path=str(target), data=data), "ok")], BLOCK)
    accepted(script)
    subprocess.run(["sh"], input=script.encode(), cwd=tmp_path, check=True, capture_output=True)
    assert target.read_bytes().decode() in (data, data + "\n")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("text", [*NASTY, "x\r\ntouch pwned", "x\u2028touch pwned", "\x1b[31m", "\ud800"])
def test_refusals_and_comments_do_nothing(tmp_path: Path, text: str) -> None:
    refused = [
        Outcome(Write(path=f"{text}\ntouch pwned\n", data=text), "ENOENT", NoSuchFile(f"{text}\ntouch pwned")),
        Outcome(Sync(root=f"x\n{text}\ntouch pwned"), "ok"),
    ]
    script = export_shell(refused, BLOCK)
    accepted(script)
    assert all(line.startswith("# ") and line.isprintable() for line in body(script))
    subprocess.run(["sh"], input=script.encode(), cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())
