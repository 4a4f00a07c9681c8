"""altmap's engine: Linux memory hotplug with the memmap in the hot-added memory, as values and steps.

Everything that the explorer uses is named here. `open_machine` loads a saved picture of a machine; `Machine.apply` runs a
command; `Machine.check` states the invariants.
"""

from .boot import Ram, boot_machine
from .commands import (
    Add,
    Allocate,
    Command,
    Compact,
    Eject,
    Free,
    HugePages,
    Offline,
    Online,
    Pin,
    Poison,
    Remove,
    Sync,
    Unpin,
    VirtioMem,
    Write,
    describe,
)
from .errors import BadInput, HotplugError
from .library import bundled_machines, capture, open_machine, rename, save_machine
from .machine import Machine
from .models import CALLERS, MODELS, PLACEMENTS, KernelModel
from .origin import Origin
from .outcome import Outcome
from .units import format_address, format_bytes, parse_bytes

__all__ = [
    "CALLERS",
    "MODELS",
    "PLACEMENTS",
    "Add",
    "Allocate",
    "BadInput",
    "Command",
    "Compact",
    "Eject",
    "Free",
    "HotplugError",
    "HugePages",
    "KernelModel",
    "Machine",
    "Offline",
    "Online",
    "Origin",
    "Outcome",
    "Pin",
    "Poison",
    "Ram",
    "Remove",
    "Sync",
    "Unpin",
    "VirtioMem",
    "Write",
    "boot_machine",
    "bundled_machines",
    "capture",
    "describe",
    "format_address",
    "format_bytes",
    "open_machine",
    "parse_bytes",
    "rename",
    "save_machine",
]
