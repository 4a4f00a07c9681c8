"""Sentences on what a command would do, and what to be warned of."""

from __future__ import annotations

from typing import Final

from ...numbers.units import about_bytes, format_bytes
from ...protocol.reasons import effects
from ...protocol.reasons.effects import Effect, Warn
from ...protocol.vocabulary import MemmapOn, Runs
from . import zones
from .blocking import memmap_of
from .placement import placed
from .words import Names, block_count, counted, run_names

_WHERE: Final[dict[MemmapOn, str]] = {
    "self": "in the added memory",
    "section": "in earlier hot-added sections",
    "kernel": "in kernel memory",
}


def said(effect: Effect, names: Names) -> str:
    """What comes of a command."""
    match effect:
        case effects.GoesToZone(block, node, zone, rule):
            return f"{names((block,))} goes to zone {zone} of node {node}: {zones.said(rule, names)}"
        case effects.BecomesUsable(pages, size):
            return f"{counted(pages, 'page')} ({about_bytes(size)}) become usable"
        case effects.ComesBack():
            return "it can be got back: ZONE_MOVABLE holds nothing that could not move"
        case effects.ComesBackWhileEmpty():
            return "it could be got back as long as the kernel has put nothing into it"
        case effects.PagesMove(pages, node, zone):
            return f"{counted(pages, 'page')} move to zone {zone} of node {node}"
        case effects.BlocksGo(runs):
            return f"{_all(runs, names, 'goes', 'go')} away"
        case effects.NodeGoes(node):
            return f"node {node} goes offline"
        case effects.NodeComes(node):
            return f"node {node} comes up"
        case effects.MemmapGoes(placement, rule):
            return f"memmap: {placed(placement, rule)}"
        case effects.MemmapLies(on, node, pages, size):
            return f"{counted(pages, 'page')} ({about_bytes(size)}) of memmap lie {_WHERE[on]} of node {node}"
        case effects.TakenFrom(node, pages, size):
            less = f"{counted(pages, 'page')} ({about_bytes(size)}) less"
            return f"node {node} has {less}, before anything is online"
        case effects.BlocksAppear(runs, auto_online):
            how = f", offline (auto_online_blocks={auto_online})" if auto_online else ""
            return f"{_all(runs, names, 'appears', 'appear')}{how}"
        case effects.MayGoTo(runs, (default, *others)):
            ways = [f"online puts {run_names(runs, names)} into zone {default}"]
            ways += [
                f"{'online_movable' if zone == 'Movable' else 'online_kernel'} into zone {zone}" for zone in others
            ]
            return f"{', '.join(ways)}; from zone Movable alone memory can be got back for sure"
        case effects.GoOnlineAtOnce(runs, zone, rule):
            why = f" ({zones.said(rule, names)})" if rule is not None else ""
            return f"{_all(runs, names, 'goes', 'go')} online in zone {zone} at once{why}"
        case effects.DeviceComesTo(before, asked, after) if asked > before:
            had = f", {about_bytes(before)} before" if before else ""
            plugged = f"{about_bytes(after)} of {about_bytes(asked)} are plugged then{had}"
            return f"{plugged}: the driver keeps what it has, and tries again later"
        case effects.DeviceComesTo(before, asked, after):
            gone = f"{about_bytes(before - after)} of {about_bytes(before - asked)} are unplugged"
            stay = f"{about_bytes(after)} stay plugged of {about_bytes(before)}"
            return f"{gone}, so that {stay}: the driver tries again later"
        case effects.PoolBecomes(node, size, total, wanted):
            where = "the machine" if node is None else f"node {node}"
            has = f"{counted(total, 'page')} of {format_bytes(size)}"
            return f"the pool of {where} has {has} then, of {wanted:,} asked for"
        case effects.GiganticRanges(node, size, count):
            return f"there are {count:,} aligned ranges of {format_bytes(size)} in kernel zones of node {node}"
        case effects.PoolFallsShort(total, wanted):
            return f"gives {total:,} of {wanted:,}" if total < wanted else f"leaves {total:,}, not {wanted:,}"
    raise AssertionError(f"no zones in {effect!r}")


