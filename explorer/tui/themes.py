"""The explorer's colours: Okabe and Ito's, which people with any colour vision tell apart, on dark, light and black.

Colour never says anything alone: every state has a glyph and a letter too.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = "altmap-dark"
LIGHT: Final = "altmap-light"
CONTRAST: Final = "altmap-contrast"

QUIET: Final = {
    True: {"quiet": "#8894A5", "hole": "#5B6676", "scroll": "#3A4757"},
    False: {"quiet": "#566272", "hole": "#8F9AA8", "scroll": "#B7C1CC"},
}
"""What is asked for besides Textual's own variables, on dark and on light; a theme that leaves one out gets these."""

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
            "border": "#B7C1CC",
            "quiet": "#566272",
            "hole": "#8F9AA8",
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
            "border": "#FFFFFF",
            "quiet": "#D0D0D0",
            "hole": "#B0B0B0",
            "footer-key-foreground": "#FFC247",
        },
    ),
)
