"""Which architecture a capture comes from: what its kernel calls it; without that, what no other would show."""

from __future__ import annotations

import re
from typing import Final

from ..kernels.architectures import ARCHITECTURES, Preset, preset_for
from ..numbers.errors import BadInput
from ..reading.observation import Observation
from .never_shown import against, has_blocks

_NAMES: Final = {
    preset.geometry.arch: "|".join(name for name in preset.machines if re.search(r"\d", name))
    for preset in ARCHITECTURES.values()
}
"""How a text names each architecture: by a name that holds a digit, as sh is a word of many texts."""
_PAGE_SIZES: Final = (4096, 16384, 65536)
_USUAL: Final = "x86_64"


def architecture_said(version: str) -> str | None:
    """The architecture that the text of /proc/version, or of `uname -m`, names."""
    found = (name for name, pattern in _NAMES.items() if re.search(rf"\b(?:{pattern})\b|-(?:{pattern})", version))
    return next(found, None)


def architecture_of(seen: Observation, arch: str | None, machine: str | None, notes: list[str]) -> Preset:
    """The row of a capture's kernel; `arch` overrides what the capture says, `machine` is what `uname -m` says.

    Where nothing says it, what is seen decides: x86_64 if nothing is against that, else the one that all of it fits. Raises
    `BadInput` for an unknown override, and where several are left.
    """
    if arch is not None:
        if arch not in ARCHITECTURES:
            raise BadInput(f"{arch!r} is not an architecture; it is one of {', '.join(ARCHITECTURES)}")
        return ARCHITECTURES[arch]
    page, order = _page_size(seen), seen.pageblock_order
    if (said := architecture_said(machine or seen.version or "")) is not None:
        return _with_its_blocks(seen, preset_for(said, page, order)) if page is None else preset_for(said, page, order)
    unlike = {name: next(against(seen, preset, page), "") for name, preset in ARCHITECTURES.items()}
    fitting = [name for name, reason in unlike.items() if not reason and not ARCHITECTURES[name].rare]
    machines = list(dict.fromkeys(ARCHITECTURES[name].machines[0] for name in fitting))
    x86 = unlike[_USUAL]
    named = ", ".join(fitting or [name for name in ARCHITECTURES if name != _USUAL])
    if x86 and len(machines) != 1:
        raise BadInput(
            f"{seen.source} does not say its architecture, and {_USUAL} it is not: {x86}; say which it is with --arch, one of "
            f"{named}: altmap capture --root {seen.source} --arch ARCH -o FILE"
        )
    if x86:
        note = f"taken for {machines[0]}, which alone fits ({_USUAL} it is not: {x86})"
    else:
        others = [name for name in machines if name != _USUAL]
        note = f"taken for {_USUAL}" + (f"; {', '.join(others)} would fit too" if others else "")
    notes.append(f"proc/version does not say the architecture; {note}")
    return ARCHITECTURES[fitting[0] if x86 else _USUAL]


def _with_its_blocks(seen: Observation, usual: Preset) -> Preset:
    """The row of a machine of which nothing tells the page size: the usual one, unless only another has blocks of this size."""
    rows = [usual, *(row for row in ARCHITECTURES.values() if row.machines == usual.machines)]
    return next((row for row in rows if has_blocks(row, seen.block_size)), usual)


def _page_size(seen: Observation) -> int | None:
    """From what MemTotal (kB) of the nodes, or of the machine, and the managed pages of their zones say together, or System RAM
    or online blocks, and present pages; None where no size comes near that."""
    managed = sum(zone.managed for zone in seen.zones)
    present = sum(zone.present for zone in seen.zones)
    said = (
        (sum(node.meminfo.get("MemTotal", 0) for node in seen.nodes) << 10, managed),
        (sum(one.end - one.start for one in seen.resources if one.name.startswith("System RAM")), present),
        (seen.meminfo.get("MemTotal", 0) << 10, managed),
        (sum(block.state in (None, "online") for block in seen.blocks) * (seen.block_size or 0), present),
    )
    near = (size for total, pages in said for size in _PAGE_SIZES if abs(total - size * pages) < total // 8)
    return next(near, None)