def _limited(block: int) -> str:
    """An offline with a time limit, as a shell's line."""
    return f"timeout 10 sh -c 'echo offline > /sys/devices/system/memory/memory{block}/state'"


_OF: Final = {
    "acpi": "that of others (POWER has dlpar, and s390 sclp)",
    "balloon": "that of guests of Hyper-V and Xen on x86 and arm64",
    "dlpar": "POWER's",
    "sclp": "that of s390",
}
"""Whose the drivers are that not every architecture has."""


def warned(warning: Warn, names: Names) -> str:
    """What a person should know before."""
    match warning:
        case effects.WouldNotReturn(block):
            return (
                f"the write would not return: {names((block,))} reads going-offline, and all other hotplug waits, until a signal "
                f"ends it (Ctrl-C, kill); safer: {_limited(block)}"
            )
        case effects.GivesNoAnswer(block):
            return (
                f"one would see no answer at all: no errno, nothing in the kernel log, {names((block,))} going-offline for ever; "
                f"only the page's owner or a boot ends it"
            )
        case effects.OfflineByHandFirst(block):
            return f"take {names((block,))} offline by hand first, which a signal can end: {_limited(block)}"
        case effects.OnlyWaits(block):
            waits = f"one would see no answer at all while {names((block,))} is going offline"
            return f"{waits}; killing who waits ends the waiting, and changes nothing"
        case effects.ParametersAssumed(values):
            assumed = " and ".join(f"{name}={value}" for name, value in values)
            guess = "is a guess" if len(values) == 1 else "are guesses"
            return f"{assumed} {guess}, as no file of the capture tells: on the machine itself this may go otherwise"
        case effects.KernelPagesMayCome(zone):
            return (
                f"in zone {zone} the kernel may put its own pages anywhere, and one of them keeps a block from going offline; "
                f"online_movable keeps it removable"
            )
        case effects.FirstOfZone(zone):
            return (
                f"it is the first block of zone {zone}, from which the kernel's next pages (slab) come at once: as a rule it "
                f"does not go offline again, and the blocks after it do"
            )
        case effects.MemmapStays(runs, bare):
            return f"the memmap in it stays in use: {memmap_of(runs, bare, names)}"
        case effects.NodeEmptied(node):
            return f"node {node} has no memory left then"
        case effects.HugePagesGivenUp(count):
            return f"{counted(count, 'free huge page')} of the pool {'is' if count == 1 else 'are'} given up"
        case effects.HoldsMemmapOfNode(node, of):
            return f"node {node} holds the memmap of memory of node {of}: every look at it goes off node"
        case effects.BasePages(sections, size):
            many = counted(sections, "section")
            return f"the memmap of {many} is mapped by base pages, as no {format_bytes(size)} are free in a row"
        case effects.MemmapHeldBy(runs, guessed):
            where = ", or in others of the zone, as no one saw which pages are free:" if guessed else ", which"
            held = " such a block cannot" if guessed else " cannot"
            return f"the memmap lies in {run_names(runs, names)}{where}{held} go offline while this memory is there"
        case effects.AskedByFile(caller):
            return (
                f"{caller} asks for that if the device's file /sys/bus/dax/devices/daxX.Y/memmap_on_memory says 1 when kmem "
                f"takes it; by itself it says 0 (1 for regions of CXL memory), and then the memmap takes kernel memory"
            )
        case effects.NoSuchDriver(caller, arch):
            return (
                f"{arch} has no driver {caller}, which is {_OF[caller]}; this is what would come of its request there"
            )
        case effects.FirstHoldAll():
            return "the first blocks hold the memmap of all others and can only be removed together with them"
        case effects.KernelZonesTight(pages):
            return (
                f"kernel zones are left with {counted(pages, 'page')} above their low watermarks until some of it is online "
                f"in a kernel zone: what the kernel asks for next reclaims, or kills (OOM)"
            )
        case effects.WaitOffline(runs, size):
            alone = block_count(runs) == 1
            return (
                f"{run_names(runs, names)} ({about_bytes(size)}) {'is' if alone else 'are'} there already, and offline"
            )


def _all(runs: Runs, names: Names, one: str, many: str) -> str:
    return f"{run_names(runs, names)} {one if block_count(runs) == 1 else many}"
