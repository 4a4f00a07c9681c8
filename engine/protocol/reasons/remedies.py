"""What would clear the way for a command: what is done, one thing after the other, and what that assumes."""

from __future__ import annotations

from typing import Literal

from ..vocabulary import Freeable, Placement, Runs
from .coded import Coded
from .released import Released

# -- blocks -------------------------------------------------------------------------------------------------------------


class OnlineAsMovable(Coded, frozen=True):
    """Online the block to ZONE_MOVABLE."""


class OfflineFirst(Coded, frozen=True):
    """Offline the block before it is onlined anew."""


class AddFirst(Coded, frozen=True):
    """Add the block, which is not there."""


class OfflineTheseFirst(Coded, frozen=True):
    """Offline these blocks before they are removed."""

    runs: Runs


class WholeBlocks(Coded, frozen=True):
    """Remove or eject whole blocks."""

    verb: Literal["remove", "eject"]


class RemoveApart(Coded, frozen=True):
    """Remove blocks with a memmap of their own, and the others, by separate commands."""


class RemoveOneByOne(Coded, frozen=True):
    """Remove each block by a command of its own."""


class OnlineMovableInstead(Coded, frozen=True):
    """Online these blocks to ZONE_MOVABLE the next time."""

    runs: Runs


# -- pages in the way ---------------------------------------------------------------------------------------------------


class TakeOutFirst(Coded, frozen=True):
    """Take out the memory whose memmap lies here and, with `objects`, whose page tables and kernel objects do."""

    objects: bool


class LetGoOfPinned(Coded, frozen=True):
    """Whoever pins pages lets go of them."""


class GiveHugePagesBack(Coded, frozen=True):
    """Shrink the pools of huge pages."""


class OnceGone(Coded, frozen=True):
    """Nothing but that the pages in the way are gone."""


class FreePages(Coded, frozen=True):
    """Free so many pages (`size` bytes) on a node; `for_room`: for the pages that have to move."""

    pages: int
    size: int
    node: int
    for_room: bool


class OnlineFirst(Coded, frozen=True):
    """Online blocks of a node that wait offline; `for_room`: for the pages that have to move, else for the memmap, in a
    kernel zone."""

    runs: Runs
    node: int
    for_room: bool


# -- adding -------------------------------------------------------------------------------------------------------------


class AddMemoryFirst(Coded, frozen=True):
    """Add memory for what is to be allocated."""


class AddToNode(Coded, frozen=True):
    """Add it to this node."""

    node: int


class AddWhole(Coded, frozen=True):
    """Add whole blocks instead: `size` bytes at `start`."""

    block_size: int
    size: int
    start: int


class AddAtTop(Coded, frozen=True):
    """Add it at the highest address (byte) that it can have."""

    start: int


class AddBehind(Coded, frozen=True):
    """Add it at this address (byte), behind all memory there is."""

    start: int


class RemoveLeftBehind(Coded, frozen=True):
    """Remove the sections that an add which failed left behind."""


class LetKernelServe(Coded, frozen=True):
    """Allow kernel memory for the memmap where the placement that was asked for cannot be."""


class PlaceOtherwise(Coded, frozen=True):
    """Another placement of the memmap, and which kernels have it."""

    placement: Placement
    released: Released


class LetGiantsMove(Coded, frozen=True):
    """Let huge pages that are bigger than any free area lie in ZONE_MOVABLE (vm.movable_gigantic_pages)."""


class AddInBlocks(Coded, frozen=True):
    """Add each block by a request of its own."""


class AddLess(Coded, frozen=True):
    """Add so many bytes."""

    size: int


class AddAnew(Coded, frozen=True):
    """Take the memory out and add it again with another placement of its memmap: ways (b) and (c) of the RFC."""

    placement: Literal["sections", "boot"]


class AskForWhatComes(Coded, frozen=True):
    """Ask a virtio-mem device for the size (bytes) that it comes to; `grows`: it was asked for more than it had."""

    size: int
    grows: bool


class OnlineByItself(Coded, frozen=True):
    """Let added blocks go online by themselves, to ZONE_MOVABLE."""


class OnlineInstead(Coded, frozen=True):
    """Online blocks that wait offline rather than add more."""

    runs: Runs


Remedying = (
    OnlineAsMovable
    | OfflineFirst
    | AddFirst
    | OfflineTheseFirst
    | WholeBlocks
    | RemoveApart
    | RemoveOneByOne
    | OnlineMovableInstead
    | TakeOutFirst
    | LetGoOfPinned
    | GiveHugePagesBack
    | OnceGone
    | FreePages
    | OnlineFirst
    | AddMemoryFirst
    | AddToNode
    | AddWhole
    | AddAtTop
    | AddBehind
    | RemoveLeftBehind
    | LetKernelServe
    | PlaceOtherwise
    | AddInBlocks
    | LetGiantsMove
    | AddLess
    | OnlineInstead
    | AddAnew
    | AskForWhatComes
    | OnlineByItself
)

# -- what it assumes ----------------------------------------------------------------------------------------------------


class UsersGiveBack(Coded, frozen=True):
    """Whoever uses them gives pages back: kind, number of pages, bytes."""

    pages: tuple[tuple[Freeable, int, int], ...]


class OfflineAsPlugged(Coded, frozen=True):
    """The memory is offline, as it was when it was plugged."""


Given = UsersGiveBack | OfflineAsPlugged
"""What no command can do."""
