"""The line that joins a block with the one that holds its struct pages, in the row of a hole above both."""

from __future__ import annotations

from collections.abc import Collection

from .lines import Line, Span
from .palette import Palette
from .plan import Row, Shape


def joint(
    above: Span, label: int, row: Row, shape: Shape, cursor: int, hosts: Collection[int], palette: Palette, halves: int
) -> Line:
    """What stands above a row of tiles, with the line in it. `label`: columns of its words, which are not cut in two. As it is
    where the block of page `cursor` or its one host is not in that row, or the line would have no room for its words."""
    block, first = cursor // shape.unit, row.start // shape.unit
    here = range(first, first + row.pages // shape.unit)
    if len(hosts) != 1 or not shape.gap or block not in here or not all(host in here for host in hosts):
        return (above,)
    left, right = sorted((one - first) * (shape.broad + shape.gap) + shape.broad // 2 for one in (block, *hosts))
    said = f" struct pages of memory{block} "
    room = right - left - 1
    if room < len(said) + 2 or right >= len(above.text):
        return (above,)
    words = above.text[:left] if left >= label else "-" * left  # none is cut in two
    before, behind = above._replace(text=words), above._replace(text=above.text[right + 1 :])
    one, other, flat = "╭╮─" if halves == 2 else "..-"
    dashes = room - len(said)
    return (
        before,
        Span(one + flat * (dashes // 2), palette.text),
        Span(said, palette.text, None, True),
        Span(flat * (dashes - dashes // 2) + other, palette.text),
        behind,
    )
