"""Sentences on memory that does not go offline, is not removed or not ejected."""

from __future__ import annotations

from typing import Final

from ...protocol.reasons import taking
from ...protocol.reasons.taking import Stuck, TakingReason
from .words import Names, node_names, page_words

_VETOES: Final = {"prevent_bootmem_remove": "boot memory cannot be offlined on this architecture"}
"""What the kernel's own subscribers mean by their veto."""


def said(reason: TakingReason, names: Names) -> str:
    """Why memory stays."""
    match reason:
        case taking.NoHotRemove(arch, kernel, since):
            return f"{kernel} on {arch} takes no memory offline or away: that came with Linux {since}"
        case taking.SeveralZones(block):
            holds = "holds pages of several zones or nodes (valid_zones: none)"
            return f"{names((block,))} {holds}; it can never go offline"
        case taking.HoldsMemmap(block, of):
            where = "the range" if block is None else names((block,))
            them = "that" if len(of) == 1 else "these"
            return (
                f"{where} holds the memmap of {names(of)}; remove {them} first (altmap's own guard: no kernel looks, and {them} "
                f"would be lost with it)"
            )
        case taking.MemoryHoles(block, covered, pages):
            return f"memory holes: only {covered:,} of the {pages:,} pages of {names((block,))} are System RAM"
        case taking.Unmovable(pfn, kind, of):
            return f"failure to isolate range: page {pfn:#x} is {page_words(kind, of, names)}"
        case taking.UnseenKernelPages(pages, zone):
            return (
                f"failure to isolate range: {pages:,} kernel pages of zone {zone} are more than its other blocks could hold, so "
                f"this block has some (which, the capture does not show)"
            )
        case taking.NotRemovable(block):
            what = f"{names((block,))} holds pages that cannot be moved"
            return f"failure to isolate range: {what}, as its file removable said (0)"
        case taking.CrossesEnd(pfn, pages):
            what = f"the huge page of {pages:,} pages at {pfn:#x}"
            return f"failure to isolate range: {what} goes on behind the block"
        case taking.Vetoed(notifier, action):
            why = _VETOES.get(notifier)
            return f"{notifier} vetoed {action}{f': {why}' if why else ''}"
        case taking.Backoff():
            return f"signal backoff: {going_on(reason)}; the kernel would try again until a signal ends it"
        case taking.LockHeld(block):
            return (
                f"{names((block,))} is going offline and never comes to an end, and whoever does that holds the hotplug lock: "
                f"this waits for it, until that block's pages are free or the machine is booted"
            )
        case taking.Interrupted():
            return "signal backoff: interrupted"
        case taking.NoOtherHugePage(pages, nodes):
            return f"no other huge page of {pages:,} pages can be had on {node_names(nodes)}"
        case taking.MemmapOfHugePage(pfn, pages):
            need = f"needs {pages:,} pages for its memmap again"
            return f"the huge page at {pfn:#x} {need}, and there are not so many"
        case taking.HugePagesInCircles() | taking.NextHugePageInside():
            return f"signal backoff: {going_on(reason)}"
        case taking.NotOffline(block):
            return f"{names((block,))} is not offline"
        case taking.WrongGranularity(start, size, block):
            text = f"Refuse to remove {start:#x} - {start + size:#x},wrong granularity"
            return f"{text}: {names((block,))} hosts its own memmap and goes alone"
        case taking.SomeHostTheirOwn(hosting, others):
            return (
                f"{hosting:,} blocks of the range host their own memmap and {others:,} do not, or are not there: they go "
                f"separately"
            )
        case taking.TooFewLmbs(asked, there, removable):
            return f"DLPAR undoes the request for {asked:,} LMBs, as only {removable:,} of {there:,} could go"
        case taking.NoLmbs(arch):
            return f"{arch} has no LMBs and no DLPAR: remove SIZE at START, or eject the device"
        case taking.UsedAfterUnmap():
            return (
                "RFC v2 as posted: a section goes, and with it the memmap of others, or the struct pages of the head pages that "
                "hold it, which are looked at when those go (PageVmemmap); the kernel crashes"
            )
        case taking.Crashed():
            return "the kernel has crashed and does nothing any more; take the last command back"
        case _:
            return _stuck(reason)


_AGAIN: Final = "again and again; lower nr_hugepages first, then no free one is left"


def going_on(reason: taking.Backoff | taking.HugePagesInCircles | taking.NextHugePageInside) -> str:
    """Why offlining goes on and on, whether or not a signal ends it."""
    match reason:
        case taking.Backoff(cause):
            return _stuck(cause)
        case taking.HugePagesInCircles(count, pfn):
            return (
                f"{count:,} huge pages of the block, from {pfn:#x} on, are in use, and each that moves leaves a free one behind, "
                f"into which the next one moves, {_AGAIN}"
            )
        case taking.NextHugePageInside(pfn):
            return f"the huge page at {pfn:#x} is in use, and the next free one of the pool lies in the block too, {_AGAIN}"


def _stuck(cause: Stuck) -> str:
    match cause:
        case taking.Pinned(pfn):
            return f"migrating pfn {pfn:x} failed: someone holds an extra reference (pinned)"
        case taking.InHugePage(pfn):
            return f"page {pfn:#x} belongs to a hugetlb page"
        case taking.NoRoomElsewhere(pfn):
            return f"migrating pfn {pfn:x} failed ret:-12: no room above the watermarks where it may go"
        case taking.FrozenSlab(pfn):
            return (
                f"page {pfn:#x} is a slab page of order 0, which isolation takes for a free one (since 6.14), and it does not "
                f"become free"
            )
        case taking.KernelPageInMovable(pfn):
            return f"page {pfn:#x} is in use by the kernel inside ZONE_MOVABLE"
