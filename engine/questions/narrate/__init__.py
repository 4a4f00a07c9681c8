"""From data to sentences: the only place in the engine that writes English about what the kernel does.

The command line, the explorer, logs and JSON all take their sentences from here; whoever decides something looks at the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from ...numbers.units import format_bytes
from ...protocol.reasons import Reason, SectionsLeft, StayedOnline
from ...protocol.reasons.adding import AddReason
from ...protocol.reasons.files import FileReason
from ...protocol.reasons.notes import Note
from ...protocol.reasons.pages import PageReason
from ...protocol.reasons.placement import PlacementReason
from ...protocol.reasons.taking import TakingReason
from ...protocol.reasons.zones import ZoneReason
from . import adding, files, notes, pages, placement, taking, zones
from .placement import placed
from .words import Names, block_names, counted, node_names, some_names

__all__ = ["block_names", "counted", "node_names", "placed", "sentence", "some_names"]


def sentence(reason: Reason, names: Names = some_names) -> str:
    """A reason in words, without a capital and a full stop, so that it may be a part of a longer one. `names` writes the
    names of memory blocks."""
    return _WRITERS[type(reason)](reason, names)


def _left(reason: SectionsLeft, names: Names) -> str:
    return (
        f"{sentence(reason.cause, names)}; {counted(reason.sections, 'section')} that were finished stay behind with "
        f"{counted(reason.pages, 'memmap page')} ({format_bytes(reason.size)}) and without a block"
    )


def _stayed(reason: StayedOnline, names: Names) -> str:
    return f"{names((reason.block,))} did not go offline: {sentence(reason.cause, names)}"


_Writer = Callable[[Any, Names], str]
_WRITERS: Final[Mapping[type, _Writer]] = {
    **dict.fromkeys(get_args(FileReason), files.said),
    **dict.fromkeys(get_args(PlacementReason), placement.said),
    **dict.fromkeys(get_args(AddReason), adding.said),
    **dict.fromkeys(get_args(ZoneReason), zones.said),
    **dict.fromkeys(get_args(TakingReason), taking.said),
    **dict.fromkeys(get_args(PageReason), pages.said),
    **dict.fromkeys(get_args(Note), notes.said),
    SectionsLeft: _left,
    StayedOnline: _stayed,
}
