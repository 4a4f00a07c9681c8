"""lsmem: golden texts by the rules of util-linux's current main; raw, pairs and JSON are also what 2.38 printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, Machine, Offline, Online, boot_machine, capture
from altmap.engine.faces.lsmem import lsmem, split_lsmem
from altmap.engine.faces.lsmem.columns import human_size

from .lsmem_trees import CAPTURE, LIST, OFF, B, run, tree


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Boot memory, a hole, a DIMM that is partly online and partly not, on another node."""
    dimm = {32: B(zones="Movable\n", nodes=("node1",)), 33: OFF._replace(nodes=("node1",)), 34: OFF}
    return tree(tmp_path, {0: B(zones="none\n"), **dict.fromkeys(range(1, 24), B(zones="DMA32\n")), **dimm})


# -- formats ------------------------------------------------------------------------------------------------------------


def test_table_and_summary(mixed: Path) -> None:
    assert run(mixed) == (
        "RANGE                                 SIZE   STATE REMOVABLE BLOCK\n"
        "0x0000000000000000-0x00000000bfffffff   3G  online       yes  0-23\n"
        "0x0000000100000000-0x0000000107ffffff 128M  online       yes    32\n"
        "0x0000000108000000-0x0000000117ffffff 256M offline           33-34\n"
        "\n"
        "Memory block size:                128M\n"
        "Total online memory:              3.1G\n"
        "Total offline memory:             256M\n"
    )


def test_every_column(mixed: Path) -> None:
    assert run(mixed, "--output-all", "--summary=never") == (
        "RANGE                                 SIZE   STATE REMOVABLE BLOCK NODE          ZONES\n"
        "0x0000000000000000-0x0000000007ffffff 128M  online       yes     0    0           None\n"
        "0x0000000008000000-0x00000000bfffffff 2.9G  online       yes  1-23    0          DMA32\n"
        "0x0000000100000000-0x0000000107ffffff 128M  online       yes    32    1        Movable\n"
        "0x0000000108000000-0x000000010fffffff 128M offline              33    1 Normal/Movable\n"
        "0x0000000110000000-0x0000000117ffffff 128M offline              34    0 Normal/Movable\n"
    )


def test_bytes(mixed: Path) -> None:
    assert run(mixed, "-b", "-oBLOCK,SIZE") == (
        "BLOCK       SIZE\n"
        " 0-23 3221225472\n"
        "32-34  402653184\n"
        "\n"
        "Memory block size:                     134217728\n"
        "Total online memory:                  3355443200\n"
        "Total offline memory:                  268435456\n"
    )


def test_size_is_five_wide_only_beyond_its_heading(tmp_path: Path) -> None:
    tree(tmp_path, dict.fromkeys(range(125), B()))
    assert run(tmp_path, "-oSIZE", "--summary=never") == " SIZE\n15.6G\n"
    assert run(tmp_path, "-aoSIZE", "--summary=never").startswith("SIZE\n128M\n")
    assert run(tmp_path, "-anoSIZE", "--summary=never").startswith(" 128M\n 128M\n")
    assert run(tmp_path, "-noBLOCK,NODE", "--summary=never") == "0-124 0\n"


def test_last_column_is_not_padded_where_it_is_left_or_empty(mixed: Path) -> None:
    assert run(mixed, "-oBLOCK,REMOVABLE,RANGE", "-Snone", "--summary=never") == (
        "BLOCK REMOVABLE RANGE\n"
        " 0-23       yes 0x0000000000000000-0x00000000bfffffff\n"
        "32-34       yes 0x0000000100000000-0x0000000117ffffff\n"
    )
    assert run(mixed, "-oBLOCK,REMOVABLE", "-SSTATE", "--summary=never") == (
        "BLOCK REMOVABLE\n 0-23       yes\n   32       yes\n33-34 \n"
    )


def test_raw(mixed: Path) -> None:
    assert run(mixed, "-r", "-o", LIST, "-S", "STATE") == (
        "RANGE SIZE STATE REMOVABLE BLOCK NODE ZONES\n"
        "0x0000000000000000-0x00000000bfffffff 3G online yes 0-23 0 None\n"
        "0x0000000100000000-0x0000000107ffffff 128M online yes 32 1 Movable\n"
        "0x0000000108000000-0x0000000117ffffff 256M offline  33-34 1 Normal/Movable\n"
    )
    assert run(mixed, "-rn", "-oSIZE,REMOVABLE", "-SSTATE") == "3G yes\n128M yes\n256M \n"


