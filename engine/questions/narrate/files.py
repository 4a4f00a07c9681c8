"""Sentences on files that are not read, or do not take what is written."""

from __future__ import annotations

from ...protocol.reasons import files
from ...protocol.reasons.files import FileReason
from .words import Names


def said(reason: FileReason, names: Names) -> str:
    """Why a file refuses."""
    match reason:
        case files.NotANumber(text):
            return f"{text!r} is not a number"
        case files.TooManyBits(text, bits):
            return f"{text!r} does not fit into {bits:,} bits"
        case files.NotABoolean(text):
            return f"{text!r} is not a boolean"
        case files.NotAmong(text, choices) if len(choices) == 1:
            return f"{text!r} is not {choices[0]}"
        case files.NotAmong(text, choices):
            return f"{text!r} is none of {', '.join(choices)}"
        case files.NoSuchFile(path):
            return f"{path} does not exist"
        case files.NotModelled(path):
            return (
                f"{path} is not among the files that are modelled: /proc/buddyinfo, /proc/pagetypeinfo, and some below /sys "
                f"and /proc/sys/vm"
            )
        case files.NotBuiltIn(path):
            return f"{path} does not exist: the kernel was built without it"
        case files.IsAFolder(path):
            return f"{path} is a folder"
        case files.OnlyWritten(path):
            return f"{path} can only be written"
        case files.OnlyRead(path):
            return f"{path} can only be read"
        case files.NoSuchBlock(block):
            return f"{names((block,))} does not exist"
        case files.ConfiguredAlready(block):
            return f"{names((block,))} is configured already; write 0 to its config first"
        case files.NoMemmapOnMemory():
            return "no block can carry its own memmap here: memory_hotplug.memmap_on_memory is off, or its rules say no"
        case files.NotWhileIn(wanted, now):
            return f"the device is {now}; to bring it to {wanted}, write unplugged first"
        case files.AlreadySo(block, state):
            return f"{names((block,))} is {state} already"
        case files.NotABlockAddress(address):
            return f"{address:#x} is not the address of a memory block"
        case files.NeverOnDemand(path):
            return f"{path}: gigantic pages are never made on demand"
