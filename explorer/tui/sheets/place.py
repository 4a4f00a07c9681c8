"""What the inspector is about."""

from __future__ import annotations

import msgspec

from ...picture.scope import Level
from ...picture.view import BlockOutlook
from ..prospects import Prospects


class Place(msgspec.Struct, frozen=True):
    """What the inspector is about: a cursor (pfn), the pages of a cell there, how deep the map is zoomed, what is known of
    whether the block can go, the page in the way of the last command, what all answers come to, if that is asked; and in a cell
    of a few blocks what is known of each."""

    pfn: int
    cell: int
    level: Level
    outlook: BlockOutlook | None
    fault: int | None
    all: Prospects | None = None
    others: tuple[tuple[int, BlockOutlook], ...] = ()
