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
from .drift import Drift, diff
from .drift import describe as describe_drift
from .errors import BadInput, HotplugError
from .library import bundled_machines, capture, open_machine, rename, save_machine
from .lsmem import lsmem
from .lsmem import separate as split_lsmem
from .machine import Machine
from .models import CALLERS, MODELS, PLACEMENTS, KernelModel
from .origin import Origin
from .outcome import Outcome
from .scripts import parse_script
from .shell_export import export as export_shell
from .shortage import Shortage, shortage
from .state import State
from .timeline import Step
from .trial import clone
from .units import about_bytes, format_address, format_bytes, parse_bytes
from .whatif import Comparison, compare
from .whatif import describe as describe_comparison
from .why import Verdict, why_not
from .why import describe as describe_verdict
from .why import describe_all as describe_verdicts
from .why import finding as describe_finding
from .why import told as describe_remedy

__all__ = [
    "CALLERS",
    "MODELS",
    "PLACEMENTS",
    "Add",
    "Allocate",
    "BadInput",
    "Command",
    "Compact",
    "Comparison",
    "Drift",
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
    "Shortage",
    "State",
    "Step",
    "Sync",
    "Unpin",
    "Verdict",
    "VirtioMem",
    "Write",
    "about_bytes",
    "boot_machine",
    "bundled_machines",
    "capture",
    "clone",
    "compare",
    "describe",
    "describe_comparison",
    "describe_drift",
    "describe_finding",
    "describe_remedy",
    "describe_verdict",
    "describe_verdicts",
    "diff",
    "export_shell",
    "format_address",
    "format_bytes",
    "lsmem",
    "open_machine",
    "parse_bytes",
    "parse_script",
    "rename",
    "save_machine",
    "shortage",
    "split_lsmem",
    "why_not",
]
