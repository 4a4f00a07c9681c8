"""`altmap show`: the whole text in golden files, what is worth knowing, JSON, and what a terminal may not see."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from altmap.engine import Add, Machine, boot_machine, open_machine, rename, save_machine
from altmap.engine.memory.section import Memmap, Section
from altmap.engine.memory.state import state_of
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports
from altmap.explorer.headless.page import Page
from altmap.explorer.headless.show import show_machine

from .conftest import Golden, Process, Run

ROOT = Path(__file__).parents[2]
AUTO_ONLINE = "puts added blocks into a kernel zone at once"
NO_MEMMAP = "memmap_on_memory=N: each block of 128M that is added takes 512 pages (2M)"


@pytest.mark.parametrize("name", ["guest", "lopsided", "pooled"])
def test_text_is_golden(altmap: Run, golden: Golden, request: pytest.FixtureRequest, name: str) -> None:
    said = altmap("show", request.getfixturevalue(name))
    assert (said.code, said.err) == (0, "")
    golden(f"show-{name}.txt", said.out)


@pytest.mark.parametrize("environment", [{"COLUMNS": "40"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}, {"LC_ALL": "C"}])
def test_a_pipe_gets_the_same_text_everywhere(
    process: Process, golden: Golden, lopsided: Path, environment: dict[str, str]
) -> None:
    golden("show-lopsided.txt", process("show", lopsided, environment=environment).stdout)


def test_ascii_output_loses_no_line(process: Process, lopsided: Path) -> None:
    said = process("show", lopsided, environment={"PYTHONIOENCODING": "ascii"})
    assert said.returncode == 0
    assert "memory32-33" in said.stdout


@pytest.mark.parametrize("width", [44, 60, 72, 100])
def test_a_narrow_table_leaves_columns_out_and_cuts_nothing(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    machine = open_machine("firecracker-24g")
    show_machine(machine, Page(width=width))
    said = capsys.readouterr().out
    assert "…" not in said
    assert sum(" online " in line for line in said.partition("Memory blocks")[2].splitlines()) == 3
    for zone in zone_reports(state_of(machine)):
        row = next(line.split() for line in said.splitlines() if line.split()[:2] == [str(zone.node), zone.zone])
        assert {str(zone.managed), str(zone.free)} <= set(row)
    assert ("start_pfn" in said, "memmap" in said.rpartition("Memory blocks")[2]) == (width >= 100, width >= 100)


def lines(machine: Machine, capsys: pytest.CaptureFixture[str]) -> str:
    show_machine(machine, Page())
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("options", "warns"),
    [
        ({"auto_online": "online"}, True),
        ({"auto_online": "online_kernel"}, True),
        ({"auto_online": "online_kernel", "options": "movable_node"}, True),
        ({"auto_online": "online", "options": "movable_node"}, False),
        ({"auto_online": "online", "options": "memory_hotplug.online_policy=auto-movable"}, False),
        ({"auto_online": "online_movable"}, False),
        ({"auto_online": "offline"}, False),
    ],
)
def test_blocks_that_go_to_a_kernel_zone_at_once(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], warns: bool
) -> None:
    assert (AUTO_ONLINE in lines(boot_machine([(0, 0, "1G")], **options), capsys)) is warns


@pytest.mark.parametrize(
    ("model", "value", "warns"), [("6.12", "N", True), ("6.12", "Y", False), ("rfc-v2", "N", False)]
)
def test_memmap_from_existing_memory(capsys: pytest.CaptureFixture[str], model: str, value: str, warns: bool) -> None:
    machine = boot_machine([(0, 0, "1G")], model=model, memmap_on_memory=value)
    assert (NO_MEMMAP in lines(machine, capsys)) is warns


def test_a_zone_that_manages_little_of_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    machine = boot_machine([(0, 0, "1G")])
    assert "manages only" not in lines(machine, capsys)
    zone = machine.zones[0, "DMA32"]
    state_of(machine).zones.put(zone.key, msgspec.structs.replace(zone, managed=zone.present // 4, free=0))
    assert "zone DMA32 of node 0 manages only 252M of its 1008M" in lines(machine, capsys)


def test_sections_without_a_block(capsys: pytest.CaptureFixture[str]) -> None:
    machine = boot_machine([(0, 0, "1G")])
    machine.apply(Add(start="4G", size="128M", caller="pmem"))
    assert "at the place of memory32: device memory without a memory block" in lines(machine, capsys)
    state_of(machine).sections.put(40, Section(40, 0, memmap=Memmap("kernel")))
    assert "at the place of memory40: sections without a memory block, left behind" in lines(machine, capsys)


def test_low_sections_that_hold_the_memmap_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    machine = boot_machine([(0, 0, "1G")])
    assert machine.apply(Add(start="4G", size="512M", placement="sections")).ok
    said = lines(machine, capsys)
    assert re.search(r"memory32 0x100000000-0x107ffffff 128M offline Normal Movable 0 in the block", said)
    assert re.search(r"memory33-35 0x108000000-0x11fffffff 384M offline Normal Movable 0 in memory32", said)


def test_json_has_what_the_engine_reports(altmap: Run, guest: Path) -> None:
    said = altmap("show", guest, "--json")
    assert said.code == 0
    assert said.out.endswith("}\n")
    assert said.out.count("\n") == 1
    shown, machine = json.loads(said.out), open_machine(guest)
    assert shown["name"] == "guest"
    assert shown["geometry"]["block_size"] == 128 << 20
    assert shown["geometry"]["memmap_of_block"] == {"bytes": 2 << 20, "pages": 512}
    assert {name: text for name, text in shown["parameters"].items() if text is not None} == machine.parameters
    blocks = {
        str(row["block"]): {name: row[name] for name in ("state", "valid_zones", "nodes")} for row in shown["blocks"]
    }
    assert blocks == json.loads(msgspec.json.encode(block_reports(state_of(machine))))
    zones = [
        {name: value["pages"] if isinstance(value, dict) else value for name, value in row.items()}
        for row in shown["zones"]
    ]
    assert zones == json.loads(msgspec.json.encode(zone_reports(state_of(machine))))
    assert all(row["free"]["bytes"] == row["free"]["pages"] * 4096 for row in shown["zones"])
    sections = section_reports(state_of(machine))
    assert [(row["memmap_on"], row["memmap_pfn"]) for row in shown["sections"]] == [
        (sections[str(row["section"])].memmap_on, sections[str(row["section"])].memmap_pfn) for row in shown["sections"]
    ]
    assert [str(row["section"]) for row in shown["sections"]] == [*sections]


def test_the_terminal_obeys_nothing_that_a_snapshot_says(altmap: Run, tmp_path: Path) -> None:
    machine = boot_machine([(0, 0, "1G")])
    rename(machine, "tricky", "\x1b]0;owned\x07 and \x1b[31mred")
    save_machine(machine, tmp_path / "tricky.json")
    said = altmap("show", tmp_path / "tricky.json")
    assert said.code == 0
    assert "\x1b" not in said.out
    assert "\\x1b[31mred" in said.out


def on_a_terminal(argv: list[str], environment: dict[str, str]) -> str:
    """What a process writes to a terminal."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment}
    with subprocess.Popen([sys.executable, *argv], stdin=subprocess.DEVNULL, stdout=theirs, env=env) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            written += piece
    os.close(ours)
    assert process.returncode == 0
    return written.decode()


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, guest: Path, tmp_path: Path, environment: dict[str, str], coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / "script").write_text("offline 99\n")
    code = f"from altmap.explorer.headless.cli import main; main(['run', {str(guest)!r}, {str(tmp_path / 'script')!r}])"
    written = on_a_terminal(["-c", code], environment)
    assert "ENOENT" in written
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", written)) is coloured


