"""Every event in a line, beside the function of the kernel that does it: for those who watch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ...numbers.units import format_address, format_bytes
from ...protocol import events
from ...protocol.events import Event
from ...protocol.vocabulary import Chunk
from .events import event_words
from .words import block_names, zone_name


class Moment(NamedTuple):
    """What the kernel does at an event, in a few words, and the function that does it (mm/memory_hotplug.c and its
    neighbours); empty where it is no function of the kernel's."""

    words: str
    function: str


def moment(event: Event) -> Moment:
    """What the kernel does at an event, for those who watch."""
    words, function = _MOMENTS[type(event)]
    return Moment(words(event), event.where if isinstance(event, events.MemmapSkipped) else function)


def _count(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' * (count != 1)}"


def _pages(event: Any) -> str:
    return f"{_count(event.pages, 'page')} at {event.pfn:#x}"


def _there(event: Any) -> str:
    return zone_name((event.node, event.zone))


def _placed(event: events.MemmapPlaced) -> str:
    where = "page by page, as no large area was free, " if event.fallback else ""
    return f"section {event.section}: struct pages {where}in {_chunks(event.chunks)} of node {event.node}"


def _released(event: events.MemmapReleased) -> str:
    given = (
        f"{_count(event.pages, 'page')} of struct pages given back" if event.pages else "its struct pages go with it"
    )
    return f"section {event.section}: {given}"


def _chunks(chunks: tuple[Chunk, ...]) -> str:
    total = sum(pages for _, pages in chunks)
    return f"{_count(total, 'page')} at {chunks[0][0]:#x}" if chunks else "pages that are there already"


def _notified(event: events.NotifierCalled) -> str:
    node = f", node {event.status_change_nid} changes" if event.status_change_nid >= 0 else ""
    return f"notifiers: {event.action}{node}" + (f"; {event.vetoed_by} refuses" if event.vetoed_by else "")


def _scanned(event: events.ScannerMoved) -> str:
    what = "movable" if event.scanner == "migrate" else "free"
    return f"{event.scanner} scanner at {event.end:#x}: {event.isolated:,} {what} of {_count(event.scanned, 'page')}"


def _compacted(event: events.PagesCompacted) -> str:
    failed = f", {event.failed:,} found no place" if event.failed else ""
    return f"{_count(event.pages, 'page')} from {event.from_pfn:#x} to {event.to_pfn:#x}{failed}"


_Words = Callable[[Any], str]
_MOMENTS: Final[Mapping[type, tuple[_Words, str]]] = {
    events.Logged: (lambda event: event.text, "printk"),
    events.ResourceReserved: (
        lambda event: f"{event.name}: {format_bytes(event.size)} at {format_address(event.start)} in /proc/iomem",
        "register_memory_resource",
    ),
    events.ResourceReleased: (
        lambda event: f"{format_bytes(event.size)} at {format_address(event.start)} leaves /proc/iomem",
        "release_mem_region_adjustable",
    ),
    events.NodeOnlined: (event_words, "__try_online_node"),
    events.NodeOfflined: (event_words, "try_offline_node"),
    events.AddressDoubted: (event_words, "mhp_range_allowed"),
    events.RangeDoubted: (event_words, ""),
    events.KernelDoubted: (event_words, ""),
    events.PlacementChosen: (event_words, "add_memory_resource"),
    events.MemmapPlaced: (_placed, "sparse_add_section"),
    events.MemmapMarked: (lambda event: f"{_pages(event)} are marked as memmap", "mark_vmemmap_pages"),
    events.MemmapReleased: (
        _released,
        "sparse_remove_section",
    ),
    events.SectionsLeaked: (
        lambda event: f"{_count(event.count, 'section')} from {event.first} on stay, without a block",
        "",
    ),
    events.ExistingMemoryTaken: (
        lambda event: f"{_count(event.pages, 'page')} of existing memory of node {event.node} are taken now",
        "",
    ),
    events.BlockCreated: (lambda event: f"{block_names((event.block,))} appears", "create_memory_block_devices"),
    events.BlockRemoved: (lambda event: f"{block_names((event.block,))} goes away", "remove_memory_block_devices"),
    events.BlockStateChanged: (
        lambda event: f"{block_names((event.block,))} is {event.state}",
        "memory_block_change_state",
    ),
    events.ZoneChosen: (event_words, "zone_for_pfn_range"),
    events.HeadInitialized: (
        lambda event: f"the memmap head, {_pages(event)}, joins the zone",
        "mhp_init_memmap_on_memory",
    ),
    events.RangeMoved: (lambda event: f"{_pages(event)} belong to {_there(event)}, isolated", "move_pfn_range_to_zone"),
    events.NotifierCalled: (_notified, "memory_notify"),
    events.PresentAdjusted: (
        lambda event: f"present pages of {_there(event)}: {event.pages:+,}",
        "adjust_present_page_count",
    ),
    events.RangeRemoved: (lambda event: f"{_pages(event)} leave {_there(event)}", "remove_pfn_range_from_zone"),
    events.ParameterSet: (lambda event: f"{event.name} is {event.value}", "param_attr_store"),
    events.OfflineFailed: (event_words, "acpi_bus_offline"),
    events.OnlineFailed: (event_words, "online_memory_block"),
    events.ResizeFailed: (event_words, "virtio_mem_run_wq"),
    events.BlocksKept: (event_words, "virtio_mem_sbm_try_remove_unplugged_mb"),
    events.MemmapSkipped: (lambda event: f"{_count(event.pages, 'memmap page')} stepped over", ""),
    events.PagesOnlined: (lambda event: f"{_pages(event)} go to the free lists", "online_pages_range"),
    events.PagesAssumed: (event_words, ""),
    events.RangeIsolated: (
        lambda event: f"{_pages(event)} isolated, {event.free:,} free",
        "start_isolate_page_range",
    ),
    events.IsolationUndone: (lambda event: f"{_pages(event)} isolated no longer", "undo_isolate_page_range"),
    events.PagesMigrated: (
        lambda event: (
            f"{_count(event.pages, 'page')} at {event.from_pfn:#x} move to {zone_name((event.to_node, event.to_zone))}"
        ),
        "migrate_pages",  # do_migrate_range, __alloc_contig_migrate_range and others call it
    ),
    events.MigrationFailed: (event_words, "do_migrate_range"),
    events.PagesTaken: (lambda event: f"{_pages(event)} leave the free lists", "__offline_isolated_pages"),
    events.HugePagesChanged: (event_words, "set_max_huge_pages"),
    events.HugePageTaken: (lambda event: f"{_pages(event)} are one huge page", "alloc_contig_pages"),
    events.HugePageFreed: (lambda event: f"the {_pages(event)} of a huge page are free", "free_gigantic_folio"),
    events.HugePageDissolved: (
        lambda event: f"a free huge page at {event.pfn:#x} gives back {_count(event.pages, 'page')}",
        "dissolve_free_huge_page",
    ),
    events.PagePoisoned: (event_words, "memory_failure"),
    events.CompactionStarted: (lambda event: f"compaction of {_there(event)} begins", "compact_zone"),
    events.ScannerMoved: (_scanned, "isolate_migratepages"),
    events.PagesCompacted: (_compacted, "migrate_pages"),
    events.CompactionEnded: (event_words, "compact_zone"),
    events.PagesTakenByWorkload: (lambda event: f"{_count(event.pages, 'page')} {event.what}", ""),
    events.PagesFreed: (lambda event: f"{_count(event.pages, 'page')} {event.what} given back", ""),
    events.PagesPlugged: (lambda event: f"{_pages(event)} plugged", "virtio_mem_plug_request"),
    events.PagesUnplugged: (lambda event: f"{_pages(event)} unplugged", "virtio_mem_unplug_request"),
}
"""By kind of event: what is said of it, and the function that does it; `MemmapSkipped` names its own."""
