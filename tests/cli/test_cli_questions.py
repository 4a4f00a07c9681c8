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
