"""What everything on a picture looks like: the colours of a theme, the letters that say the same without colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class Palette(msgspec.Struct, frozen=True, eq=False):
    """The colours of a theme, as 0xRRGGBB. `kinds` by kind of page; "block offline" and "hole" are there too.

    `row_step` is what every other row of blocks is lightened by, so that borders are seen without lines.
    """

    dark: bool
    ground: int
    strip: int
    focused: int
    text: int
    dim: int
    faint: int
    accent: int
    key: int
    good: int
    bad: int
    warn: int
    cursor: int
    row_step: float
    kinds: Mapping[str, int]
    zones: Mapping[str, int]
    types: Mapping[str, int]
    verdicts: Mapping[str, int]
    hatch: tuple[int, int]
    """Foreground and background of an offline block."""


_ZONES: Final = {"DMA": 0x2FAE86, "DMA32": 0x3F86C9, "Normal": 0x7CC4F5, "Movable": 0xE3A12F, "Device": 0xB45FD6}

DARK: Final = Palette(
    dark=True,
    ground=0x0B0E13,
    strip=0x141B25,
    focused=0x202B3A,
    text=0xDBE2EC,
    dim=0x8894A5,
    faint=0x525E6F,
    accent=0x6CB6FF,
    key=0xF0B64A,
    good=0x35C69B,
    bad=0xFF7A55,
    warn=0xF2E15C,
    cursor=0xFFFFFF,
    row_step=0.05,
    kinds={
        "free": 0x17395C,
        "pcp": 0x215580,
        "movable": 0xE3A12F,
        "slab": 0xA8482F,
        "kernel": 0xC9694A,
        "pagetable": 0x8F3C4E,
        "memmap": 0xE06BD0,
        "vmemmap": 0xB45FD6,
        "reserved": 0x66707F,
        "assumed": 0x94808F,
        "huge": 0x2FB596,
        "pinned": 0xFFF07A,
        "poisoned": 0xFF3B3B,
        "offline": 0x4B3F9E,
        "isolated": 0xF2E15C,
        "absent": 0x0B0E13,
    },
    zones=_ZONES,
    types={
        "Movable": 0xE3A12F,
        "Unmovable": 0xA8482F,
        "Reclaimable": 0xC9694A,
        "HighAtomic": 0xE06BD0,
        "CMA": 0x2FB596,
        "Isolate": 0xF2E15C,
    },
    verdicts={"yes": 0x1F7A63, "no": 0x8A3F2C, "never": 0x4B5361, "not known": 0x8D7A1E},
    hatch=(0x4A5768, 0x11171F),
)

LIGHT: Final = Palette(
    dark=False,
    ground=0xF6F7F9,
    strip=0xE6EAEF,
    focused=0xD3DAE3,
    text=0x18202A,
    dim=0x566272,
    faint=0x8F9AA8,
    accent=0x0B62B0,
    key=0x8F5600,
    good=0x00735A,
    bad=0xB93A10,
    warn=0x7C6A00,
    cursor=0x000000,
    row_step=-0.03,
    kinds={
        "free": 0xBCD7F0,
        "pcp": 0x9CC3E6,
        "movable": 0xE2981C,
        "slab": 0x93371D,
        "kernel": 0xB5502F,
        "pagetable": 0x7C2A3E,
        "memmap": 0xD9549F,
        "vmemmap": 0x8646A0,
        "reserved": 0x98A2AF,
        "assumed": 0xCFB3AA,
        "huge": 0x0F8F77,
        "pinned": 0xFFE500,
        "poisoned": 0xD40000,
        "offline": 0x6C63D8,
        "isolated": 0xC9B400,
        "absent": 0xF6F7F9,
    },
    zones={**_ZONES, "Normal": 0x3F9BDB, "DMA32": 0x2A6CB0},
    types={
        "Movable": 0xE2981C,
        "Unmovable": 0x93371D,
        "Reclaimable": 0xB5502F,
        "HighAtomic": 0xD9549F,
        "CMA": 0x0F8F77,
        "Isolate": 0xC9B400,
    },
    verdicts={"yes": 0x8FD3C0, "no": 0xE0A08C, "never": 0xC3CAD3, "not known": 0xE5D67C},
    hatch=(0xA3AEBB, 0xE9EDF2),
)

LETTERS: Final[Mapping[str, str]] = {
    "free": "·",
    "pcp": "p",
    "movable": "m",
    "slab": "s",
    "kernel": "k",
    "pagetable": "t",
    "memmap": "#",
    "vmemmap": "v",
    "reserved": "r",
    "assumed": "a",
    "huge": "h",
    "pinned": "p",
    "poisoned": "x",
    "offline": "w",
    "absent": " ",
    "block offline": "o",
    "isolated": "i",
    "hole": " ",
}
"""What stands for a kind where there is no colour. On the map, where slab, kernel and page tables are one, "k"."""

WORDS: Final[Mapping[str, str]] = {
    "free": "free",
    "pcp": "free, per CPU",
    "movable": "movable",
    "slab": "slab",
    "kernel": "kernel",
    "pagetable": "page table",
    "memmap": "memmap",
    "vmemmap": "memmap of others",
    "reserved": "reserved",
    "assumed": "guessed",
    "huge": "huge",
    "pinned": "pinned",
    "poisoned": "poisoned",
    "offline": "withheld",
    "absent": "hole",
    "block offline": "offline",
    "isolated": "isolated",
}
"""The word for a kind in legends and lists."""
