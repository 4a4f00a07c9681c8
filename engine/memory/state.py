"""The state of one machine: tables of values, and the few sums and look-ups that every mechanism needs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, Protocol

import msgspec

from ..kernels.architectures import Preset
from ..kernels.model import KernelModel, Release
from ..kernels.notifier_chain import Chain
from ..numbers.bits import PageSet, span
from ..numbers.geometry import Geometry
from ..numbers.rounding import ceil
from ..numbers.runs import cut
from ..protocol.vocabulary import FREE, MEMMAP, PCP, POISONED, Kind, ZoneKey
from .block import AcpiDevice, Block, DaxDevice, Group, Request, VirtioMemDevice
from .journal import Journal, Single, Table
from .section import Section, isolated_pages, put, union
from .settings import Boot, Settings
from .zone import Evidence, Node, Reckoned, Scanners, Zone, ZoneWatermarks

_WINDOWS: Final = ("PCI Bus", "PCI ECAM", "CXL Window", "ACPI Window", "virtio")


class Resource(msgspec.Struct, frozen=True, gc=False):
    """A range of /proc/iomem, at its top level: from the address `start` to before the address `end` (bytes), and its name."""

    start: int
    end: int
    name: str

    @property
    def window(self) -> bool:
        """Is it a window of a device or bridge, inside of which memory can be added?"""
        return self.name.startswith(_WINDOWS)

    @property
    def key(self) -> int:
        """What it is looked up by: its start; for a window the complement of that, as RAM may begin where it does."""
        return ~self.start if self.window else self.start

    @property
    def ram(self) -> bool:
        """Is it System RAM, of the system or of a driver?"""
        return self.name.startswith("System RAM")


class HugePage(msgspec.Struct, frozen=True, gc=False):
    """One hugetlb page: how many base pages, on which node, and whether something maps it. The higher the `rank` of a free
    one, the sooner it is taken."""

    pages: int
    node: int
    used: bool = False
    rank: int = 0


class Hstate(msgspec.Struct, frozen=True, gc=False):
    """What hugetlb knows of one size of huge pages (struct hstate): the nodes from which on the next page is allocated and
    freed, and how many surplus pages there may be."""

    next_nid_to_alloc: int = 0
    next_nid_to_free: int = 0
    nr_overcommit_huge_pages: int = 0


class Globals(msgspec.Struct, frozen=True, gc=False):
    """What the kernel has one of. `crashed`: it does nothing any more. `locked`: an offline that never ends holds the hotplug
    lock. `vmemmap_warned`: a failed allocation of memmap was logged, which happens once. `policy_zone` is a place in
    `KERNEL_ZONES`; it never goes down. `hugetlb_rank` is the highest rank that a huge page had. `min_free_kbytes` is what
    someone set, if that is more than the kernel reckons (0: it is not); so is `watermark_scale_factor`, where it is not 10.

    What a capture leaves open: `auto_online_assumed` and `mode_assumed`: no file of it told auto_online_blocks, and
    memmap_on_memory, and they are taken for what kernels have by default; `blocks_assumed`: nor did one list memory
    blocks, and which of them are offline does not follow from what others tell; `nodes_assumed`: nor the nodes that firmware
    announced;
    `holes_untold`: nor what lies beside memory (/proc/iomem);
    `boot_untold`: nor which memory of ZONE_NORMAL was there at boot; `zones_differ`: offline blocks name another zone first
    (valid_zones) than follows from what was read; `poison_unseen`: more pages have a hardware error than were seen, so that an
    offline block may hold one; `leaked_memmap`: pages of memmap of sections that have no block, at a place that no file tells;
    `reclaimable`: pages at most that the kernel can take back from kernel zones, of files, of caches and to swap, as it counts
    them;
    `kernel_since`, `kernel_until`: no file told the kernel, which is one of these releases or between them (0.0: it was)."""

    crashed: bool = False
    vmemmap_warned: bool = False
    policy_zone: int = 0
    hugetlb_rank: int = 0
    min_free_kbytes: int = 0
    watermark_scale_factor: int = 0
    locked: bool = False
    auto_online_assumed: bool = False
    mode_assumed: bool = False
    blocks_assumed: bool = False
    nodes_assumed: bool = False
    holes_untold: bool = False
    boot_untold: bool = False
    zones_differ: bool = False
    poison_unseen: bool = False
    leaked_memmap: int = 0
    reclaimable: int = 0
    kernel_since: Release = (0, 0)
    kernel_until: Release = (0, 0)

    @property
    def complete(self) -> bool:
        """Do files tell the mode of memmap_on_memory, which blocks there are, and of no memmap without one?"""
        return not (self.mode_assumed or self.blocks_assumed or self.leaked_memmap)


class State:
    """Everything that a command can change, in journaled tables; architecture, geometry, kernel model and the facts of the
    boot are fixed.

    `reserved` are the ranges of /proc/iomem inside System RAM that the boot reserved, by their first address,
    `surplus` counts by node and base pages of a huge page, `hstates` go by such pages, `optimized` says by pfn of a huge
    page whose memmap was given back whether it still is, `tails` by zone and base pages of a huge page where the page lies that
    all such memmap is mapped to, `standby` by number of a block of s390's standby memory whether it is to carry its own memmap,
    `vmstat` are counters of /proc/vmstat, and devices go by the address (bytes) where their memory begins. `derived` are the
    values beside it, see `Derived`.
    """

    def __init__(self, preset: Preset, geometry: Geometry, model: KernelModel, boot: Boot, chain: Chain) -> None:
        self.preset = preset
        self.use_geometry(geometry)
        self.model = model
        self.boot = boot
        self.chain = chain
        self.derived: dict[Any, Any] = {}
        self.journal = Journal()
        self.sections: Table[int, Section] = Table(self.journal, "sections")
        self.blocks: Table[int, Block] = Table(self.journal, "blocks")
        self.zones: Table[ZoneKey, Zone] = Table(self.journal, "zones")
        self.watermarks: Table[ZoneKey, ZoneWatermarks] = Table(self.journal, "watermarks")
        self.evidence: Table[ZoneKey, Evidence] = Table(self.journal, "evidence")
        self.scanners: Table[ZoneKey, Scanners] = Table(self.journal, "scanners")
        self.nodes: Table[int, Node] = Table(self.journal, "nodes")
        self.resources: Table[int, Resource] = Table(self.journal, "resources")
        self.reserved: Table[int, Resource] = Table(self.journal, "reserved")
        self.groups: Table[int, Group] = Table(self.journal, "groups")
        self.requests: Table[int, Request] = Table(self.journal, "requests")
        self.hugepages: Table[int, HugePage] = Table(self.journal, "hugepages")
        self.surplus: Table[tuple[int, int], int] = Table(self.journal, "surplus")
        self.optimized: Table[int, bool] = Table(self.journal, "optimized")
        self.tails: Table[tuple[ZoneKey, int], int] = Table(self.journal, "tails")
        self.hstates: Table[int, Hstate] = Table(self.journal, "hstates")
        self.acpi_devices: Table[int, AcpiDevice] = Table(self.journal, "acpi_devices")
        self.standby: Table[int, bool] = Table(self.journal, "standby")
        self.dax_devices: Table[int, DaxDevice] = Table(self.journal, "dax_devices")
        self.virtio_mem: Table[int, VirtioMemDevice] = Table(self.journal, "virtio_mem")
        self.vmstat: Table[str, int] = Table(self.journal, "vmstat")
        self.parameters = Single(self.journal, "settings", Settings())
        self.reckoned = Single(self.journal, "reckoned", Reckoned())
        self.globals = Single(self.journal, "globals", Globals())

    @property
    def tables(self) -> tuple[Table[Any, Any], ...]:
        """All tables, in an order that is the same for every state."""
        return tuple(self.journal.tables)

    def __repr__(self) -> str:
        return (
            f"<State {self.preset.name}, model {self.model.name}: {len(self.sections)} sections, "
            f"{len(self.blocks)} blocks, {len(self.zones)} zones>"
        )

    @property
    def settings(self) -> Settings:
        """The parameters as they are now."""
        return self.parameters.value

    def use_geometry(self, geometry: Geometry) -> None:
        """Set the sizes; for a state without blocks these may be other ones than before."""
        self.geometry = geometry
        self._section_pages, self._block_pages = geometry.pages_per_section, geometry.pages_per_block

    def adopt(self, other: State) -> None:
        """Change what it takes to have the values of another state."""
        for table, theirs in zip(self.tables, other.tables, strict=True):
            table.adopt(theirs)

    def use_model(self, model: KernelModel) -> None:
        """Run another kernel on the same pages: one that counts pages of the memmap as present or not, or that has no memory
        groups. A parameter that it does not know becomes one that it does."""
        before, self.model = self.model, model
        if model.heads_present is not before.heads_present:
            for key in list(self.zones):
                holding = [part for part in self.zone_sections(key) if MEMMAP in part[0].pages]
                heads = sum((section.of(MEMMAP) & owned).bit_count() for section, owned in holding)
                self.zones.put(key, self.zones[key].plus(present=heads if model.heads_present else -heads))
        if not model.groups:
            for block in [block for block in self.blocks.values() if block.group is not None]:
                self.blocks.put(block.id, msgspec.structs.replace(block, group=None))
            for number in list(self.groups):
                self.groups.drop(number)
        if model.parameter_modes and self.settings.memmap_on_memory not in model.parameter_modes:
            self.parameters.change(memmap_on_memory="Y")
        if self.settings.auto_online_blocks not in model.online_words:
            self.parameters.change(auto_online_blocks="online")
        if self.settings.online_policy not in model.policies:
            self.parameters.change(online_policy=model.policies[0])

    # -- sections in order ------------------------------------------------------------------------------------------

    def section_numbers(self) -> list[int]:
        """Present sections, ascending; do not change the list."""
        return self.sections.ascending()

    def sections_of(self, start: int, pages: int) -> list[Section]:
        """Present sections that meet a range of pfns, ascending."""
        size, sections = self._section_pages, self.sections
        first = start // size
        if 0 < pages <= (first + 1) * size - start:
            only = sections.get(first)
            return [] if only is None else [only]
        last = ceil(start + pages, size)
        if last - first <= 16:
            found = []
            for nr in range(first, last):
                if (section := sections.get(nr)) is not None:
                    found.append(section)
            return found
        return [sections[nr] for nr in self._numbers_between(first, last)]

    def _numbers_between(self, first: int, last: int) -> list[int]:
        numbers = self.section_numbers()
        return numbers[bisect_left(numbers, first) : bisect_left(numbers, last)]

    def sections_between(self, first: int, last: int, ascending: bool) -> Iterator[Section]:
        """Present sections of numbers from `first` to below `last`, one by one: what lies far apart is found as quickly, and
        a search that ends early costs no more than its way."""
        numbers, sections = self.section_numbers(), self.sections
        low, high = bisect_left(numbers, first), bisect_left(numbers, last)
        for at in range(low, high) if ascending else range(high - 1, low - 1, -1):
            yield sections[numbers[at]]

    def zone_sections(self, key: ZoneKey) -> Iterator[tuple[Section, int]]:
        """The online sections of a zone, ascending, each with its pages that belong to it. They are looked up one by one, so
        that a search that ends early costs no more than its way."""
        zone = self.zones.get(key)
        if zone is None or not zone.present:
            return
        size, sections = self._section_pages, self.sections
        for nr in self._numbers_between(zone.start // size, ceil(zone.end, size)):
            section = sections[nr]
            for owner, mask in section.zones:
                if owner == key:
                    yield section, mask

    def zone_of(self, pfn: int) -> ZoneKey:
        """The zone of a page of an online section."""
        nr, at = divmod(pfn, self.geometry.pages_per_section)
        return next(key for key, owned in self.sections[nr].zones if owned >> at & 1)

    # -- blocks -----------------------------------------------------------------------------------------------------

    def block_range(self, block: int) -> tuple[int, int]:
        """First pfn and number of pages of a block."""
        return block * self._block_pages, self._block_pages

    def block_sections(self, block: int) -> list[Section]:
        """The present sections of a block, ascending."""
        if self._block_pages == self._section_pages:
            section = self.sections.get(block)
            return [] if section is None else [section]
        return self.sections_of(block * self._block_pages, self._block_pages)

    def range_blocks(self, start: int, pages: int) -> list[Block]:
        """Existing blocks that lie in a range of pfns, ascending."""
        size, blocks = self._block_pages, self.blocks
        first, last = start // size, ceil(start + pages, size)
        if last - first <= 16:
            return [block for number in range(first, last) if (block := blocks.get(number)) is not None]
        numbers = blocks.ascending()
        return [blocks[number] for number in numbers[bisect_left(numbers, first) : bisect_left(numbers, last)]]

    def requests_in(self, start: int, pages: int) -> list[Request]:
        """Add requests that reach into a range of pfns, ascending. No two overlap, so of those that begin before it the last
        alone can; a device may have made thousands."""
        starts, end = self.requests.ascending(), start + pages
        first = max(bisect_right(starts, start) - 1, 0)
        near = (self.requests[one] for one in starts[first : bisect_left(starts, end)])
        return [one for one in near if start < one.start + one.pages]

    # -- pages ------------------------------------------------------------------------------------------------------

    def change_pages(self, pfn: int, count: int, kind: Kind) -> None:
        """Make pages of present sections a kind, and keep the free counts of their zones right."""
        for nr, first, length in cut(pfn, count, self._section_pages):
            self.set_kind(self.sections[nr], span(first, length), kind)

    def set_kind(self, section: Section, mask: int, kind: Kind) -> Section:
        """Make the pages of `mask` of one section a kind, and keep the free counts of its zones right. Those with a hardware
        error are out of use then, whatever the kind (free_pages_prepare)."""
        pages = put(section.pages, mask, kind)
        hwpoison = section.hwpoison
        if lost := hwpoison & mask:
            pages, hwpoison = put(pages, lost, POISONED), PageSet(hwpoison & ~lost)
        frozen = PageSet(section.frozen & ~mask) if section.frozen else section.frozen
        changed = msgspec.structs.replace(section, pages=pages, hwpoison=hwpoison, frozen=frozen)
        self.sections.put(section.nr, changed)
        for key, owned in section.zones:
            before, after = section.pages, changed.pages
            hidden = ~isolated_pages(section, self.geometry.pageblock_order) & owned
            free = after.among(FREE, hidden) - before.among(FREE, hidden)
            pcp = after.among(PCP, owned) - before.among(PCP, owned)
            if free or pcp:
                zone = self.zones[key].plus(free=free, pcp=pcp)
                # Counters are captured before pages: some that were counted on per-CPU lists may have been seen in use.
                twice = zone.free + zone.pcp - zone.managed
                self.zones.put(key, zone if twice <= 0 else zone.plus(pcp=-min(twice, zone.pcp)))
        return changed

    def holds(self, pfn: int, count: int, kinds: tuple[Kind, ...]) -> bool:
        """Are all pages of a range online and of these kinds? One that had a hardware error counts as what it was."""
        for nr, first, length in cut(pfn, count, self._section_pages):
            host = self.sections.get(nr)
            if host is None or not host.online or span(first, length) & ~union(host.pages, (*kinds, POISONED)):
                return False
        return True

    def objects(self) -> dict[int, int]:
        """By section, the pages that hold page tables and objects of hot-added memory. They go when it is removed; no program
        gives them back."""
        found: dict[int, int] = {}
        tables = [section.memmap.tables for section in self.sections.values() if section.memmap is not None]
        for pfn, count in chain(*tables, *(request.tables for request in self.requests.values())):
            for nr, first, length in cut(pfn, count, self._section_pages):
                found[nr] = found.get(nr, 0) | span(first, length)
        return found

    # -- nodes and zones --------------------------------------------------------------------------------------------

    def zone(self, node: int, name: str) -> Zone:
        """A zone of a node, empty where it has none yet."""
        return self.zones.get((node, name)) or Zone(node, name)

    def hstate(self, pages: int) -> Hstate:
        """What hugetlb knows of huge pages of so many base pages."""
        return self.hstates.get(pages) or Hstate()

    def has_more(self, node: int, pages: int) -> bool:
        """Has a node more present pages than so many? N_MEMORY is where it has more than 0."""
        for zone in self.zones.values():
            if zone.node == node:
                pages -= zone.present
                if pages < 0:
                    return True
        return False

    def free_by_node(self) -> dict[int, int]:
        """Free pages of each node, those on per-CPU lists included."""
        free: dict[int, int] = {}
        for zone in self.zones.values():
            free[zone.node] = free.get(zone.node, 0) + zone.free + zone.pcp
        return free

    def memory_nodes(self) -> list[int]:
        """Nodes with online memory (N_MEMORY), ascending."""
        return sorted({zone.node for zone in self.zones.values() if zone.present})

    def node_span(self, node: int) -> tuple[int, int]:
        """First pfn and length of a node, over its zones that are not empty; (0, 0) if there is none."""
        spans = [(z.start, z.end) for z in self.zones.values() if z.node == node and z.spanned]
        if not spans:
            return 0, 0
        start = min(low for low, _ in spans)
        return start, max(high for _, high in spans) - start


class Holder(Protocol):
    """What has a state: a machine. The engine alone reads and changes it."""

    _state: State


def state_of(holder: Holder | State) -> State:
    """The state of a machine, or the state itself."""
    return holder if isinstance(holder, State) else holder._state


def clone(state: State) -> State:
    """Another state of the same values: the tables are copied, nothing in them is, and so are those values beside the state that
    say how. Its journal is empty."""
    copy = State(state.preset, state.geometry, state.model, state.boot, state.chain)
    for table, own in zip(state.tables, copy.tables, strict=True):
        own.load(table)
    for derived, value in state.derived.items():
        if derived.copied is not None:
            copy.derived[derived] = derived.copied(value, copy)
    return copy
