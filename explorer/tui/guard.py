"""The last thing that every text passes on its way to the screen: what a terminal would obey does not get there.

Where text from files is expected, `printable` shows what is odd in it as escapes. This is for where it was not expected.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


class Guard(LineFilter):
    """No control character, nothing that turns the direction of text, no lone surrogate, whichever widget drew it."""

    def apply(self, segments: Sequence[Segment], background: Color) -> list[Segment]:
        """The segments, as wide as they were."""
        return [harmless(one) for one in segments]


def harmless(segment: Segment) -> Segment:
    """A segment of which a terminal obeys nothing, as wide as it was."""
    if segment.control or segment.text.isprintable():
        return segment
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" * cell_len(c) for c in segment.text)
    return Segment(set_cell_size(text, cell_len(segment.text)), segment.style)
