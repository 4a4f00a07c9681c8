"""Questions on the command line: why, compare, diff, check, export; what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path


def test_compare_is_1_where_nothing_fits(altmap, guest: Path) -> None:
    said = altmap("compare", guest, "--add", "100M")
    assert (said.code, said.err) == (1, "")
    assert "in whole blocks of 128M it would be 128M" in said.out
    assert "MemTotal online" not in said.out
    assert altmap("compare", guest, "--add", "128M").code == 0
    rows = json.loads(altmap("compare", guest, "--add", "100M", "--json").out)["rows"]
    assert {row["result"] for row in rows} == {"EINVAL"}


def test_a_placement_without_a_name_is_none(altmap, guest: Path) -> None:
    said = altmap("compare", guest, "--add", "128M", "--placement", "")
    assert (said.code, said.err.startswith("altmap: '' is not a placement")) == (2, True)


def test_why_on_a_range_tells_alike_blocks_once(altmap, guest: Path) -> None:
    said = altmap("why", guest, "offline", "7-9")
    assert said.code == 1
    assert "offline 8-9 (2 blocks): no, ENOENT\n" in said.out
    assert said.out.endswith("\n1 yes, 2 no; each is judged by itself, as if it were the only one\n")
    assert len(altmap("why", guest, "offline", "7-9", "--json").out.splitlines()) == 3
    empty = altmap("why", guest, "")
    assert (empty.code, empty.err.count("\n")) == (2, 1)


def test_lsmem_takes_no_word_beside_a_root(altmap, guest: Path, tmp_path: Path) -> None:
    said = altmap("lsmem", "-s", tmp_path, "guest")
    assert (said.code, said.out) == (1, "")
    assert said.err == "lsmem: bad usage\nTry 'lsmem --help' for more information.\n"
    assert altmap("lsmem", guest, "guest").code == 2
