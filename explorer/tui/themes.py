"""The explorer's colours: Okabe and Ito's, which people with any colour vision tell apart, on dark, light and black.

Colour never says anything alone: every state has a glyph and a letter too.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from textual.theme import Theme

DARK: Final = "altmap-dark"
LIGHT: Final = "altmap-light"
CONTRAST: Final = "altmap-contrast"

VARIABLES: Final[dict[str, str]] = {
    "zone-normal": "#56B4E9",
    "zone-dma32": "#2A8AC4",
    "zone-dma": "#009E73",
    "zone-movable": "#E69F00",
    "zone-none": "#8A94A3",
    "on-zone": "#08131C",
    "quiet": "#8492A3",
    "memmap": "#CC79A7",
    "memmap-text": "#CC79A7",
    "going": "#F0E442",
    "refused": "#D55E00",
    "fine": "#009E73",
    "offline": "#2B3442",
    "on-offline": "#B4BFCC",
    "hole": "#5B6676",
    "kind-free": "#232C38",
    "on-kind-free": "#4A5868",
    "kind-vmemmap": "#9A6384",
    "kind-kernel": "#56B4E9",
    "kind-slab": "#2A8AC4",
    "kind-reserved": "#8A94A3",
    "kind-huge": "#009E73",
    "kind-absent": "#11161D",
}
"""What is asked for besides Textual's own variables; a theme that leaves one out gets these."""


class Look(NamedTuple):
    """Foreground and background as names of variables ("" leaves what is there), and how the letters are set."""

    color: str = ""
    background: str = ""
    bold: bool | None = None
    underline: bool | None = None


LOOKS: Final[dict[str, Look]] = {
    "text": Look("foreground"),
    "muted": Look("quiet"),
    "strong": Look("foreground", bold=True),
    "here": Look("foreground", "panel", bold=True),
    "accent": Look("primary", bold=True),
    "key": Look("footer-key-foreground", bold=True),
    "title": Look("primary", bold=True),
    "good": Look("success", bold=True),
    "bad": Look("error", bold=True),
    "warn": Look("warning", bold=True),
    "memmap": Look("memmap-text", bold=True),
    "zone-Normal": Look("on-zone", "zone-normal"),
    "zone-DMA32": Look("on-zone", "zone-dma32"),
    "zone-DMA": Look("on-zone", "zone-dma"),
    "zone-Movable": Look("on-zone", "zone-movable"),
    "zone-none": Look("on-zone", "zone-none"),
    "offline": Look("on-offline", "offline"),
    "going": Look("on-zone", "going", bold=True),
    "ghost": Look("refused", "offline"),
    "hole": Look("hole"),
    "head": Look(bold=True, underline=True),
    "host": Look("on-zone", "memmap", bold=True),
    "marked": Look(bold=True, underline=True),
    "cursor": Look("background", "foreground", bold=True),
    "kind-free": Look("on-kind-free", "kind-free"),
    "kind-pcp": Look("on-kind-free", "kind-free"),
    "kind-memmap": Look("on-zone", "memmap"),
    "kind-vmemmap": Look("on-zone", "kind-vmemmap"),
    "kind-movable": Look("on-zone", "zone-movable"),
    "kind-pinned": Look("on-zone", "refused", bold=True),
    "kind-kernel": Look("on-zone", "kind-kernel"),
    "kind-slab": Look("on-zone", "kind-slab"),
    "kind-pagetable": Look("on-zone", "kind-slab"),
    "kind-reserved": Look("on-zone", "kind-reserved"),
    "kind-assumed": Look("on-zone", "kind-reserved"),
    "kind-huge": Look("on-zone", "kind-huge"),
    "kind-poisoned": Look("on-zone", "refused", bold=True),
    "kind-offline": Look("on-offline", "offline"),
    "kind-absent": Look("hole", "kind-absent"),
    "kind-none": Look("hole", "kind-absent"),
    "fault": Look("on-zone", "refused", bold=True),
}
"""What each role of a piece of text looks like, in every theme."""

THEMES: Final = (
    Theme(
        name=DARK,
        primary="#6CB6FF",
        secondary="#E06BD0",
        accent="#E3A12F",
        warning="#F2E15C",
        error="#FF7A55",
        success="#35C69B",
        foreground="#DBE2EC",
        background="#0B0E13",
        surface="#141B25",
        panel="#202B3A",
        variables={
            **VARIABLES,
            "border": "#2F3B4A",
            "quiet": "#8894A5",
            "hole": "#525E6F",
            "footer-key-foreground": "#F0B64A",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#0B62B0",
        secondary="#D9549F",
        accent="#8F5600",
        warning="#7C6A00",
        error="#B93A10",
        success="#00735A",
        foreground="#18202A",
        background="#F6F7F9",
        surface="#E6EAEF",
        panel="#D3DAE3",
        dark=False,
        variables={
            **VARIABLES,
            "border": "#B7C1CC",
            "quiet": "#566272",
            "memmap-text": "#A8437B",
            "offline": "#D5DCE4",
            "on-offline": "#4A5562",
            "hole": "#8F9AA8",
            "zone-none": "#A9B3BF",
            "kind-free": "#E3E8EE",
            "on-kind-free": "#6B7785",
            "kind-absent": "#FFFFFF",
            "footer-key-foreground": "#8F5600",
        },
    ),
    Theme(
        name=CONTRAST,
        primary="#56B4E9",
        secondary="#FF9BD0",
        accent="#FFC247",
        warning="#FFF36B",
        error="#FF8A3D",
        success="#35E0AE",
        foreground="#FFFFFF",
        background="#000000",
        surface="#000000",
        panel="#1A1A1A",
        variables={
            **VARIABLES,
            "border": "#FFFFFF",
            "quiet": "#D0D0D0",
            "memmap-text": "#FF9BD0",
            "zone-normal": "#7CCBFA",
            "zone-dma32": "#4FA8E8",
            "zone-dma": "#35E0AE",
            "zone-movable": "#FFC247",
            "zone-none": "#C9C9C9",
            "on-zone": "#000000",
            "refused": "#FF8A3D",
            "fine": "#35E0AE",
            "on-offline": "#FFFFFF",
            "hole": "#B0B0B0",
            "on-kind-free": "#FFFFFF",
            "footer-key-foreground": "#FFC247",
        },
    ),
)
