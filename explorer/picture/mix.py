"""The colour of a cell with pages of several kinds: led by what is used, as strong as much of it is used."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi, sin
from typing import Final

from .colour import Lab, lab, rgb
from .palette import Palette

FREE: Final = ("free", "pcp")
KERNEL: Final = ("slab", "kernel", "pagetable", "vmemmap")
UNMOVABLE: Final = frozenset((*KERNEL, "reserved", "assumed", "memmap"))
_WEIGHT: Final = {**dict.fromkeys(KERNEL, 1.6), "pinned": 2.0, "poisoned": 2.0}
_HEAD: Final = 16
"""A memmap head of less than one part in so many is not mixed in: every block would look used."""
_LEAST, _LEAST_UNMOVABLE = 0.08, 0.16
_DIP: Final = 0.055


def mixed(kinds: Mapping[str, int], palette: Palette) -> int:
    """The colour of pages by kind."""
    total = sum(kinds.values()) - kinds.get("absent", 0)
    used = _used(kinds, total)
    lying = "pcp" if kinds.get("pcp", 0) > kinds.get("free", 0) else "free"
    if not used:
        return palette.kinds[lying if total else "absent"]
    if len(kinds) == 1:
        return palette.kinds[next(iter(used))]
    share, free = sum(used.values()) / total, lab(palette.kinds[lying])
    hue = _hue(used, palette)
    if share >= 1:
        return rgb(hue)
    share = max(share, _LEAST if UNMOVABLE.isdisjoint(used) else _LEAST_UNMOVABLE)
    bright, tint = share**0.75, share**0.34
    light = free.light + (hue.light - free.light) * bright - (_DIP * sin(pi * share) if palette.dark else 0)
    return rgb(Lab(light, free.a + (hue.a - free.a) * tint, free.b + (hue.b - free.b) * tint))


def _hue(used: Mapping[str, int], palette: Palette) -> Lab:
    """The colours of what is used, each as strong as it weighs."""
    whole = light = a = b = 0.0
    for kind, n in used.items():
        colour, weight = lab(palette.kinds[kind]), n * _WEIGHT.get(kind, 1.0)
        whole += weight
        light += colour.light * weight
        a += colour.a * weight
        b += colour.b * weight
    return Lab(light / whole, a / whole, b / whole)


def leading(kinds: Mapping[str, int]) -> tuple[str, float]:
    """The kind that leads a cell, and the share of its pages that is used: the most frequent of the used kinds, kernel
    pages together; "free" where nothing is used."""
    total = sum(kinds.values()) - kinds.get("absent", 0)
    used = _used(kinds, total)
    if not used:
        return ("free" if total else "absent"), 0.0
    groups: dict[str, float] = {}
    for kind, n in used.items():
        group = "kernel" if kind in KERNEL else kind
        groups[group] = groups.get(group, 0) + n * _WEIGHT.get(kind, 1.0)
    return max(groups, key=groups.__getitem__), sum(used.values()) / total


def _used(kinds: Mapping[str, int], total: int) -> dict[str, int]:
    """What of `total` pages by kind is used, without a small memmap head beside free pages."""
    used = {kind: n for kind, n in kinds.items() if kind not in FREE and kind != "absent"}
    if 0 < used.get("memmap", 0) * _HEAD < total and len(used) < len(kinds):
        del used["memmap"]
    return used


def shares(kinds: Mapping[str, int], cells: int) -> list[str]:
    """So many cells, each of the kind that it stands for: what does not move first, then what does, then what is free."""
    total = sum(kinds.values()) or 1
    groups = [
        ("kernel", sum(kinds.get(kind, 0) for kind in ("slab", "kernel", "pagetable", "vmemmap"))),
        *(
            (kind, kinds.get(kind, 0))
            for kind in ("reserved", "assumed", "pinned", "poisoned", "memmap", "huge", "movable")
        ),
    ]
    found: list[str] = []
    for kind, count in groups:
        if count:
            found += [kind] * max(1, round(count * cells / total))
    return (found + ["free"] * cells)[:cells]
