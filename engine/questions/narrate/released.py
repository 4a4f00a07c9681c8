"""Sentences on which real kernels put a memmap where."""

from __future__ import annotations

from ...numbers.units import format_bytes
from ...protocol.reasons import released
from ...protocol.reasons.released import Released
from .words import Names


def said(reason: Released, names: Names) -> str:
    """Which kernels do it, or what it takes."""
    match reason:
        case released.AsItIs():
            return "as it is"
        case released.OnlyProposed(proposed):
            return f"in no released kernel ({proposed})"
        case released.NeverAsked(caller):
            return f"in no released kernel ({caller} does not ask for it)"
        case released.AtBoot(mode):
            return f"memmap_on_memory={mode} at boot"
        case released.NoValueDoes():
            return "with no value of memmap_on_memory on this machine"
        case released.OwnFile():
            return "if the device's file /sys/bus/dax/devices/daxX.Y/memmap_on_memory says 1 before kmem takes it"
        case released.SinceRelease(release):
            return f"from Linux {release} on"
        case released.EveryRelease():
            return "in every released kernel"
        case released.OtherKernel(model):
            return f"with Linux {model}"
        case released.OtherBlocks(size, "memory"):
            return f"blocks of {format_bytes(size)}: by where the memory of the boot ends, no option"
        case released.OtherBlocks(size, "firmware"):
            return f"blocks of {format_bytes(size)}: as the firmware or hypervisor is told"
        case released.OtherBlocks(size):
            return f"blocks of {format_bytes(size)}: never, a block is one section here"
