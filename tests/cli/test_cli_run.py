"""`altmap run`: the account in golden files, JSON Lines, exit codes, saving, scripts from standard input, progress."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import msgspec
import pytest
from altmap.engine import Add, Command, Drift, Offline, Online, Write, boot_machine, open_machine, sentence
from altmap.engine.commands.scripts import parse_places
from altmap.engine.memory.state import State, state_of
from altmap.engine.sysfs.report import BlockReport, block_report, block_reports, section_reports, zone_reports
from altmap.explorer import __version__
from altmap.explorer.headless.account import Account
from altmap.explorer.headless.console import Printer
from altmap.explorer.headless.forms.changes import changes
from altmap.explorer.headless.forms.steps import full_step_document, step_document
from altmap.explorer.headless.progress import LONG, awaited, tracked
from altmap.explorer.headless.script_runs import lines_of, run_script

from .conftest import Golden, Run

STORY = """\
# a DIMM of two blocks, in and out again
add 256M at 4G node 0
online 32-33 movable
offline 33
echo online > /sys/devices/system/memory/memory99/state expect ENOENT
echo online > /sys/devices/system/memory/auto_online_blocks
add 128M at 8G placement boot
offline 0 expect ok
remove 256M at 4G expect ok     # memory32 is online
eject 256M at 4G
"""
COMMANDS = [
    {"op": "add", "start": "4G", "size": "128M"},
    {"op": "online", "block": 32, "type": "online_movable"},
    {"op": "offline", "block": 99, "expect": "ENOENT"},
    {"op": "write", "path": "/sys/devices/system/memory/memory32/state", "data": "offline"},
]


def script(folder: Path, content: object) -> Path:
    """A script file, of lines or of JSON."""
    path = folder / "script"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_account_is_golden(altmap: Run, golden: Golden, guest: Path, tmp_path: Path) -> None:
    said = altmap("run", guest, script(tmp_path, STORY))
    assert (said.code, said.err) == (1, "")
    golden("run-story.txt", said.out)


def test_success_is_told_in_numbers(altmap: Run, guest: Path, tmp_path: Path) -> None:
    lines = (
        "hugepages 1 of 1G", "echo 9000 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "hugepages 0 of 2M",
        "allocate 1M", "pin 64K", "unpin all", "free all", "add 256M at 4G", "eject 128M at 4G", "eject 128M at 64G",
    )  # fmt: skip
    said = altmap("run", guest, script(tmp_path, "\n".join(lines))).out
    for words in (
        "has 0, 0 of them free: asked 1, got 0\n",
        ": asked 9,000, got 4",
        "of all nodes has 0, 0 of them free\n",
        "256 pages taken\n",
        "16 pages pinned\n",
        "16 pages no longer pinned\n",
        "256 pages freed\n",
        "note: the device has 1 more block: a real eject takes it all\n",
        "note: no memory device works at 0x1000000000; ejecting one whose add failed changes nothing\n",
    ):
        assert words in said


def test_the_account_looks_at_what_changed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = boot_machine([(0, 0, "16G")])
    looked: list[int] = []

    def watched(state: State, number: int) -> BlockReport:
        looked.append(number)
        return block_report(state, number)

    monkeypatch.setattr("altmap.explorer.headless.account.block_report", watched)
    lines = lines_of(parse_places("offline 60\noffline 50-54\nonline 60", "a script"), "a script")
    run_script(machine, lines, Account(machine, Printer()))
    assert set(looked) == {60, *range(50, 55)}


def test_the_events_are_golden(altmap: Run, golden: Golden, guest: Path, tmp_path: Path) -> None:
    said = altmap("run", guest, script(tmp_path, COMMANDS), "--events")
    assert (said.code, said.err) == (0, "")
    golden("run-events.txt", of_any_version(said.out))


def of_any_version(lines: str) -> str:
    """Lines of JSON without the number of this release."""
    return lines.replace(f'"altmap":"{__version__}"', '"altmap":"this"')


@pytest.mark.parametrize(("options", "name"), [(["--json"], "run-json.txt"), (["--json", "--full"], "run-full.txt")])
def test_the_json_lines_are_golden(
    altmap: Run, golden: Golden, guest: Path, tmp_path: Path, options: list[str], name: str
) -> None:
    said = altmap("run", guest, script(tmp_path, COMMANDS), *options)
    assert (said.code, said.err) == (0, "")
    golden(name, of_any_version(said.out))


def test_each_full_line_is_the_machine_after_its_command(altmap: Run, guest: Path, tmp_path: Path) -> None:
    lines = altmap("run", guest, script(tmp_path, COMMANDS), "--json", "--full").out.splitlines()
    steps = [json.loads(line) for line in lines]
    machine = open_machine(guest)
    offline = Write(path="/sys/devices/system/memory/memory32/state", data="offline")
    commands: tuple[Command, ...] = (
        Add(start="4G", size="128M"),
        Online(block=32, type="online_movable"),
        Offline(block=99),
        offline,
    )
    assert [step["step"] for step in steps] == [1, 2, 3, 4]
    assert [step["op"] for step in steps] == COMMANDS
    for step, command in zip(steps, commands, strict=True):
        outcome = machine.apply(command)
        assert (step["result"], step["reason"]) == (outcome.result, sentence(outcome.reason))
        assert step["log"] == list(outcome.log)
        assert step["taken"] == {str(node): pages for node, pages in outcome.taken.items()}
        assert step["blocks"] == json.loads(msgspec.json.encode(block_reports(state_of(machine))))
        assert step["zones"] == json.loads(msgspec.json.encode(zone_reports(state_of(machine))))
        assert step["sections"] == json.loads(msgspec.json.encode(section_reports(state_of(machine))))
        assert "events" not in step
    assert steps[0]["taken"]["0"] > 0
    assert steps[3]["log"][0] == "Offlined Pages 32256"


def test_events_stand_before_what_came_of_their_command(altmap: Run, guest: Path, tmp_path: Path) -> None:
    path = script(tmp_path, COMMANDS)
    events, steps, full, both = (
        [json.loads(line) for line in altmap("run", guest, path, *options).out.splitlines()]
        for options in (["--events"], ["--json"], ["--json", "--full"], ["--events", "--json", "--full"])
    )
    assert {line["kind"] for line in events} == {"event", "step"}
    assert [line for line in events if line["kind"] == "step"] == steps
    assert [line for line in both if line["kind"] == "full_step"] == full
    told = [line for line in events if line["kind"] == "event"]
    assert [line for line in both if line["kind"] == "event"] == told
    assert [line["event"] for line in told[:2]] == ["resource_reserved", "placement_chosen"]
    assert [line["step"] for line in events] == sorted(line["step"] for line in events)


def test_the_whole_machine_is_for_programs(altmap: Run, guest: Path, tmp_path: Path) -> None:
    said = altmap("run", guest, script(tmp_path, COMMANDS), "--full")
    assert (said.code, said.out) == (2, "")
    assert said.err == "altmap: --full says what --json prints; give both\n"


def test_an_offline_can_be_followed_past_each_memmap_page(altmap: Run, guest: Path, tmp_path: Path) -> None:
    """Under RFC v2 the loops step over the pages one by one; upstream's range does not have them in it."""
    text = "add 128M at 4G\nonline 32 online_movable\noffline 32"
    skips = {}
    for model in ("rfc-v2", "6.12"):
        out = altmap("run", guest, script(tmp_path, text), "--events", "--model", model).out
        lines = [json.loads(line) for line in out.splitlines()]
        skips[model] = [
            (line["step"], line["where"], line["pages"]) for line in lines if line.get("event") == "memmap_skipped"
        ]
    assert skips["6.12"] == []
    assert skips["rfc-v2"] == [
        (2, "online_pages_range", 512),
        (3, "test_pages_isolated", 512),
        (3, "__test_page_isolated_in_pageblock", 512),
        (3, "__offline_isolated_pages", 512),
    ]