def test_without_a_terminal_a_machine_is_shown(
    process: Process, golden: Callable[[str, str], None], guest: Path
) -> None:
    said = process(guest)
    assert (said.returncode, said.stderr) == (0, "")
    golden("show-guest.txt", said.stdout)
    assert process("open", guest).stdout == said.stdout


def test_files_are_read_as_their_kernel_prints_them(altmap: Run, guest: Path) -> None:
    machine = open_machine(guest)
    files = ("/proc/buddyinfo", "/proc/pagetypeinfo", "/sys/devices/system/memory/memory1/valid_zones")
    said = altmap("read", guest, *files)
    assert (said.code, said.err) == (0, "")
    assert said.out == "".join(machine.read(path) for path in files)
    assert said.out.startswith("Node 0, zone      DMA ")
    missing = altmap("read", guest, "/proc/kcore", "/proc/buddyinfo")
    assert missing.code == 1
    assert missing.err.startswith("altmap: ENOENT: /proc/kcore is not among the files that are modelled")
    assert missing.out == machine.read("/proc/buddyinfo"), "the others are told"
    assert machine.write("/proc/buddyinfo", "1").result == "EACCES"


@pytest.mark.parametrize(("arch", "kernel"), [("riscv64", "6.8"), ("i686", "6.12"), ("sparc64", "6.12")])
def test_a_machine_whose_kernel_has_no_hotplug_is_shown_and_said_to_be_that(
    altmap: Run, tmp_path: Path, arch: str, kernel: str
) -> None:
    guest = tmp_path / "guest.json"
    assert altmap("new", "--nodes", "2G", "--arch", arch, "--kernel", kernel, "-o", guest).code == 0
    shown = altmap("show", guest)
    assert (shown.code, "has no memory hotplug" in shown.out, "memmap_on_memory=N:" in shown.out) == (0, True, False)
    assert altmap("lsmem", guest) == (1, "", "lsmem: This system does not support memory blocks\n")
    asked = altmap("why", guest, "offline", "1")
    assert (asked.code, "has no memory hotplug" in asked.out) == (1, True)


def test_a_machine_of_qemu_has_the_architecture_of_its_program(altmap: Run) -> None:
    line = "qemu-system-aarch64 -M virt -m 4G -append 'memory_hotplug.memmap_on_memory=Y'"
    shown = altmap("new", "--qemu", line, "--json")
    assert shown.code == 0
    assert json.loads(shown.out)["geometry"]["arch"] == "arm64"
    assert json.loads(shown.out)["parameters"]["memmap_on_memory"] == "Y"
    assert json.loads(altmap("new", "--qemu", line, "--arch", "x86_64", "--json").out)["geometry"]["arch"] == "x86_64"
