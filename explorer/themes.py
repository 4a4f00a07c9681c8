"""The explorer's colours: Okabe and Ito's, which people with any colour vision tell apart, on dark, light and black.

Colour never says anything alone: every state has a glyph and a letter too.
"""

from __future__ import annotations

from typing import Final

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
    "kind-kernel": "#56B4E9",
    "kind-slab": "#2A8AC4",
    "kind-reserved": "#8A94A3",
    "kind-huge": "#009E73",
    "kind-absent": "#11161D",
}
"""What the style sheet asks for besides Textual's own variables; every theme that leaves one out gets these."""

THEMES: Final = (
    Theme(
        name=DARK,
        primary="#56B4E9",
        secondary="#CC79A7",
        accent="#E69F00",
        warning="#F0E442",
        error="#D55E00",
        success="#009E73",
        foreground="#DDE4EC",
        background="#0D1117",
        surface="#121821",
        panel="#1B2430",
        variables={**VARIABLES, "border": "#2F3B4A", "footer-key-foreground": "#E69F00"},
    ),
    Theme(
        name=LIGHT,
        primary="#0072B2",
        secondary="#A8437B",
        accent="#A86200",
        warning="#8F7A00",
        error="#B84A00",
        success="#007A59",
        foreground="#1C232B",
        background="#F4F6F8",
        surface="#FFFFFF",
        panel="#E3E8EE",
        dark=False,
        variables={
            **VARIABLES,
            "border": "#B7C1CC",
            "quiet": "#5F6B78",
            "memmap-text": "#A8437B",
            "offline": "#D5DCE4",
            "on-offline": "#4A5562",
            "hole": "#8C97A4",
            "zone-none": "#A9B3BF",
            "kind-free": "#E3E8EE",
            "on-kind-free": "#6B7785",
            "kind-absent": "#FFFFFF",
            "footer-key-foreground": "#A86200",
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