def test_json_names_the_page_at_fault(altmap: Run, pooled: Path, tmp_path: Path) -> None:
    machine = open_machine(pooled)
    state_of(machine).change_pages(33 * 32768 + 77, 1, "kernel")
    refused = machine.apply(Offline(block=33))
    assert refused.pfn == 33 * 32768 + 77
    assert full_step_document(1, machine, refused).pfn == refused.pfn
    step = step_document(1, machine, refused, changes(Drift(), machine, machine))
    assert step.refusal is not None
    assert step.refusal.pfn == refused.pfn


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("offline 99", 1),
        ("offline 99 expect ENOENT", 0),
        ("offline 99 expect EBUSY", 1),
        ("add 128M at 4G", 0),
        ("add 128M at 4G expect ok", 0),
        ("add 128M at 4G expect EEXIST", 1),
        ("", 0),
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_exit_code_says_whether_the_kernel_refused(
    altmap: Run, guest: Path, tmp_path: Path, line: str, code: int, options: list[str]
) -> None:
    assert altmap("run", guest, script(tmp_path, line), *options).code == code


def test_save_keeps_the_end_and_another_model_its_ways(altmap: Run, guest: Path, tmp_path: Path) -> None:
    end = tmp_path / "end.msgpack.gz"
    said = altmap("run", guest, script(tmp_path, "add 512M at 4G\nonline 33"), "--model", "rfc-v2", "--save", end)
    assert said.code == 0
    machine = open_machine(end)
    assert machine.model.name == "rfc-v2"
    assert machine.blocks[33].state == "online"
    memmap = machine.sections[35].memmap
    assert memmap is not None
    assert memmap.pfn == 32 * 32768 + 3 * 512
    assert altmap("check", end).code == 0


