"""Sentences that are said besides of a command."""

from __future__ import annotations

from ...protocol.reasons import notes
from ...protocol.reasons.notes import Note
from .words import Names, counted, zone_name


def said(note: Note, names: Names) -> str:
    """What a command found."""
    match note:
        case notes.NothingThere(start):
            return f"there was no memory at {start:#x}; the kernel calls this a success"
        case notes.NoDeviceThere(start):
            return f"no memory device works at {start:#x}; ejecting one whose add failed changes nothing"
        case notes.MoreOfTheDevice(blocks):
            return f"the device has {counted(blocks, 'more block')}: a real eject takes it all"
        case notes.BlockAppeared(block):
            return f"{names((block,))}: there, not as the model had it"
        case notes.BlockVanished(block):
            return f"{names((block,))}: gone, not as the model had it"
        case notes.BlockDiffers(block, state, valid_zones, had_state, had_valid_zones):
            return f"{names((block,))}: {state} {valid_zones}, the model had {had_state} {had_valid_zones}"
        case notes.ZoneDiffers(node, zone, "free", pages, had):
            return f"{zone_name((node, zone))}: {pages:,} free pages, the model had {had:,}"
        case notes.ZoneDiffers(node, zone, what, pages, had):
            return f"{zone_name((node, zone))}: {what} {pages:,}, the model had {had:,}"
        case notes.StaysInFreeArea(pfn):
            return (
                f"this kernel leaves page {pfn:#x} in its free area, where it counts as free until someone would get it; here it "
                f"is taken out at once"
            )
        case notes.NoDriverYet(caller, kernel, since):
            return f"{kernel} has no driver {caller}: it came with Linux {since}; done as if it were there"
        case notes.OfTheCapture(text):
            return text
