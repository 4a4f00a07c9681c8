"""What a line of a tour may be, for who writes one; `stations` reads them."""

from __future__ import annotations

from typing import Final

TOUR_LINES: Final = (
    ("== TITLE", "begins a station; what stands above the first is the tour's title"),
    (
        "machine NAME KEY=VALUE ...",
        "opens a machine, bundled or beside the file, as altmap boot does; else it goes on where the last station ended",
    ),
    ("view NAME, go PLACE, zoom LEVEL", "what the map shows"),
    ("> LINE", "a line of a script; what it does is played"),
    ("text, indented", "what is said there; an empty line begins a paragraph"),
)
"""How such a line is written, and what it does."""
