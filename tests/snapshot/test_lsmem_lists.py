"""What lsmem printed is a picture of a machine: in any columns, order, language and encoding; and what it does not tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from altmap.engine import BadInput, capture, lsmem, open_machine, sentence, why_not
from altmap.engine.commands import Add, Offline

from .trees import BIG, listed


def test_a_list_of_lsmem_is_a_machine_and_is_printed_again(tmp_path: Path) -> None:
    machine = listed(tmp_path, BIG)
    assert machine.geometry.block_size == 2 << 30
    assert (len(machine.blocks), machine.blocks[129].state, machine.blocks[65].nodes) == (192, "offline", (1,))
    code, text = lsmem(["--output-all"], machine)
    assert code == 0
    assert [line.split() for line in text.splitlines()[:5]] == [line.split() for line in BIG.splitlines()[:5]]


def test_nothing_that_lsmem_does_not_tell_counts_as_measured(tmp_path: Path) -> None:
    machine = listed(tmp_path, BIG)
    assert machine.origin.measured == ("memory blocks", "valid_zones", "block size")
    assert any("it is what lsmem printed" in note for note in machine.origin.notes)
    assert why_not(machine, Offline(block=5)).answer == "not known"
    assert why_not(machine, Add(start=0x6080000000, size=2 << 30, node=3)).answer == "not known"


def test_a_list_without_nodes_says_so(tmp_path: Path) -> None:
    machine = listed(tmp_path, lsmem([], open_machine("numa-guest"))[1])
    assert "no file says on which nodes memory lies; all of it is taken to be on node 0" in machine.origin.notes
    assert why_not(machine, Add(start=8 << 30, size=1 << 30, node=1)).answer == "not known"


@pytest.mark.parametrize(
    "options", [[], ["--all"], ["-o", "RANGE,SIZE,BLOCK"], ["--json"], ["--output-all"], ["-a", "-J", "-b"]]
)
@pytest.mark.parametrize("name", ["firecracker-24g", "numa-guest", "mixed-guest", "block2g-guest"])
def test_every_list_of_lsmem_is_read(tmp_path: Path, name: str, options: list[str]) -> None:
    machine = open_machine(name)
    again = listed(tmp_path, lsmem(options, machine)[1])
    assert again.blocks.keys() == machine.blocks.keys()
    if "-o" not in options:
        assert {nr: block.state for nr, block in again.blocks.items()} == {
            nr: b.state for nr, b in machine.blocks.items()
        }


def bare(text: str) -> str:
    """Without the headings."""
    return text.partition("\n")[2]


def in_a_terminal(text: str) -> str:
    return f"[root@host ~]# lsmem\r\n{text.replace(chr(10), chr(13) + chr(10))}[root@host ~]# "


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


PASTED: tuple[Callable[[str], str], ...] = (str, in_a_terminal, indented)

FORMS: tuple[list[str], ...] = (["--raw"], ["--pairs", "-o", "RANGE,SIZE,STATE,BLOCK"], ["-r", "--output-all"], [])


@pytest.mark.parametrize(("options", "pasted"), [*((form, way) for form in FORMS for way in PASTED), ([], bare)])
def test_a_list_is_read_however_it_was_pasted(tmp_path: Path, options: list[str], pasted: Callable[[str], str]) -> None:
    machine = open_machine("mixed-guest")
    again = listed(tmp_path, pasted(lsmem(options, machine)[1]))
    assert {nr: b.state for nr, b in again.blocks.items()} == {nr: b.state for nr, b in machine.blocks.items()}


@pytest.mark.parametrize("columns", ["STATE,RANGE", "BLOCK,STATE", "BLOCK,SIZE,STATE,NODE", "ZONES,NODE,RANGE,BLOCK"])
@pytest.mark.parametrize("form", [(), ("--raw", "--bytes"), ("--pairs", "--bytes"), ("--json", "--bytes")])
@pytest.mark.parametrize("name", ["mixed-guest", "block2g-guest"])
def test_columns_may_stand_in_any_order_and_numbers_of_blocks_do(
    tmp_path: Path, name: str, form: tuple[str, ...], columns: str
) -> None:
    machine = open_machine(name)
    text = lsmem([*form, "--output", columns], machine)[1]
    tells = "BLOCK" in columns and ("SIZE" in columns or "RANGE" in columns)
    if form and not tells:  # forms without the summary
        with pytest.raises(BadInput, match="the list says nothing of the size of memory blocks"):
            listed(tmp_path, text)
        return
    again = listed(tmp_path, text)
    assert (again.geometry.block_size, [*again.blocks]) == (machine.geometry.block_size, [*machine.blocks])
    if "STATE" in columns:
        assert [b.state for b in again.blocks.values()] == [b.state for b in machine.blocks.values()]


def with_tabs(text: str) -> str:
    return re.sub(r"(?m)^(?:RANGE|0x).*", lambda line: "\t".join(line[0].split()), text)


def with_bars(text: str) -> str:
    rows = re.sub(r"(?m)^(?:RANGE|0x).*", lambda line: f"| {' | '.join(line[0].split())} |", text)
    return rows.replace("|\n", "|\n|---|---|---|---|---|\n", 1)


def spaced(text: str) -> str:
    return text.replace("\n", "\n\n").replace(" ", "\xa0")


def coloured(text: str) -> str:
    return text.replace("online", "\x1b[01;31m\x1b[Konline\x1b[m\x1b[K")


def twice(text: str) -> str:
    return f"$ lsmem\n{text}$ lsmem -o +NODE\n{text}"


@pytest.mark.parametrize("pasted", [with_tabs, with_bars, spaced, coloured, twice])
def test_a_table_went_through_another_program(tmp_path: Path, pasted: Callable[[str], str]) -> None:
    machine = open_machine("mixed-guest")
    again = listed(tmp_path, pasted(lsmem([], machine)[1]))
    assert {nr: b.state for nr, b in again.blocks.items()} == {nr: b.state for nr, b in machine.blocks.items()}


def test_a_prompt_may_stand_before_and_behind_json(tmp_path: Path) -> None:
    text = lsmem(["-J", "--output-all"], open_machine("numa-guest"))[1]
    again = listed(tmp_path, f"[root@host ~]# lsmem -J\n{text}[root@host ~]# \n")
    assert len(again.blocks) == 12


def test_a_list_whose_lines_are_not_all_there_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="lines of lsmem's list are missing; its summary counts 128G offline, and its lines 0G"
    ):
        listed(tmp_path, "".join(line for line in BIG.splitlines(keepends=True) if "128G offline" not in line))
    machine = listed(tmp_path, "".join(BIG.splitlines(keepends=True)[:3]))
    assert "lsmem's summary is missing below its list, and blocks may be too" in machine.origin.notes


@pytest.mark.parametrize("other", ["tiny-guest", "block2g-guest"])
def test_lists_of_two_machines_are_not_one(tmp_path: Path, other: str) -> None:
    lists = (lsmem(["-a"], open_machine(name))[1] for name in ("mixed-guest", other))
    with pytest.raises(BadInput, match="holds lists of lsmem that differ, as of two machines or moments; give one"):
        listed(tmp_path, "\n".join(lists))


def test_sizes_that_were_rounded_tell_nothing_of_blocks(tmp_path: Path) -> None:
    exact = listed(tmp_path, "SIZE  STATE BLOCK\n1.3G online   0-9\n256M offline 12-13\n")
    assert (exact.geometry.block_size, len(exact.blocks)) == (128 << 20, 12)
    with pytest.raises(BadInput, match="nothing of the size"):
        listed(tmp_path, "SIZE  STATE BLOCK\n1.3G online   0-9\n")


def translated(states: tuple[str, str], yes: str, sums: tuple[str, str, str]) -> str:
    """A table as lsmem pads it, by what is seen of a word on a screen."""
    rows = [
        ("0x0000000000000000-0x00000000bfffffff", "3G", states[0], yes, "0-23"),
        ("0x0000000100000000-0x000000014fffffff", "1,3G", states[1], "", "32-41"),
    ]
    table = [("RANGE", "SIZE", "STATE", "REMOVABLE", "BLOCK"), *rows]
    wide = [max(seen(row[column]) for row in table) for column in range(5)]
    lines = [" ".join(" " * (w - seen(cell)) + cell for w, cell in zip(wide, row, strict=True)) for row in table]
    return "\n".join(
        [*lines, "", *(f"{word}  {size}" for word, size in zip(sums, ("128M", "3G", "1,3G"), strict=True)), ""]
    )


def seen(word: str) -> int:
    return sum(2 if ord(one) > 0x2E80 else 1 for one in word)


@pytest.mark.parametrize(
    ("states", "yes", "sums"),
    [
        (("online", "offline"), "ja", ("Speicherblockgröße:", "Online-Gesamtspeicher:", "Offline-Gesamtspeicher:")),
        (
            ("en ligne", "hors ligne"),
            "oui",
            ("Taille du bloc mémoire\xa0:", "Mémoire :", "Mémoire hors ligne totale\xa0:"),
        ),
        (
            ("en línea", "fuera de línea"),
            "si",
            ("Tamaño del bloque de memoria:", "Memoria:", "Memoria fuera de línea:"),
        ),
        (
            ("オンライン", "オフライン"),
            "yes",
            ("メモリブロックサイズ", "Total online memory:", "Total offline memory:"),
        ),
        (("在线", "离线"), "是", ("Memory block size:", "Total online memory:", "Total offline memory:")),
        (("задіяно", "не задіяно"), "yes", ("Розмір блоку пам'яті:", "Загалом:", "Загалом незадіяної пам'яті:")),
    ],
)
def test_a_list_is_read_in_the_languages_that_lsmem_speaks(
    tmp_path: Path, states: tuple[str, str], yes: str, sums: tuple[str, str, str]
) -> None:
    machine = listed(tmp_path, translated(states, yes, sums))
    assert machine.geometry.block_size == 128 << 20
    assert [*machine.blocks] == [*range(24), *range(32, 42)]
    assert [b.state for b in machine.blocks.values()] == ["online"] * 24 + ["offline"] * 10


def test_a_state_that_no_one_knows_is_no_online_block(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'napojen' is no state that lsmem prints; LC_ALL=C lsmem prints those"):
        listed(tmp_path, BIG.replace("offline", "napojen"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_list_that_a_shell_of_windows_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "lsmem.txt").write_bytes(BIG.replace("\n", "\r\n").encode(encoding))
    assert len(open_machine(tmp_path / "lsmem.txt").blocks) == 192


S390_TOOLS = """\
Address Range                          Size (MB)  State    Removable  Device
===============================================================================
0x0000000000000000-0x000000000fffffff        256  online   no         0-63
0x0000000010000000-0x000000006fffffff       1536  online   yes        64-447
0x0000000070000000-0x000000007fffffff        256  offline  -          448-511

