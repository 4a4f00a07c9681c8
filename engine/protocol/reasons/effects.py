"""What a command would do, and what to be warned of before it is done."""

from __future__ import annotations

from typing import Literal

from ..vocabulary import AutoOnline, Caller, MemmapOn, Placement, Runs
from .coded import Coded
from .placement import PlacementRule
from .zones import ZoneRule

# -- blocks that go online, or away -------------------------------------------------------------------------------------


class GoesToZone(Coded, frozen=True):
    """The block goes to this zone, by this rule."""

    block: int
    node: int
    zone: str
    rule: ZoneRule


class BecomesUsable(Coded, frozen=True):
    """So many pages (`size` bytes) become usable."""

    pages: int
    size: int


class ComesBack(Coded, frozen=True):
    """The block can go offline again: it is in ZONE_MOVABLE."""


class ComesBackWhileEmpty(Coded, frozen=True):
    """The block can go offline again until the kernel has put a page into it."""


class PagesMove(Coded, frozen=True):
    """So many pages are migrated to a zone."""

    pages: int
    node: int
    zone: str


class BlocksGo(Coded, frozen=True):
    """These blocks are removed."""

    runs: Runs


class NodeGoes(Coded, frozen=True):
    """The node goes offline, as it has no memory left."""

    node: int


# -- adding -------------------------------------------------------------------------------------------------------------


class NodeComes(Coded, frozen=True):
    """The node comes online."""

    node: int


class MemmapGoes(Coded, frozen=True):
    """Where the memmap of an add goes, and by which rule."""

    placement: Placement
    rule: PlacementRule


class MemmapLies(Coded, frozen=True):
    """So many pages (`size` bytes) of the memmap lie on a node; `on` as in `Memmap`."""

    on: MemmapOn
    node: int
    pages: int
    size: int


class TakenFrom(Coded, frozen=True):
    """A node has so many pages (`size` bytes) less before any of the added memory is online."""

    node: int
    pages: int
    size: int


class BlocksAppear(Coded, frozen=True):
    """These blocks are created; with `auto_online_blocks`, as that has it, they stay offline."""

    runs: Runs
    auto_online_blocks: AutoOnline | None


class MayGoTo(Coded, frozen=True):
    """The zones that offline blocks may go to, the default first."""

    runs: Runs
    zones: tuple[str, ...]


class GoOnlineAtOnce(Coded, frozen=True):
    """Added blocks go online by themselves, in this zone, and where that is chosen anew for each, by which rule."""

    runs: Runs
    zone: str
    rule: ZoneRule | None


# -- virtio-mem ---------------------------------------------------------------------------------------------------------


class DeviceComesTo(Coded, frozen=True):
    """A virtio-mem device has `after` bytes plugged then, of `asked`; it had `before`."""

    before: int
    asked: int
    after: int


# -- pools of huge pages ------------------------------------------------------------------------------------------------


class PoolBecomes(Coded, frozen=True):
    """The pool of huge pages of `size` bytes has `total` pages then, of `wanted`; of a node or, without one, of the machine."""

    node: int | None
    size: int
    total: int
    wanted: int


class GiganticRanges(Coded, frozen=True):
    """How many ranges of the kernel zones of a node are aligned to, and as big as, a huge page of `size` bytes."""

    node: int
    size: int
    count: int


class PoolFallsShort(Coded, frozen=True):
    """The write succeeds, and the pool has `total` pages all the same, not `wanted`."""

    total: int
    wanted: int


Effect = (
    GoesToZone
    | BecomesUsable
    | ComesBack
    | ComesBackWhileEmpty
    | PagesMove
    | BlocksGo
    | NodeGoes
    | NodeComes
    | MemmapGoes
    | MemmapLies
    | TakenFrom
    | BlocksAppear
    | MayGoTo
    | GoOnlineAtOnce
    | DeviceComesTo
    | PoolBecomes
    | GiganticRanges
    | PoolFallsShort
)

# -- what to be warned of -----------------------------------------------------------------------------------------------


class KernelPagesMayCome(Coded, frozen=True):
    """In this kernel zone the kernel may put its own pages anywhere, and one of them keeps a block online."""

    zone: str


class FirstOfZone(Coded, frozen=True):
    """The block is the first of its zone, where the kernel's next pages go."""

    zone: str


class MemmapStays(Coded, frozen=True):
    """The block holds the memmap of these blocks, and of so many ranges without a block, which stays in use."""

    runs: Runs
    bare: int


class NodeEmptied(Coded, frozen=True):
    """The node has no memory left then."""

    node: int


class HugePagesGivenUp(Coded, frozen=True):
    """So many free huge pages are dissolved, and the pool has them no more."""

    count: int


class HoldsMemmapOfNode(Coded, frozen=True):
    """The memmap of memory of node `of` lies on another node."""

    node: int
    of: int


class BasePages(Coded, frozen=True):
    """The memmap of so many sections is mapped by base pages, as no huge page (bytes) is free in a row."""

    sections: int
    size: int


class MemmapHeldBy(Coded, frozen=True):
    """The memmap lies in these blocks, which cannot go offline while the added memory is there. `guessed`: no one saw which
    pages of them are free, so that it may be others of their zones."""

    runs: Runs
    guessed: bool = False


class AskedByFile(Coded, frozen=True):
    """The driver asks for a memmap on memory only if the device's own file memmap_on_memory says so, and it does not by
    itself."""

    caller: Caller


class NoSuchDriver(Coded, frozen=True):
    """The driver of the caller is another architecture's."""

    caller: Literal["acpi", "balloon", "dlpar", "sclp"]
    arch: str


class FirstHoldAll(Coded, frozen=True):
    """The first blocks of the request hold the memmap of all."""


class KernelZonesTight(Coded, frozen=True):
    """The kernel zones have only so many pages left above their low watermarks."""

    pages: int


class WaitOffline(Coded, frozen=True):
    """Blocks (`size` bytes) that are there already, and offline."""

    runs: Runs
    size: int


class WouldNotReturn(Coded, frozen=True):
    """The write that offlines the block would not return: only a signal ends it."""

    block: int


class GivesNoAnswer(Coded, frozen=True):
    """An eject gives no answer: the block goes offline for ever."""

    block: int


class OfflineByHandFirst(Coded, frozen=True):
    """Offlining the block by hand, which a signal can end, shows whether it goes."""

    block: int


class OnlyWaits(Coded, frozen=True):
    """The command only waits for the hotplug lock, which the offline of the block holds."""

    block: int


class ParametersAssumed(Coded, frozen=True):
    """No file of the capture tells these parameters, on which what happens hangs: names and the values that were taken."""

    values: tuple[tuple[str, str], ...]


Warn = (
    KernelPagesMayCome
    | FirstOfZone
    | MemmapStays
    | NodeEmptied
    | HugePagesGivenUp
    | HoldsMemmapOfNode
    | BasePages
    | MemmapHeldBy
    | AskedByFile
    | NoSuchDriver
    | FirstHoldAll
    | KernelZonesTight
    | WaitOffline
    | WouldNotReturn
    | GivesNoAnswer
    | OfflineByHandFirst
    | OnlyWaits
    | ParametersAssumed
)
