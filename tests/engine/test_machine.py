"""`Machine`: outcomes, history, taking back and doing again, read-only views."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from altmap.engine import Add, BadInput, Eject, HotplugError, Offline, Online, Remove, Write
from altmap.engine.memory.state import state_of
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

from .guests import dimm, guest, online, picture

SCRIPT = (
    Add(start="4G", size="512M"),
    Online(block=32, type="online_kernel"),
    Online(block=33, type="online_movable"),
    Add(start="4G", size="128M"),
    Online(block=32),
    Offline(block=33),
    Write(path="/sys/module/memory_hotplug/parameters/auto_movable_ratio", data="7"),
    Add(start="8G", size="1G", placement="boot"),
    Remove(start="8G", size="128M"),
    Eject(start="4G", size="512M"),
)


def test_an_outcome_says_what_came_of_a_command() -> None:
    machine = guest("1G")
    good = machine.apply(Add(start="4G", size="128M"))
    assert (good.ok, good.result, good.reason, good.pfn) == (True, "ok", None, None)
    bad = machine.apply(Add(start="4G", size="128M"))
    assert (bad.ok, bad.result, bad.pfn) == (False, "EEXIST", 0x100000)
    assert bad.reason is not None
    assert bad.command == Add(start="4G", size="128M")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (
            "offline 1",
            "'offline 1' is not a command; write one such as Offline(block=32), or read lines with parse_script",
        ),
        (None, "None is not a command; write one such as Offline(block=32), or read lines with parse_script"),
        (Offline(block=cast(int, "1")), 'Offline: block is "1"; it must be a whole number'),
        (
            Online(block=1, type=cast(Any, "kernel")),
            'Online: type is "kernel"; it must be one of online, online_kernel, online_movable',
        ),
        (Offline(block=cast(int, object())), "Offline: Encoding objects of type object is unsupported"),
    ],
)
def test_what_is_no_command_is_bad_input(command: Any, sentence: str) -> None:
    machine = guest("1G")
    for ask in (machine.apply, machine.why_not):
        with pytest.raises(BadInput) as caught:
            ask(command)
        assert str(caught.value) == sentence
    assert machine.history == ()


def test_a_refusal_that_is_raised_shows_what_it_holds_and_nothing_else() -> None:
    with pytest.raises(HotplugError) as caught:
        guest("1G").apply(Offline(block=99), check=True)
    assert str(caught.value) == "ENOENT: memory99 does not exist"
    assert {name for name in dir(caught.value) if not name.startswith("_")} - set(dir(Exception())) == {
        "errno",
        "reason",
        "pfn",
    }


@pytest.mark.parametrize(
    ("expect", "size", "expected"),
    [
        (None, "128M", True),
        (None, "64M", False),
        ("EINVAL", "64M", True),
        ("EBUSY", "64M", False),
        ("EINVAL", "128M", False),
    ],
)
def test_a_script_may_expect_a_refusal(expect: str | None, size: str, expected: bool) -> None:
    assert guest().apply(Add(start="4G", size=size, expect=expect)).expected is expected


def test_the_history_has_refusals_too() -> None:
    machine = guest("1G")
    for command in SCRIPT:
        machine.apply(command)
    assert [outcome.command for outcome in machine.history] == list(SCRIPT)
    assert [outcome.result for outcome in machine.history] == [
        "ok", "ok", "ok", "EEXIST", "EINVAL", "ok", "ok", "ok", "ok", "EBUSY"
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_every_step_can_be_taken_back_and_done_again(model: str) -> None:
    machine = guest("1G", model=model)
    pictures = [picture(machine)]
    for command in SCRIPT:
        machine.apply(command)
        pictures.append(picture(machine))
    for was in reversed(pictures[:-1]):
        assert machine.can_undo
        machine.undo()
        assert picture(machine) == was
        assert machine.check() == []
    assert not machine.can_undo
    assert machine.undo() is None
    for will_be in pictures[1:]:
        assert machine.can_redo
        machine.redo()
        assert picture(machine) == will_be
    assert not machine.can_redo
    assert machine.redo() is None


def test_undo_and_redo_say_what_it_was() -> None:
    machine = guest()
    dimm(machine)
    undone = machine.undo()
    assert undone is not None
    assert undone.command == Add(start="4G", size="128M")
    assert list(machine.history) == []
    redone = machine.redo()
    assert redone == undone
    assert list(machine.history) == [undone]


def test_a_new_command_after_an_undo_ends_what_could_be_done_again() -> None:
    machine = guest()
    dimm(machine)
    machine.undo()
    dimm(machine, at="8G")
    assert not machine.can_redo
    assert sorted(machine.blocks)[-1] == 64


def test_what_makes_no_sense_changes_nothing_and_is_not_history() -> None:
    machine = guest()
    before = picture(machine)
    for command in (Add(start="four", size="128M"), Add(start="4G", size="-1"), Remove(start="4G", size="1X")):
        with pytest.raises(BadInput):
            machine.apply(command)
    assert picture(machine) == before
    assert machine.history == ()


def test_a_bug_in_the_middle_of_a_command_leaves_the_machine_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 4 of the design."""
    from altmap.engine.hotplug import add

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    machine = guest()
    before = picture(machine)
    monkeypatch.setattr(add, "_create_blocks", broken)
    with pytest.raises(ZeroDivisionError):
        machine.apply(Add(start="4G", size="1G"))
    assert picture(machine) == before
    assert machine.history == ()
    monkeypatch.undo()
    dimm(machine)


