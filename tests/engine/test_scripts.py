"""Scripts: JSON and lines become the same commands, what `describe` writes is read back, errors are one sentence."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from altmap.engine import BadInput, describe
from altmap.engine.commands import (
    COMMANDS,
    Add,
    Allocate,
    Command,
    Compact,
    Eject,
    Free,
    HugePages,
    Offline,
    Online,
    Pin,
    Poison,
    Remove,
    RemoveLmbs,
    Sync,
    Unpin,
    VirtioMem,
    Write,
    scripts,
)
from altmap.engine.commands.form import MAX_BLOCKS
from altmap.engine.commands.scripts import MOST_COMPLAINTS, parse_line, parse_places, parse_script
from altmap.engine.numbers.units import GIB, MIB
from altmap.engine.protocol.vocabulary import CALLERS, PLACEMENTS

STATE = "/sys/devices/system/memory/memory32/state"

EXAMPLES: list[Command] = [
    Add(start=4 * GIB, size=128 * MIB),
    Add(start=4 * GIB, size=384 * MIB, node=3),
    *(Add(start=0x107000000, size=GIB, caller=caller) for caller in CALLERS),
    *(Add(start=4 * GIB, size=GIB, placement=placement, fallback=True) for placement in PLACEMENTS),
    Add(start=4 * GIB, size=GIB, placement="block", fallback=False),
    Add(start=4 * GIB, size=GIB, caller="pmem", reserve=512, align=512),
    Remove(start=4 * GIB, size=128 * MIB),
    Eject(start=4 * GIB, size=GIB),
    Online(block=32),
    Online(block=0, type="online_kernel"),
    Online(block=8191, type="online_movable"),
    Offline(block=32),
    Write(path=STATE, data="online_movable"),
    Write(path="/sys/module/memory_hotplug/parameters/auto_movable_ratio", data="301"),
    *(Write(path=STATE, data=data) for data in ("", "\n", "-n", "-n on", "a  b'c")),
    Sync(root="captures/after"),
    Compact(),
    Compact(node=1, zone="Normal", order=9),
    HugePages(count=4, size=2 * MIB),
    HugePages(count=0, size=GIB, node=1),
    Poison(address=0x107000000),
    Poison(address=4 * GIB, soft=True),
    VirtioMem(start=8 * GIB, size=GIB, unit=2 * MIB, node=1),
    RemoveLmbs(count=4),
    Allocate(size=64 * MIB),
    Allocate(size=64 * MIB, kind="huge", node=1, zone="Movable", pattern="random", seed=7),
    Free(),
    Free(kind="unmovable", size=4 * MIB, pattern="checkerboard"),
    Pin(size=4096, zone="Movable"),
    Unpin(),
]


@pytest.mark.parametrize("command", EXAMPLES, ids=describe)
def test_what_describe_writes_is_read_back(command: Command) -> None:
    assert parse_script(describe(command), "script") == [command]


@pytest.mark.parametrize("command", EXAMPLES, ids=describe)
def test_an_expectation_ends_any_line(command: Command) -> None:
    line = f"{describe(command)} expect EBUSY"
    assert parse_script(line, "script") == [msgspec.structs.replace(command, expect="EBUSY")]


def test_every_command_has_an_example() -> None:
    assert {type(command) for command in EXAMPLES} == set(COMMANDS)


def test_json_says_the_same_as_lines() -> None:
    text = "\n".join(describe(command) for command in EXAMPLES)
    assert parse_script(msgspec.json.encode(EXAMPLES).decode(), "script") == parse_script(text, "script")


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        (f"echo online_movable > {STATE}", [Write(path=STATE, data="online_movable")]),
        (f"echo -n online>{STATE}", [Write(path=STATE, data="online")]),
        (f"  echo 'offline' >> \"{STATE}\"  # now", [Write(path=STATE, data="offline")]),
        ('echo "two words" > "/sys/a b"', [Write(path="/sys/a b", data="two words")]),
        ('echo a\\ b "c\\"d" \'>\' "#" > /sys/x', [Write(path="/sys/x", data='a b c"d > #')]),
        ("echo > /sys/x", [Write(path="/sys/x", data="\n")]),
        ("echo -n > /sys/x", [Write(path="/sys/x", data="")]),
        ("echo 1#2 > /sys/x", [Write(path="/sys/x", data="1#2")]),
        ("echo expect > /sys/x", [Write(path="/sys/x", data="expect")]),
        ("add 128M at 4G node 0", [Add(start=4 * GIB, size=128 * MIB)]),
        ("add 134217728 at 0x100000000 node 2 caller dax", [Add(start=4 * GIB, size=128 * MIB, node=2, caller="dax")]),
        ("online 32-34 movable", [Online(block=n, type="online_movable") for n in (32, 33, 34)]),
        ("online 7 kernel", [Online(block=7, type="online_kernel")]),
        ("online 7 online_kernel", [Online(block=7, type="online_kernel")]),
        ("online 7 expect ok", [Online(block=7, expect="ok")]),
        ("offline 3-4 expect EBUSY", [Offline(block=3, expect="EBUSY"), Offline(block=4, expect="EBUSY")]),
        ("offline memory32", [Offline(block=32)]),
        ("online memory3-memory4,9 movable", [Online(block=n, type="online_movable") for n in (3, 4, 9)]),
        ("offline 9,2,2-3", [Offline(block=n) for n in (9, 2, 2, 3)]),
        ("eject 1G at 4G", [Eject(start=4 * GIB, size=GIB)]),
        ("sync '/a b'", [Sync(root="/a b")]),
        ("poison 4G soft", [Poison(address=4 * GIB, soft=True)]),
        ("# a remark", []),
        ("", []),
        ("offline 1\r\n\r\n\toffline 2\r\n", [Offline(block=1), Offline(block=2)]),
    ],
)
def test_lines_as_a_person_types_them(line: str, commands: list[Command]) -> None:
    assert parse_script(line, "script") == commands


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("offline 1\n\nfrob 3", "line 3: 'frob' is not a command; a line begins with one of add, remove, eject"),
        ("resize 4G", "line 1: 'resize' is not a command; write: virtio-mem SIZE at START"),
        ("Hotplug 1G", "line 1: 'Hotplug' is not a command; write: add SIZE at START"),
        ("unplug 1G at 4G", "line 1: 'unplug' is not a command; write: eject SIZE at START"),
        ("expect EBUSY", "line 1: 'expect' is not a command"),
        ("echo online", r"line 1: an echo needs one place to write to; write: echo \[-n\] TEXT > PATH"),
        ("echo", "line 1: an echo needs one place"),
        ("echo online > /a > /b", "line 1: an echo needs one place"),
        ("echo online > /a b", "line 1: an echo needs one place"),
        ('echo "online > /a', "line 1: the quote at '\"online > /a' is not closed"),
        ("add 128M", r"line 1: 'at START' is missing; write: add SIZE at START \[node NODE\]"),
        ("add 128M at", "line 1: 'START' is missing; write: add SIZE at START"),
        ("online", "line 1: 'BLOCKS' is missing; write: online BLOCKS"),
        ("add 128M in 4G", "line 1: 'in' stands where 'at' must"),
        ("offline 5 expect", "line 1: 'expect' needs a result, such as expect EBUSY; write: offline BLOCKS$"),
        ("add 128Q at 4G", "line 1: '128Q' is not a size or an address; write it like \"128M\""),
        ("add all at 4G", "line 1: size is null; it must be a number of bytes or text such as"),
        ("add 1G at 4G node", "line 1: 'node' needs a value"),
        ("add 1G at 4G node x", 'line 1: node is "x"; it must be a whole number'),
        ("add 1G at 4G node 1 node 2", "line 1: 'node' gives the node a second time"),
        ("add 1G at 4G caller me", 'line 1: caller is "me"; it must be one of acpi, balloon'),
        ("add 1G at 4G placement there", 'line 1: placement is "there"; it must be one of boot, range'),
        ("add 1G at 4G fallback no-fallback", "line 1: 'no-fallback' gives the fallback a second time"),
        (
            "online x",
            "line 1: 'x' names no memory blocks; write numbers, names or ranges such as 32, memory32 or 32-39",
        ),
        ("online 5,", "line 1: '5,' names no memory blocks"),
        ("online memory", "line 1: 'memory' names no memory blocks"),
        ("offline 00000020", "line 1: '00000020' is no number of a block .* hexadecimal, it is memory32"),
        ("offline 0000003c", "line 1: '0000003c' is no number of a block .* hexadecimal, it is memory60"),
        (f"online 7,0-{MAX_BLOCKS - 1}", "must be an ascending range of at most 131072 blocks"),
        ("online 5-3", "line 1: '5-3' must be an ascending range"),
        (f"online 0-{MAX_BLOCKS}", "must be an ascending range of at most 131072 blocks"),
        ("online 5 movable kernel", "line 1: 'kernel' gives the type a second time"),
        ("online 5 sideways", "line 1: 'sideways' is not understood; write: online BLOCKS \\[online|online_kernel"),
        ("offline 5 movable", "line 1: 'movable' is not understood; write: offline BLOCKS$"),
        ("offline 5 expect busy", 'line 1: expect must be "ok" or an errno such as EBUSY, not "busy"'),
        ("compact order high", r'line 1: order is "high"; it must be a whole number; write: compact \[node NODE\]'),
        ("poison soft", "line 1: 'soft' is not a size or an address"),
        ("hugepages 4 2M", "line 1: '2M' stands where 'of' must; write: hugepages COUNT of SIZE"),
    ],
)
def test_a_wrong_line_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_script(line, "steps.txt")
    assert re.search(sentence, str(caught.value))
    assert str(caught.value).startswith("steps.txt: line ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[", "line 1: input data was truncated; a script in JSON is an array of commands such as"),
        (
            '[{"op": "offline", "block": 1}] 2',
            r"line 1: JSON is malformed: trailing characters \(byte \d+\); a script in JSON",
        ),
        ('[\n{"op": "offline", "block": 1},\n{"op": offline}]', r"^steps.json: line 3: JSON is malformed"),
        ('[\n{"op": "offline", "block": 1},\n', "^steps.json: line 2: input data was truncated"),
        ("{}", "it is not an array; a script in JSON is an array of commands"),
        ('{"op": "offline", "block": 1}', "it is not an array"),
        ("[" * 100000, "a script in JSON is an array of commands"),
        ("[3]", "command 1: it is not an object with an op, such as"),
        ("[{}]", "command 1: it is not an object with an op, such as"),
        ('[{"op": 3}]', "command 1: 3 is not a command; op is one of add, remove, eject, online"),
        ('[{"op": "frob"}]', 'command 1: "frob" is not a command; op is one of add, remove, eject'),
        ('[{"op": "offline"}]', "command 1: object missing required field `block`; offline has block, expect"),
        (
            '[{"op": "offline", "block": 1, "force": 1}]',
            "command 1: object contains unknown field `force`; offline has",
        ),
        ('[{"op": "offline", "block": 1.5}]', "command 1: block is 1.5; it must be a whole number"),
        ('[{"op": "offline", "block": 1, "expect": "no"}]', 'command 1: expect must be "ok" or an errno .* not "no"'),
        ('[{"op": "add", "size": 1, "start": null}]', "command 1: start is null; it must be a number of bytes or text"),
        ('[{"op": "add", "size": "1Q", "start": 1}]', "command 1: size: '1Q' is not a size or an address"),
        ('[{"op": "add", "size": 1, "start": -1}]', "command 1: start: -1 is outside what an address can be"),
        ('[{"op": "add", "size": 1, "start": 1, "fallback": 1}]', "command 1: fallback is 1; it must be true or false"),
        ('[{"op": "online", "block": 1, "type": "up"}]', 'type is "up"; it must be one of online, online_kernel'),
        ('[{"op": "poison", "address": "x"}]', "command 1: address: 'x' is not a size or an address"),
    ],
)
def test_wrong_json_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_script(text, "steps.json")
    assert re.search(sentence, str(caught.value))
    assert str(caught.value).startswith("steps.json: ")
    assert "\n" not in str(caught.value)


def test_all_wrong_lines_are_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        parse_script("offline 1\nonlin 32\n\nonline x\noffline 2 expect busy\nonline 33", "s")
    assert [sentence.split("; ")[0] for sentence in caught.value.args] == [
        "s: line 2: 'onlin' is not a command",
        "s: line 4: 'x' names no memory blocks",
        's: line 5: expect must be "ok" or an errno such as EBUSY, not "busy"',
    ]
    with pytest.raises(BadInput) as caught:
        parse_script(
            '[{"op": "offline", "block": "x"}, {"op": "offline", "block": 1}, 7, {"op": "pin", "size": "1Q"}]', "s"
        )
    assert [sentence.split(": ")[:2] for sentence in caught.value.args] == [["s", f"command {n}"] for n in (1, 3, 4)]


def test_a_script_of_nothing_but_wrong_lines_is_told_in_part() -> None:
    with pytest.raises(BadInput) as caught:
        parse_script("frob\n" * 100_000, "s")
    assert len(caught.value.args) == MOST_COMPLAINTS + 1
    assert caught.value.args[-1] == "s: more cannot be understood, and is not looked at"
    with pytest.raises(BadInput) as caught:
        parse_script("frob\n" * MOST_COMPLAINTS + "offline 1", "s")
    assert len(caught.value.args) == MOST_COMPLAINTS


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("onlin 32", "online"), ("ofline 3", "offline"), ("ecoh 1 > /sys/x", "echo"), ("hugepage 1", "hugepages")],
)
def test_the_nearest_command_is_named(wrong: str, right: str) -> None:
    with pytest.raises(BadInput, match=rf"is not a command; did you mean '{right}'\?$"):
        parse_script(wrong, "s")


def test_a_script_of_too_many_commands_is_refused_where_it_becomes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "MOST_COMMANDS", 20)
    assert len(parse_script("offline 0-9\n" * 2, "it")) == 20
    with pytest.raises(BadInput, match=r"^it: line 3: up to here it stands for more than 20 commands; split it$"):
        parse_script("offline 0-9\n" * 5, "it")


def test_the_number_of_the_wrong_command_is_told() -> None:
    script = [{"op": "offline", "block": n} for n in range(5)]
    script[3] = {"op": "offline", "block": "three"}
    with pytest.raises(BadInput, match=r"^s: command 4: block is \"three\"; it must be a whole number$"):
        parse_script(json.dumps(script), "s")


def test_the_place_of_a_command_is_its_line_or_in_json_its_number() -> None:
    lines = parse_places("# first\nonline 3-4\n\noffline 3", "s")
    assert [place for place, _ in lines] == ["line 2", "line 2", "line 4"]
    commands = parse_places('[{"op": "offline", "block": 1}, {"op": "offline", "block": 2}]', "s")
    assert [place for place, _ in commands] == ["command 1", "command 2"]


def test_sizes_in_json_stay_as_they_were_written() -> None:
    text = '[{"op": "add", "start": "0x100000000", "size": "128M", "expect": "EEXIST"}]'
    assert parse_script(text, "s") == [Add(start="0x100000000", size="128M", expect="EEXIST")]


def test_a_very_long_line_is_read_at_once() -> None:
    assert parse_script("echo " + "x " * 100_000 + "> /sys/x", "s") == [
        Write(path="/sys/x", data=" ".join("x" * 100_000))
    ]
    with pytest.raises(BadInput, match="is not closed"):
        parse_script("echo " + "'x' " * 20_000 + "'", "s")


def test_callers_have_the_names_that_people_use() -> None:
    """Those of drivers and of tools, in lines and in JSON."""
    said = {
        "dimm": "acpi", "qemu": "acpi", "vmware": "acpi", "hyperv": "balloon", "hv_balloon": "balloon", "xen": "balloon",
        "kmem": "dax", "daxctl": "dax", "cxl": "cxl", "dlpar": "dlpar", "drmgr": "dlpar", "sclp": "sclp", "chmem": "sclp",
        "DIMM": "acpi", "pc-dimm": "acpi", "Hyper-V": "balloon", "xen-balloon": "balloon", "virtio_mem": "virtio-mem",
        "virtiomem": "virtio-mem", "nvdimm": "pmem", "pseries": "dlpar", "ESXi": "acpi", "vSphere": "acpi", "dax_kmem": "dax",
    }  # fmt: skip
    for name, caller in said.items():
        for script in (
            f"add 128M at 4G caller {name}",
            f'[{{"op": "add", "start": "4G", "size": "128M", "caller": "{name}"}}]',
        ):
            (add,) = parse_script(script, "it")
            assert isinstance(add, Add)
            assert add.caller == caller


def test_a_line_without_end_is_told_by_its_length_alone() -> None:
    for line in ("x" * 2_000_000, "offline '" + "9" * 2_000_000):
        with pytest.raises(
            BadInput, match=r"^s: line 1: the line has \d+ characters; one of a script has at most 1048576$"
        ):
            parse_script(line, "s")
    with pytest.raises(BadInput) as error:
        parse_script("offline '" + "9" * 1000, "s")
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("spaced", "one"),
    [
        ("add 40 GiB at 64 GiB", "add 40G at 64G"),
        ("allocate 64 MiB movable", "allocate 64M movable"),
        ("hugepages 4 of 2 mb", "hugepages 4 of 2M"),
        ("add 1.5 GB at 4G node 1", "add 1536M at 4G node 1"),
    ],
)
def test_a_unit_may_stand_apart_from_its_number(spaced: str, one: str) -> None:
    def sizes(line: str) -> list[str]:
        return [describe(command) for command in parse_line(line)]

    assert sizes(spaced) == sizes(one)


def test_what_is_written_to_a_file_stays_as_it_is() -> None:
    (command,) = parse_line("echo 2 MB > /proc/sys/vm/nr_hugepages")
    assert command == Write(path="/proc/sys/vm/nr_hugepages", data="2 MB")


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("offline /sys/devices/system/memory/memory5", "offline 5"),
        ("offline /sys/devices/system/memory/memory5/state", "offline 5"),
        ("offline /sys/bus/memory/devices/memory5,memory7/", "offline 5,7"),
        ("online Memory5-7 movable", "online 5-7 movable"),
        ("echo offline | sudo tee /x/state", "echo offline > /x/state"),
        ("echo offline | tee /x/state > /dev/null", "echo offline > /x/state"),
        ("add 2Gi at 4 Gi", "add 2G at 4G"),
    ],
)
def test_what_people_paste_is_what_they_mean(line: str, same: str) -> None:
    assert parse_line(line) == parse_line(same)


@pytest.mark.parametrize("size", ["4i", "0x10i", "4iB", "Gi", "4Gii"])
def test_a_binary_prefix_has_its_letter(size: str) -> None:
    with pytest.raises(BadInput, match="is not a size or an address"):
        parse_line(f"add {size} at 4G")
