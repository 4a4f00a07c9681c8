"""Sentences on what would clear the way, and on what that assumes."""

from __future__ import annotations

from typing import Final

from ...numbers.units import about_bytes, format_bytes
from ...protocol.reasons import remedies
from ...protocol.reasons.remedies import Given, Remedying
from ...protocol.vocabulary import Freeable, Placement
from . import released
from .words import Names, counted, run_names

_PLACED: Final[dict[Placement, str]] = {
    "block": "with its memmap in each block's own head",
    "boot": "with its memmap in kernel memory",
    "range": "with its memmap at the start of the added range",
    "sections": "with its memmap in low sections of the node",
}
_GIVEN_BACK: Final[dict[Freeable, tuple[str, str]]] = {
    "slab": ("slab page", "slab pages"),
    "kernel": ("kernel page", "kernel pages"),
    "pagetable": ("page-table page", "page-table pages"),
    "assumed": ("kernel page of unknown place", "kernel pages of unknown place"),
}


def said(remedy: Remedying, names: Names) -> str:
    """One thing to do."""
    match remedy:
        case remedies.OnlineAsMovable():
            return "online it as movable, to get it back for sure"
        case remedies.OfflineFirst():
            return "offline it first, to online it anew"
        case remedies.AddFirst():
            return "add it first"
        case remedies.OfflineTheseFirst(runs):
            return f"offline {run_names(runs, names)} first"
        case remedies.WholeBlocks(verb):
            return f"{verb} whole blocks"
        case remedies.RemoveApart():
            return "remove blocks with a memmap of their own and the others separately"
        case remedies.RemoveOneByOne():
            return "remove it block by block"
        case remedies.OnlineMovableInstead(runs):
            return f"online {run_names(runs, names)} with online_movable instead: ZONE_MOVABLE takes no kernel pages"
        case remedies.TakeOutFirst(objects):
            what = "memmap and kernel objects lie" if objects else "memmap lies"
            return f"take out first the memory whose {what} here"
        case remedies.LetGoOfPinned():
            return "let go of pinned pages"
        case remedies.GiveHugePagesBack():
            return "give huge pages back"
        case remedies.OnceGone():
            return "once these pages are gone"
        case remedies.FreePages(pages, size, node, for_room):
            many = f"{counted(pages, 'page')} ({about_bytes(size)})"
            return f"free {many} on node {node}{', to make room' if for_room else ''}"
        case remedies.OnlineFirst(runs, node, for_room):
            how = "first, to make room" if for_room else "in a kernel zone first"
            return f"online {run_names(runs, names)} of node {node} {how}"
        case remedies.AddMemoryFirst():
            return "add memory first"
        case remedies.AddToNode(node):
            return f"add it to node {node}, which firmware announced"
        case remedies.AddWhole(block_size, size, start):
            return f"add whole blocks of {format_bytes(block_size)}: {format_bytes(size)} at {start:#x}"
        case remedies.AddAtTop(start):
            return f"add it at {start:#x}, the highest address for it"
        case remedies.AddBehind(start):
            return f"add it at {start:#x}, behind all memory there is"
        case remedies.RemoveLeftBehind():
            return "remove first what the add that failed left behind"
        case remedies.LetKernelServe():
            return "let kernel memory serve where that cannot be (the RFC's option c)"
        case remedies.PlaceOtherwise(placement, kernels):
            return f"another placement: {_PLACED[placement]}; {released.said(kernels, names)}"
        case remedies.LetGiantsMove():
            return "let them lie in ZONE_MOVABLE (vm.movable_gigantic_pages), where they are harder to move away"
        case remedies.AddInBlocks():
            return "add it block by block: each can hold its own memmap"
        case remedies.AddLess(size):
            return f"add less: {format_bytes(size)} fits"
        case remedies.OnlineInstead(runs):
            return f"online {run_names(runs, names)}, whose memmap is paid for, before adding more"
        case remedies.AddAnew("sections"):
            return "(b) of the RFC: add it anew with its memmap in low sections of the node; in no released kernel"
        case remedies.AddAnew():
            return "(c) of the RFC: add it anew with its memmap in kernel memory; memmap_on_memory=N at boot"
        case remedies.AskForWhatComes(size, grows):
            how = "less" if grows else "no smaller size"
            return f"ask for {how}: {format_bytes(size)} is what it comes to"
        case remedies.OnlineByItself():
            return "let it go online by itself, as movable"


def assumed(given: Given, names: Names) -> str:
    """What no command can do."""
    match given:
        case remedies.UsersGiveBack(pages):
            parts = [f"{counted(count, *_GIVEN_BACK[kind])} ({about_bytes(size)})" for kind, count, size in pages]
            return f"whoever uses them gives back {' and '.join(parts)}"
        case remedies.OfflineAsPlugged():
            return "it is offline, as when it was plugged"