def test_pairs(mixed: Path) -> None:
    assert run(mixed, "-P", "-oBLOCK,REMOVABLE,NODE", "-SSTATE") == (
        'BLOCK="0-23" REMOVABLE="yes" NODE="0"\n'
        'BLOCK="32" REMOVABLE="yes" NODE="1"\n'
        'BLOCK="33-34" REMOVABLE="" NODE="1"\n'
    )


def test_json(tmp_path: Path) -> None:
    tree(tmp_path, {5: B(nodes=()), 6: OFF._replace(zones=None, nodes=())})
    listed = run(tmp_path, "-J", "--output", LIST, "--split", LIST)
    assert (
        listed
        == """{
   "memory": [
      {
         "range": "0x0000000028000000-0x000000002fffffff",
         "size": "128M",
         "state": "online",
         "removable": true,
         "block": "5",
         "node": null,
         "zones": "Normal"
      },{
         "range": "0x0000000030000000-0x0000000037ffffff",
         "size": "128M",
         "state": "offline",
         "removable": false,
         "block": "6",
         "node": null,
         "zones": null
      }
   ]
}
"""
    )
    assert run(tmp_path, "-Jb", "-oSIZE,BLOCK", "-Snone") == (
        '{\n   "memory": [\n      {\n         "size": 268435456,\n         "block": "5-6"\n      }\n   ]\n}\n'
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (1, "1B"),
        (1023, "1023B"),
        (1 << 27, "128M"),
        (5 << 28, "1.3G"),
        (63 << 28, "15.8G"),
        (125 << 27, "15.6G"),
        ((1 << 30) - 1, "1024M"),
        ((1 << 30) + (51 << 20), "1G"),
        ((1 << 30) + (52 << 20), "1.1G"),
        ((1 << 31) - (1 << 20), "2G"),
        (3 << 60, "3E"),
    ],
)
def test_human_size(size: int, text: str) -> None:
    assert human_size(size) == text


def test_columns_of_firmware_are_left_out_elsewhere(mixed: Path) -> None:
    assert run(mixed, "-rnoCONFIGURED,BLOCK,MEMMAP-ON-MEMORY") == "0-23\n32-34\n"
    assert run(mixed, "-oCONFIGURED", "--summary=never") == ""


# -- options ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--xx", "unrecognized option '--xx'\nTry 'lsmem --help' for more information."),
        ("-x", "invalid option -- 'x'\nTry 'lsmem --help' for more information."),
        ("-ax", "invalid option -- 'x'\nTry 'lsmem --help' for more information."),
        ("--out-a", "unrecognized option '--out-a'\nTry 'lsmem --help' for more information."),
        ("--all=3", "option '--all' doesn't allow an argument\nTry 'lsmem --help' for more information."),
        ("-o", "option requires an argument -- 'o'\nTry 'lsmem --help' for more information."),
        ("--split", "option '--split' requires an argument\nTry 'lsmem --help' for more information."),
        ("word", "bad usage\nTry 'lsmem --help' for more information."),
        ("-- -a", "bad usage\nTry 'lsmem --help' for more information."),
        ("word -JP", "mutually exclusive arguments: --json --pairs --raw"),
        ("-r --json", "mutually exclusive arguments: --json --pairs --raw"),
        ("-a -Sstate", "mutually exclusive arguments: --split --all"),
        ("--summary=some", "unsupported --summary argument"),
        ("-J --summary", "options --{raw,json,pairs} and --summary=only are mutually exclusive"),
        ("--summary=only -r", "options --{raw,json,pairs} and --summary=only are mutually exclusive"),
        ("-o RANGE,odd,SIZE", "unknown column: odd,SIZE"),
        ("-S odd", "unknown column: odd"),
        ("-S none,STATE", "unknown column: none,STATE"),
    ],
)
def test_messages(mixed: Path, arguments: str, message: str) -> None:
    assert lsmem(["-s", str(mixed), *arguments.split()], None, {}) == (1, f"lsmem: {message}\n")


def test_an_ambiguous_name_lists_what_fits() -> None:
    code, text = lsmem(["--s"], None, {})
    assert code == 1
    assert text.startswith("lsmem: option '--s' is ambiguous; possibilities: ")
    assert {"'--split'", "'--sysroot'", "'--summary'"} <= set(text.split())


