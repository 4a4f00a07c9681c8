"""Sentences on single pages that are not taken, given back, poisoned or plugged."""

from __future__ import annotations

from ...numbers.units import format_bytes
from ...protocol.reasons import pages
from ...protocol.reasons.pages import PageReason
from .words import Names, page_words, zone_name


def said(reason: PageReason, names: Names) -> str:
    """Why pages stay what they are."""
    match reason:
        case pages.NoPage(pfn):
            return f"there is no page at pfn {pfn:#x}"
        case pages.NoOnlinePage(pfn):
            return f"there is no online page at pfn {pfn:#x}"
        case pages.PoisonedAlready(pfn):
            return f"page {pfn:#x} is poisoned already"
        case pages.CannotBeTaken(pfn, kind, of):
            return f"page {pfn:#x} is {page_words(kind, of, names)} and cannot be taken out of use"
        case pages.CannotBeMoved(pfn, kind, of):
            return f"page {pfn:#x} is {page_words(kind, of, names)} and cannot be moved"
        case pages.HeldByOthers(pfn):
            return f"page {pfn:#x} cannot be moved: someone holds an extra reference (pinned)"
        case pages.NoRoomToMove(pfn):
            return f"page {pfn:#x} cannot be moved: no room in the zones it may go to"
        case pages.WorkloadTooBig(what, size, missing, zones):
            where = ", ".join(map(zone_name, zones)) or "any zone"
            return (
                f"{format_bytes(size)} of {what} memory do not fit: {missing:,} pages are missing in {where} above their min "
                f"watermarks; the kernel would reclaim, and then run the OOM killer"
            )
        case pages.NoneThere(what, wanted):
            return f"no {what} pages are there, {_were(wanted)} asked for"
        case pages.PinsFindNoRoom(node, room, wanted):
            return (
                f"who pins pages for long has them moved out of ZONE_MOVABLE of node {node} first, and of {wanted:,} only "
                f"{room:,} find room in kernel zones"
            )
        case pages.TooFewThere(kind, have, wanted):
            return f"only {have:,} {kind} pages are there, {_were(wanted)} asked for"
        case pages.NoMemoryInZone(node, zone):
            return f"node {node} has no memory in zone {zone}"
        case pages.TooFewHugePages(node, have, wanted):
            return f"{wanted:,} huge pages of node {node} are needed, {have:,} are there"
        case pages.StillPlugged(size):
            return f"{format_bytes(size)} could not be unplugged"
        case pages.WaitsForOnline(size, limit):
            return f"{format_bytes(size)} wait until more of the device is online: it may have {format_bytes(limit)} offline"


def _were(count: int) -> str:
    return f"{count:,} {'was' if count == 1 else 'were'}"
