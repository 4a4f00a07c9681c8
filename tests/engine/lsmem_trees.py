"""Trees of sysfs for lsmem to list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from altmap.engine.faces.lsmem import lsmem

CAPTURE = Path(__file__).parents[2] / "fixtures" / "captures" / "firecracker-24g.tar.xz"
MEMORY = "sys/devices/system/memory"
LIST = "RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES"


class B(NamedTuple):
    """What the folder of one block holds; None: no such file."""

    state: str | None = "online\n"
    removable: str | None = "1\n"
    zones: str | None = "Normal\n"
    nodes: Sequence[str] = ("node0",)


OFF = B("offline\n", zones="Normal Movable\n")


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def tree(root: Path, blocks: Mapping[int, B], size: str = "8000000\n") -> Path:
    write(root, {f"{MEMORY}/block_size_bytes": size})
    for number, block in blocks.items():
        folder = root / MEMORY / f"memory{number}"
        folder.mkdir()
        for node in block.nodes:
            (folder / node).mkdir()
        for name, text in (("state", block.state), ("removable", block.removable), ("valid_zones", block.zones)):
            if text is not None:
                (folder / name).write_text(text)
    return root


def run(root: Path, *options: str) -> str:
    code, text = lsmem([*options, "--sysroot", str(root)], None, {})
    assert code == 0, text
    return text
