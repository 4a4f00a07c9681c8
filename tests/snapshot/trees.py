"""Small captured trees, made up: the files of a machine with blocks of 128 MiB, as far as a test wants them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from altmap.engine import Machine, open_machine

MEMORY = "sys/devices/system/memory"
BLOCK = 0x8000
"""Pages of a block."""

Numbers = tuple[int, int, int]
"""Present, managed and free pages of a zone."""

BIG = """\
RANGE                                   SIZE   STATE REMOVABLE   BLOCK NODE          ZONES
0x0000000000000000-0x000000007fffffff     2G  online       yes       0    0           None
0x0000000100000000-0x000000207fffffff   126G  online       yes    2-64    0         Normal
0x0000002080000000-0x000000407fffffff   128G  online       yes  65-128    1         Normal
0x0000004080000000-0x000000607fffffff   128G offline             129-192    2 Normal/Movable

Memory block size:         2G
Total online memory:     256G
Total offline memory:    128G
"""
"""What lsmem prints of a machine of 384 GiB."""


def tree(
    root: Path,
    blocks: Mapping[int, str],
    *,
    zones: Mapping[str, Numbers] | None = None,
    iomem: str | None = None,
    version: str = "Linux version 6.12.9 (builder) x86_64",
    cmdline: str | None = None,
    vmstat: str | None = "nr_free_pages 0\n",
    pcp: int = 0,
    movable: int = 0,
    removable: Mapping[int, int] | None = None,
    pages: Sequence[tuple[int, int, int, int]] | None = None,
) -> Path:
    """A tree whose blocks are online in the zones that `blocks` names; each zone spans from its first block to its last.

    `pcp` and `movable` are pages on the CPUs' lists and on the LRU of every zone, `pages` are runs of kpageflags and
    kpagecount; what is None is not in the tree.
    """
    (root / MEMORY).mkdir(parents=True)
    (root / MEMORY / "block_size_bytes").write_text("8000000\n")
    for number, zone in blocks.items():
        folder = root / MEMORY / f"memory{number}"
        folder.mkdir()
        (folder / "state").write_text("online\n")
        (folder / "valid_zones").write_text(f"{zone}\n")
        (folder / "removable").write_text(f"{(removable or {}).get(number, 1)}\n")
    proc = {
        "version": version,
        "cmdline": cmdline,
        "iomem": iomem,
        "vmstat": vmstat,
        "zoneinfo": None if zones is None else "".join(
            _zone(name, numbers, [nr for nr, zone in blocks.items() if zone == name], pcp, movable)
            for name, numbers in zones.items()
        ),
        "kpageflags.runs.json": None if pages is None else json.dumps(pages),
    }  # fmt: skip
    (root / "proc").mkdir()
    for name, text in proc.items():
        if text is not None:
            (root / "proc" / name).write_text(text.rstrip() + "\n")
    return root


def _zone(name: str, numbers: Numbers, blocks: Sequence[int], pcp: int, movable: int) -> str:
    present, managed, free = numbers
    start = min(blocks) * BLOCK
    spanned = (max(blocks) + 1) * BLOCK - start
    return (
        f"Node 0, zone {name}\n  pages free {free}\n        min 16\n        low 20\n        high 24\n"
        f"        spanned {spanned}\n        present {present}\n        managed {managed}\n        cma 0\n"
        f"        protection: (0, 0, 0, 0)\n      nr_zone_inactive_file {movable}\n"
        f"  pagesets\n    cpu: 0\n      count: {pcp}\n  start_pfn: {start}\n"
    )


def ram(*ranges: tuple[int, int], inside: Sequence[tuple[int, int, str]] = ()) -> str:
    """/proc/iomem with System RAM over runs of blocks (first, last), and children by first pfn, pages and name."""
    lines: list[str] = []
    for first, last in ranges:
        low, high = first * BLOCK, (last + 1) * BLOCK
        lines.append(f"{low << 12:08x}-{(high << 12) - 1:08x} : System RAM")
        lines += [
            f"  {pfn << 12:08x}-{((pfn + count) << 12) - 1:08x} : {name}"
            for pfn, count, name in inside
            if low <= pfn < high
        ]
    return "\n".join(lines)


def listed(tmp_path: Path, text: str, name: str = "lsmem.txt") -> Machine:
    """The machine that a list of lsmem shows."""
    (tmp_path / name).write_text(text)
    machine = open_machine(tmp_path / name)
    assert machine.check() == []
    return machine