@pytest.mark.parametrize(
    ("arguments", "same_as"),
    [
        ("-ban", "--all --bytes --noheadings"),
        ("-oBLOCK,SIZE", "--output=block,size"),
        ("-o RANGE -o SIZE", "--output SIZE"),
        ("--by --no --sp none", "-bnSnone"),
        ("-o+NODE", "-oRANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE"),
        ("--output-all -oSIZE", "-oSIZE"),
        ("--output-all", f"-o{LIST}"),
        ("--summary", "--summary=only"),
        ("--summary=never --summary=always", ""),
        ("--summary=always -r", "-r"),
    ],
)
def test_ways_to_say_the_same(mixed: Path, arguments: str, same_as: str) -> None:
    assert run(mixed, *arguments.split()) == run(mixed, *same_as.split())


def test_a_summary_asked_for_after_the_format_is_printed(mixed: Path) -> None:
    assert run(mixed, "-rnoBLOCK", "--summary=always") == run(mixed, "-rnoBLOCK") + "\n" + run(mixed, "--summary")


def test_environment(mixed: Path) -> None:
    def listed(*options: str) -> str:
        return lsmem(["-rn", "-s", str(mixed), *options], None, {"LSMEM_COLUMNS": "BLOCK"})[1]

    assert listed() == "0-23\n32-34\n"
    assert listed("-oSIZE") == "3G\n384M\n"
    assert listed("--output-all") == run(mixed, "-rn", "--output-all")


def test_help_names_every_option_and_column() -> None:
    code, text = lsmem(["--help", "-JP"], None, {})
    assert code == 0
    for word in ("--all", "--bytes", "--json", "--noheadings", "--output LIST", "--output-all", "--pairs", "--raw"):
        assert word in text
    for word in ("--split LIST", "--sysroot ROOT", "--summary[=WHEN]", *LIST.split(","), "MEMMAP-ON-MEMORY"):
        assert word in text


def test_a_machine_may_be_named_anywhere() -> None:
    options, words = split_lsmem(["-a", "guest", "-oRANGE", "--summary", "-s", "x", "--", "-r"])
    assert options == ["--all", "--output=RANGE", "--summary", "--sysroot=x"]
    assert words == ["guest", "-r"]


# -- machines -----------------------------------------------------------------------------------------------------------


def of(machine: Machine, *options: str) -> str:
    code, text = lsmem(options, machine, {})
    assert code == 0, text
    return text


@pytest.mark.parametrize("options", [[], ["--output-all"], ["-a", "-J", "-b"], ["-P", "-SZONES"], ["--summary"]])
def test_a_captured_machine_is_listed_as_its_tree(captured: Machine, options: list[str]) -> None:
    assert of(captured, *options) == run(CAPTURE, *options)


@pytest.fixture(scope="module")
def captured() -> Machine:
    return capture(CAPTURE)


def test_a_changed_machine() -> None:
    machine = boot_machine([(0, 0, "2G")], nodes=2)
    for command in (
        Add(start="4G", size="512M", node=1),
        Online(block=32, type="online_movable"),
        Online(block=33, type="online_movable"),
        Offline(block=32),
    ):
        assert machine.apply(command).ok
    assert of(machine, "-o+NODE,ZONES") == (
        "RANGE                                 SIZE   STATE REMOVABLE BLOCK NODE          ZONES\n"
        "0x0000000000000000-0x0000000007ffffff 128M  online       yes     0    0           None\n"
        "0x0000000008000000-0x000000007fffffff 1.9G  online       yes  1-15    0          DMA32\n"
        "0x0000000100000000-0x0000000107ffffff 128M offline              32    1 Normal/Movable\n"
        "0x0000000108000000-0x000000010fffffff 128M  online       yes    33    1        Movable\n"
        "0x0000000110000000-0x000000011fffffff 256M offline           34-35    1 Normal/Movable\n"
        "\n"
        "Memory block size:                128M\n"
        "Total online memory:              2.1G\n"
        "Total offline memory:             384M\n"
        "Memmap on memory parameter:        yes\n"
    )


def test_kernels_without_the_parameter_have_no_line_for_it() -> None:
    assert "parameter" not in of(boot_machine([(0, 0, "2G")], model="rfc-v2"))
    assert "parameter:         no" in of(boot_machine([(0, 0, "2G")], model="6.1", memmap_on_memory="N"))


def test_sysroot_goes_before_the_machine(mixed: Path) -> None:
    machine = boot_machine([(0, 0, "2G")])
    assert lsmem(["-s", str(mixed)], machine, {}) == lsmem(["-s", str(mixed)], None, {})