def test_the_views_cannot_be_written() -> None:
    machine = guest()
    for view in (
        machine.blocks, machine.sections, machine.zones, machine.nodes, machine.groups, machine.requests,
        machine.resources,
    ):  # fmt: skip
        with pytest.raises(TypeError):
            view[0] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        machine.blocks[0].state = "offline"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        machine.settings.memmap_on_memory = "N"  # type: ignore[misc]


def test_the_same_commands_give_the_same_machine() -> None:
    """Deterministic, bit for bit."""
    one, other = guest("1G"), guest("1G")
    for command in SCRIPT:
        assert one.apply(command) == other.apply(command)
    assert picture(one) == picture(other)


def test_a_machine_after_undo_behaves_like_one_that_never_did_it() -> None:
    one, other = guest("1G"), guest("1G")
    dimm(one, "1G")
    one.undo()
    for command in SCRIPT:
        assert one.apply(command) == other.apply(command)
    assert picture(one) == picture(other)


def test_reading_a_file_is_no_command() -> None:
    machine = guest()
    with pytest.raises(HotplugError):
        machine.read("/sys/devices/system/memory/memory99/state")
    assert machine.read("/sys/devices/system/memory/memory1/state") == "online\n"
    assert machine.history == ()


def test_reports_have_every_block_every_populated_zone_and_every_present_section() -> None:
    """`blocks` has every block, `zones` every populated zone, `sections` every present section."""
    machine = guest("1G", model="6.1")
    dimm(machine)
    dimm(machine, "256M", at="8G")
    online(machine, 32, kind="online_movable")
    blocks = msgspec.to_builtins(block_reports(state_of(machine)))
    assert list(blocks) == [*map(str, range(8)), "32", "64", "65"]
    assert blocks["32"] == {"state": "online", "valid_zones": "Movable", "nodes": (0,)}
    assert blocks["64"] == {"state": "offline", "valid_zones": "Normal Movable", "nodes": (0,)}
    assert [(zone.node, zone.zone) for zone in zone_reports(state_of(machine))] == [
        (0, "DMA"),
        (0, "DMA32"),
        (0, "Movable"),
    ]
    assert msgspec.to_builtins(zone_reports(state_of(machine))[2]) == {
        "node": 0, "zone": "Movable", "start_pfn": 1048576, "spanned": 32768, "present": 32768, "managed": 32256,
        "free": 32256,
    }  # fmt: skip
    sections = msgspec.to_builtins(section_reports(state_of(machine)))
    assert list(sections) == list(blocks)
    assert sections["32"] == {"node": 0, "online": True, "memmap_on": "self", "memmap_pfn": 1048576}
    assert sections["64"]["memmap_on"] == "kernel"
    assert sections["64"]["memmap_pfn"] < 262144
    assert sections["0"] == {"node": 0, "online": True, "memmap_on": "kernel", "memmap_pfn": None}


def test_free_includes_per_cpu_lists() -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    state_of(machine).change_pages(0x100300, 77, "pcp")
    movable = zone_reports(state_of(machine))[2]
    assert movable.free == 32256
    assert machine.zones[0, "Movable"].free == 32256 - 77


def test_a_machine_in_one_line() -> None:
    machine = guest("1G", name="tiny")
    dimm(machine)
    assert repr(machine) == "<Machine tiny: x86_64, model 6.12, 9 blocks, 8 online>"


def test_a_refusal_can_be_raised() -> None:
    machine = guest("1G")
    assert machine.apply(Add(start="4G", size="128M"), check=True).ok
    again = Add(start="4G", size="128M")
    with pytest.raises(HotplugError) as caught:
        machine.apply(again, check=True)
    assert (caught.value.errno, caught.value.pfn) == ("EEXIST", 0x100000)
    assert len(machine.history) == 2, "it happened, as it does without"
    with pytest.raises(HotplugError):
        machine.apply(again).expect_ok()
    assert machine.apply(msgspec.structs.replace(again, expect="EEXIST"), check=True).expected


def test_a_block_that_is_not_there_is_the_kernels_enoent() -> None:
    machine = guest("1G")
    assert machine.valid_zones(0) == machine.read("/sys/devices/system/memory/memory0/valid_zones").strip()
    with pytest.raises(HotplugError) as caught:
        machine.valid_zones(999)
    assert caught.value.errno == "ENOENT"


def test_a_refusal_that_is_raised_reads_as_its_sentence() -> None:
    with pytest.raises(HotplugError) as refusal:
        guest().apply(Offline(block=99), check=True)
    assert str(refusal.value) == "ENOENT: memory99 does not exist"
