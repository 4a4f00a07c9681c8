"""Questions on the command line: why, compare, diff, check, export; what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from altmap.engine import Machine

from ..snapshot.trees import BLOCK, ram, tree
from .conftest import Run


def test_compare_is_1_where_nothing_fits(altmap: Run, guest: Path) -> None:
    said = altmap("compare", guest, "--add", "100M")
    assert (said.code, said.err) == (1, "")
    assert "in whole blocks of 128M it would be 128M" in said.out
    assert "MemTotal online" not in said.out
    assert altmap("compare", guest, "--add", "128M").code == 0
    said = json.loads(altmap("compare", guest, "--add", "100M", "--json").out)
    assert said["fits"] is False
    assert {row["refusal"]["errno"] for row in said["alternatives"]} == {"EINVAL"}
    assert {row["online"] for row in said["alternatives"]} == {None}


def test_a_kernel_that_stands_for_several_says_for_which(altmap: Run) -> None:
    asked = ("compare", "small-guest", "--add", "1G", "--vary", "kernel-models")
    (line,) = (line for line in altmap(*asked).out.splitlines() if line.startswith("model"))
    assert line.split() == ["model", "rfc-v2", "4.18", "to", "6.7", "6.8", "to", "7.3"]
    named = [(row["name"], row["model"]) for row in json.loads(altmap(*asked, "--json").out)["alternatives"]]
    assert named == [("rfc-v2", "rfc-v2"), ("4.18 to 6.7", "6.7"), ("6.8 to 7.3", "6.12")]


def test_a_placement_without_a_name_is_none(altmap: Run, guest: Path) -> None:
    said = altmap("compare", guest, "--add", "128M", "--placement", "")
    assert (said.code, said.err.startswith("altmap: '' is no placement")) == (2, True)


def test_why_on_a_range_tells_alike_blocks_once(altmap: Run, guest: Path) -> None:
    said = altmap("why", guest, "offline", "7-9")
    assert said.code == 1
    assert "offline 8-9 (2 blocks): no, ENOENT\n" in said.out
    assert said.out.endswith("\n1 yes, 2 no; each is judged by itself, as if it were the only one\n")
    verdicts = json.loads(altmap("why", guest, "offline", "7-9", "--json").out)["verdicts"]
    assert [(verdict["line"], verdict["answer"]) for verdict in verdicts] == [
        ("offline 7", "yes"),
        ("offline 8", "no"),
        ("offline 9", "no"),
    ]
    empty = altmap("why", guest, "")
    assert (empty.code, empty.err.count("\n")) == (2, 1)


def test_diff_tells_by_its_exit_code_only_if_asked(altmap: Run, guest: Path, pooled: Path) -> None:
    for options in ([], ["--json"]):
        assert [altmap("diff", guest, other, *options).code for other in (guest, pooled)] == [0, 0]
        assert [altmap("diff", guest, other, "--exit-code", *options).code for other in (guest, pooled)] == [0, 1]
    assert altmap("diff", guest, "nowhere", "--exit-code").code == 2


def test_lsmem_takes_no_word_beside_a_root(altmap: Run, guest: Path, tmp_path: Path) -> None:
    said = altmap("lsmem", "-s", tmp_path, "guest")
    assert (said.code, said.out) == (1, "")
    assert said.err == "lsmem: bad usage\nTry 'lsmem --help' for more information.\n"
    assert altmap("lsmem", guest, "guest").code == 2


def test_a_range_of_blocks_that_are_not_there_is_told_at_once(
    altmap: Run, guest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a question to the kernel, or a command, for any of them."""

    def asked(*_: object) -> None:
        raise AssertionError

    (tmp_path / "script").write_text("offline 3\nonline 0-131071\n")
    ran = altmap("run", guest, tmp_path / "script")
    said = "131,064 of the 131,072 blocks from memory0 to memory131071 are not there; the machine has memory0-7\n"
    assert (ran.code, ran.err) == (2, f"altmap: {tmp_path}/script: line 2: {said}")
    monkeypatch.setattr(Machine, "why_not", asked)
    assert altmap("why", guest, "online", "0-131071").err == f"altmap: {said}"
    longer = altmap("why", guest, "online", "0-1048575")
    assert longer.err == "altmap: '0-1048575' must be an ascending range of at most 131072 blocks\n"


def test_what_no_one_saw_is_not_known_and_has_a_code_of_its_own(altmap: Run, tmp_path: Path) -> None:
    blocks = {**dict.fromkeys(range(32, 36), "Normal"), 36: "Movable"}
    zones = {"Normal": (4 * BLOCK, 4 * BLOCK - 900, 100000), "Movable": (BLOCK, BLOCK, BLOCK)}
    image = [(33 * BLOCK, 100, "Kernel code")]
    root = tree(tmp_path / "tree", blocks, zones=zones, iomem=ram((32, 36), inside=image), cmdline="quiet")
    for question, code, sums in (
        ("32", 3, ""),
        ("36", 0, ""),
        ("34-35", 3, "0 yes, 0 no, 2 not known"),
        ("32-36", 1, "1 yes, 1 no, 3 not known"),
    ):
        said = altmap("why", root, "offline", question)
        assert said.code == code
        assert sums in said.out
    rows = json.loads(altmap("why", root, "offline", "32-36", "--json").out)["verdicts"]
    assert [row["answer"] for row in rows] == ["not known", "no", "not known", "not known", "yes"]
    assert rows[0]["unknown"][0]["reason"]["code"] == "not_seen"
    assert not rows[1]["unknown"]


def test_compare_asks_for_an_add_by_another_caller(altmap: Run) -> None:
    """virtio-mem asks for no memmap in what it adds, ACPI does."""
    asked = ("compare", "small-guest", "--add", "128M", "--model", "6.12", "--json")
    for caller, chosen in (("dimm", "block"), ("virtio-mem", "boot")):
        found = json.loads(altmap(*asked, "--caller", caller).out)["alternatives"]
        assert [one["placement"] for one in found if one["chosen"]] == [chosen]
    said = altmap(*asked, "--caller", "dim")
    assert said.code == 2
    assert said.err.startswith("altmap: 'dim' is no caller; it is one of acpi,")
