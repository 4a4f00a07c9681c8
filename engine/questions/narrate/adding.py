"""Sentences on adds that are refused."""

from __future__ import annotations

from ...protocol.reasons import adding
from ...protocol.reasons.adding import AddReason
from .words import Names, node_names


def said(reason: AddReason, names: Names) -> str:
    """Why an add is refused."""
    match reason:
        case adding.NoHotplug(arch, kernel, since, until):
            return f"{kernel} on {arch} has no memory hotplug{_when(since, until)}"
        case adding.BeyondAddresses():
            return _beyond(reason)
        case adding.BehindMem(start, size, mem):
            return (
                f"{start:#x}-{start + size - 1:#x} ends behind mem={mem:#x}, and kernels from 5.1 to 5.5 add nothing there; "
                f"boot without mem=, or a later kernel"
            )
        case adding.RangeTaken(start, end, name, other_start, other_end):
            return f"{start:#x}-{end - 1:#x} overlaps {name} at {other_start:#x}-{other_end - 1:#x}"
        case adding.Unaligned(unit, start, size):
            return f"Block size [{unit:#x}] unaligned hotplug range: start {start:#x}, size {size:#x}"
        case adding.NodeNotPossible(node):
            return f"node {node} was absent from the node_possible_map"
        case adding.SectionPresent(section):
            return f"section {section} is present already: an earlier add that failed left it behind"
        case adding.ObjectsShort(what, pages, nodes):
            zones = f"the kernel zones of {node_names(nodes)}"
            return f"{what} need {pages:,} pages, and {zones} have not so many to spare"
        case adding.NoRowForMemmap(section, pages, nodes):
            where = f"kernel zones of {node_names(nodes)}"
            return f"no {pages:,} free pages in a row for the memmap of section {section} in {where}"
        case adding.MemmapShort(section, pages, nodes):
            return (
                f"the memmap of section {section} needs {pages:,} pages and 1 page table, and the kernel zones of "
                f"{node_names(nodes)} have no {pages + 1:,} to spare"
            )
        case adding.AltmapExhausted(alloc, free, section, pages):
            taken = f"{alloc:,} of {free:,} pages are taken"
            return f"the altmap is exhausted: {taken}, section {section} needs {pages:,} more"
        case adding.AltmapInvalid(base_pfn, offset, start, pages):
            return (
                f"memory add fail, invalid altmap: it begins at pfn {base_pfn:#x} with {offset:,} pages, the request at pfn "
                f"{start:#x} with {pages:,}"
            )
        case adding.NoHost(node, section):
            return f"no section of node {node} can host the memmap of section {section}"


def _beyond(reason: adding.BeyondAddresses) -> str:
    """As the kernel's log says it, and which limit that is."""
    start, end, last = reason.start, reason.start + reason.size, reason.max_address - 1
    what = {
        "request": f"Hotplug memory [{start:#x}-{end:#x}] exceeds maximum addressable range [0x0-{last:#x}]",
        "sections": f"Hotplugged memory exceeds maximum addressable address, range={start:#x}-{end - 1:#x}, maximum={last:#x}",
        "": f"{start:#x}-{end - 1:#x} ends behind the highest address, {last:#x}, at which this kernel does not look",
    }[reason.by]
    if not reason.size:
        return f"{what}: the range is empty"
    limit = "the linear map of the kernel" if reason.limit == "linear map" else reason.limit
    wider = f"; {reason.wider - 1:#x} with 5-level page tables, la57" if reason.wider else ""
    return f"{what} ({limit}{wider})"


def _when(since: str | None, until: str | None) -> str:
    if since is None:
        return ""
    return f": it came with Linux {since}" + (f" and went with {until}" if until is not None else "")
