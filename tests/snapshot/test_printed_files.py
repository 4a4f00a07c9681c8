"""Files of /sys and /proc that a shell printed one after the other are a tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from altmap.engine import open_machine
from altmap.engine.reading.printed_files import files_of

from .trees import BLOCK, tree


def by_grep(root: Path, path: Path) -> str:
    """grep -r . FOLDER"""
    return "".join(f"/{path.relative_to(root)}:{line}\n" for line in path.read_text().splitlines() if line)


def by_tail(root: Path, path: Path) -> str:
    """tail -n +1 FILES"""
    return f"==> /{path.relative_to(root)} <==\n{path.read_text()}\n"


@pytest.mark.parametrize("printed", [by_grep, by_tail])
def test_a_print_of_the_files_is_the_machine_of_the_tree(tmp_path: Path, printed: Callable[[Path, Path], str]) -> None:
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32"), 32: "Movable"}
    zones = {"DMA32": (7 * BLOCK, 7 * BLOCK - 900, BLOCK), "Movable": (BLOCK, BLOCK, BLOCK)}
    root = tree(tmp_path / "tree", blocks, zones=zones)
    whole = open_machine(root)
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.startswith("kpage")]
    (tmp_path / "it.txt").write_text("$ grep -r . /sys\n" + "".join(printed(root, path) for path in files))
    again = open_machine(tmp_path / "it.txt")
    assert again.check() == []
    assert (dict(again.blocks), dict(again.zones)) == (dict(whole.blocks), dict(whole.zones))


def test_names_that_lead_out_of_the_tree_are_left_out(tmp_path: Path) -> None:
    lines = [f"/sys/devices/system/memory/memory{number}/state:online\n" for number in range(3)]
    (tmp_path / "it.txt").write_text("".join(lines) + "/sys/../etc/passwd:root\n")
    assert [*open_machine(tmp_path / "it.txt").blocks] == [0, 1, 2]


def test_a_name_with_a_doubled_slash_is_that_of_one_file() -> None:
    lines = "".join(
        f"/proc//iomem:{line}\n" for line in ("00000000-00000fff : Reserved", "00001000-0009fbff : System RAM")
    )
    assert files_of(lines, __file__) == {
        "proc/iomem": b"00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n"
    }