def test_nothing_is_saved_after_bad_input(altmap: Run, guest: Path, tmp_path: Path) -> None:
    end = tmp_path / "end.json"
    said = altmap("run", guest, script(tmp_path, "add 128M at 4G\nsync nowhere"), "--save", end)
    assert said.code == 2
    assert "line 2: nowhere does not exist" in said.err
    assert not end.exists()


def test_a_script_may_come_from_standard_input(altmap: Run, guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfadd 128M at 4G\r\noffline 98\r\n")))
    said = altmap("run", guest, "-")
    assert said.code == 1
    assert "offline 98 … ENOENT" in said.out
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input, which is closed" in altmap("run", guest, "-").err


def test_each_line_is_there_before_the_next_command_runs(
    guest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who reads the lines through a pipe can follow."""
    from altmap.engine import Machine
    from altmap.explorer.headless.cli import main

    seen: list[int] = []
    steps = Machine.steps

    def watched(self: Machine, command: object) -> object:
        seen.append(len(capfd.readouterr().out.splitlines()))
        return steps(self, command)  # type: ignore[arg-type]

    monkeypatch.setattr(Machine, "steps", watched)
    assert main(["run", str(guest), str(script(tmp_path, COMMANDS)), "--json"]) == 0
    assert seen == [0, 1, 1, 1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_for_somebody_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Terminal()
    monkeypatch.setattr(sys, "stderr", watched)
    assert list(tracked(range(LONG * 2))) == list(range(LONG * 2))
    assert f"\r  0 %  step 1 of {LONG * 2}" in watched.getvalue()
    assert f"\r 50 %  step {LONG + 1} of {LONG * 2}" in watched.getvalue()
    assert watched.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(("length", "out", "err"), [(LONG - 1, False, True), (LONG, True, True), (LONG, False, False)])
def test_no_progress_for_a_file_or_beside_the_steps(
    monkeypatch: pytest.MonkeyPatch, length: int, out: bool, err: bool
) -> None:
    streams = [Terminal() if terminal else io.StringIO() for terminal in (out, err)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    assert list(tracked(range(length))) == list(range(length))
    assert [stream.getvalue() for stream in streams] == ["", ""]


def test_alternatives_have_no_steps_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Terminal()
    monkeypatch.setattr(sys, "stderr", watched)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert list(awaited(range(4), "alternative")) == list(range(4))
    assert "\r 50 %  alternative 3 of 4" in watched.getvalue()
    assert list(awaited(range(1), "alternative")) == [0]
    unwatched = io.StringIO()
    monkeypatch.setattr(sys, "stderr", unwatched)
    assert list(awaited(range(4), "alternative")) == list(range(4))
    assert unwatched.getvalue() == ""


def test_all_wrong_lines_of_a_script_are_told_at_once(altmap: Run, guest: Path, tmp_path: Path) -> None:
    said = altmap("run", guest, script(tmp_path, "onlin 32\noffline 1\noffline x\n"), "--save", tmp_path / "after.json")
    assert (said.code, said.out) == (2, "")
    assert [line.rpartition("/script: ")[2].split(":")[0] for line in said.err.splitlines()] == ["line 1", "line 3"]
    assert not (tmp_path / "after.json").exists()
