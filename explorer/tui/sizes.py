"""The classes that a screen has by its size, for the style sheets."""

from __future__ import annotations

from typing import Final

from textual.geometry import Size

COLUMNS: Final = [(0, "-slim"), (76, "-medium"), (110, "-wide"), (170, "-huge")]
"""Each with the least columns that it takes."""
ROWS: Final = [(0, "-flat"), (22, "-short"), (32, "-tall"), (48, "-high")]
"""The same for rows."""


def classes_of(size: Size) -> dict[str, bool]:
    """Whether a screen of a size has each of the classes."""
    found = {
        [name for least, name in names if measure >= least][-1]
        for names, measure in zip((COLUMNS, ROWS), size, strict=True)
    }
    return {name: name in found for _, name in (*COLUMNS, *ROWS)}