Memory device size  : 4 MB
Memory block size   : 256 MB
Total online memory : 1792 MB
Total offline memory: 256 MB
"""

CONFIGURED = """\
RANGE                                  SIZE   STATE REMOVABLE BLOCK CONFIGURED MEMMAP-ON-MEMORY
0x0000000000000000-0x00000001ffffffff    8G  online       yes  0-63        yes               no
0x0000000200000000-0x00000003ffffffff    8G offline           64-127       no               no

Memory block size:                128M
"""


def test_the_list_of_s390_tools_is_read(tmp_path: Path) -> None:
    machine = listed(tmp_path, S390_TOOLS)
    assert (machine.architecture.name, machine.geometry.block_size) == ("s390x", 256 << 20)
    assert [block.state for block in machine.blocks.values()] == ["online"] * 7 + ["offline"]


def test_storage_that_is_not_configured_is_no_memory_block(tmp_path: Path) -> None:
    machine = listed(tmp_path, CONFIGURED)
    assert (machine.architecture.name, machine.model.release) == ("s390x", (7, 3))
    assert [*machine.blocks] == [*range(64)]


def test_lsmem_tells_on_s390_which_blocks_carry_their_own_memmap(tmp_path: Path) -> None:
    """And in its summary what the parameter is."""
    text = CONFIGURED.replace(
        "8G offline           64-127       no               no", "8G offline           64-127      yes              yes"
    )
    machine = listed(tmp_path, f"{text}Memmap on memory parameter:       yes\n")
    assert machine.settings.memmap_on_memory == "Y"
    assert (machine.blocks[63].head, machine.blocks[64].head, machine.blocks[64].early) == (0, 512, False)
    assert machine.read("/sys/firmware/memory/memory64/memmap_on_memory") == "1\n"
    assert machine.read("/sys/firmware/memory/memory63/memmap_on_memory") == "0\n"


def test_sums_of_lsmem_alone_are_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lsmem lists no memory there; its list of ranges tells which blocks there are"):
        listed(tmp_path, lsmem(["--summary=only"], open_machine("small-guest"))[1])


def test_what_is_not_x86_is_asked_for(tmp_path: Path) -> None:
    machine = open_machine("arm64-guest")
    text = lsmem(["--output-all"], machine)[1]
    with pytest.raises(
        BadInput, match="x86_64 it is not: memory0 is in zone DMA, which ends at 16M there; say which it is with"
    ):
        listed(tmp_path, text)
    again = capture(tmp_path / "lsmem.txt", arch="arm64-4k")
    assert again.check() == []
    assert again.blocks.keys() == machine.blocks.keys()


def test_memory_that_does_not_begin_at_0_is_not_x86(tmp_path: Path) -> None:
    text = BIG.replace(
        "0x0000000000000000-0x000000007fffffff     2G  online       yes       0    0           None\n", ""
    ).replace("256G", "254G")
    with pytest.raises(BadInput, match="its memory begins at 0x100000000, and there it begins at 0"):
        listed(tmp_path, text)


def test_a_list_with_everything_names_nodes_and_zones(tmp_path: Path) -> None:
    machine = open_machine("numa-guest")
    again = listed(tmp_path, lsmem(["-J", "--output-all"], machine)[1], "lsmem.json")
    assert {nr: block.node for nr, block in again.blocks.items()} == {
        nr: block.node for nr, block in machine.blocks.items()
    }
    assert [again.valid_zones(nr) for nr in again.blocks] == [machine.valid_zones(nr) for nr in machine.blocks]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"memory": []}', "lsmem lists no memory"),
        ('{"memory": [{"range": "0x0-0x7ffffff", "size": "128M"}]}', "says nothing of the size of memory blocks"),
        ('{"memory": [{"range": "here", "block": "0"}]}', "'here' is no range of addresses"),
        (
            '{"memory": [{"range": "0x0000000000000000-0x0000000007ffffff", "block": "0", "node": 99999999}]}',
            "is no node",
        ),
        (
            '{"memory": [{"range": "0x0000000000000000-0x0000000007ffffff", "block": "0"}, 7]}',
            "an entry that is no object",
        ),
        ('{"memory": [{"range"', "is broken"),
        (BIG.replace("Memory block size:         2G", "Memory block size:         3G"), "do not go with its ranges"),
        (BIG.replace("0x000000007fffffff", "0x0000000003ffffff"), "not made of memory blocks"),
        (BIG.replace("2G\n", "1\n"), "do not go with its ranges"),
    ],
)
def test_a_list_that_is_wrong_is_told_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "it").write_text(text)
    with pytest.raises(BadInput) as error:
        open_machine(tmp_path / "it")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_whether_an_offline_that_is_under_way_comes_to_an_end_is_not_known(tmp_path: Path) -> None:
    """Who waits for the hotplug lock may get it a moment later: a list shows nothing of the pages."""
    going = "0x0000000100000000-0x0000000107ffffff  128M on->off             32\n"
    machine = listed(
        tmp_path, f"RANGE SIZE STATE REMOVABLE BLOCK\n0x0000000000000000-0x00000000bfffffff 3G online yes 0-23\n{going}"
    )
    verdict = machine.why_not(Offline(block=5))
    assert (verdict.result, verdict.answer) == ("HANGS", "not known")
    assert "memory32 was going offline when this was read" in sentence(verdict.unknown[0])
