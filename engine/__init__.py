"""altmap's engine: Linux memory hotplug with the memmap in the hot-added memory, as values and steps.

Everything that the explorer uses is named here. `open_machine` loads a saved picture of a machine; `Machine.apply` runs a
command; `Machine.check` states the invariants.
"""

from .capture.memory_devices import MemoryDevice, parse_devices
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
    RemoveLmbs,
    Sync,
    Unpin,
    VirtioMem,
    Write,
    describe,
)
from .commands.outcome import Outcome
from .commands.scripts import parse_line, parse_script
from .faces.boot import Ram, boot_machine
from .faces.devices import with_devices
from .faces.diff import Drift, describe_drift, diff, drift_lines
from .faces.film import Film, Move
from .faces.from_words import new_machine
from .faces.library import (
    bundled_machines,
    capture,
    machine_bytes,
    machine_names,
    open_machine,
    read_machine,
    rename,
    save_machine,
)
from .faces.lsmem import lsmem
from .faces.lsmem import separate as split_lsmem
from .faces.qemu_words import qemu_devices, qemu_nodes
from .faces.reboot import BOOT_KEYS, reboot
from .faces.shell_export import export as export_shell
from .kernels.architectures import Preset
from .kernels.model import KernelModel
from .kernels.models import KNOWN_MODELS, MODELS, changes_between, find_model
from .kernels.releases import Change
from .machine import Machine
from .memory.block import Block, Group, Request
from .memory.origin import Origin
from .memory.section import Memmap, Section
from .memory.settings import Boot, Settings
from .memory.state import Resource
from .memory.zone import Node, Zone
from .numbers.errors import BadInput
from .numbers.frozen import Frozen
from .numbers.geometry import Geometry
from .numbers.units import about_bytes, format_address, format_bytes, parse_bytes
from .protocol import events
from .protocol.events import Event
from .protocol.reasons import HotplugError, Reason
from .protocol.reasons.notes import Note
from .protocol.vocabulary import AUTO_ONLINE, CALLERS, PLACEMENTS
from .questions.compare import (
    VARIES,
    Comparison,
    Doing,
    Figure,
    Varied,
    compare,
    describe_comparison,
    doing,
    figures,
    vary,
)
from .questions.explain import Explained, explain
from .questions.give_back import GiveBack, asked_by_size, describe_give_back, give_back
from .questions.grow import Growth, grow
from .questions.measured import Measured, measured
from .questions.narrate import (
    GAP,
    Line,
    Moment,
    assumption,
    block_names,
    block_numbers,
    memmap_places,
    moment,
    plain,
    running,
    sentence,
    story,
)
from .questions.outlook import Outlook
from .questions.pages import Page
from .questions.shortage import Shortage, shortage
from .questions.summary import Summary
from .questions.why import (
    Verdict,
    describe_answer,
    describe_finding,
    describe_remedy,
    describe_verdict,
    describe_verdicts,
    why_not,
)
from .questions.worth_knowing import Advice, news, worth_knowing
from .run.invariants import Broken
from .run.timeline import Step, Timeline
from .sysfs.hotplug_files import PARAMETER_FILES

__all__ = [
    "AUTO_ONLINE",
    "BOOT_KEYS",
    "CALLERS",
    "GAP",
    "KNOWN_MODELS",
    "MODELS",
    "PARAMETER_FILES",
    "PLACEMENTS",
    "VARIES",
    "Add",
    "Advice",
    "Allocate",
    "BadInput",
    "Block",
    "Boot",
    "Broken",
    "Change",
    "Command",
    "Compact",
    "Comparison",
    "Doing",
    "Drift",
    "Eject",
    "Event",
    "Explained",
    "Figure",
    "Film",
    "Free",
    "Frozen",
    "Geometry",
    "GiveBack",
    "Group",
    "Growth",
    "HotplugError",
    "HugePages",
    "KernelModel",
    "Line",
    "Machine",
    "Measured",
    "Memmap",
    "MemoryDevice",
    "Moment",
    "Move",
    "Node",
    "Note",
    "Offline",
    "Online",
    "Origin",
    "Outcome",
    "Outlook",
    "Page",
    "Pin",
    "Poison",
    "Preset",
    "Ram",
    "Reason",
    "Remove",
    "RemoveLmbs",
    "Request",
    "Resource",
    "Section",
    "Settings",
    "Shortage",
    "Step",
    "Summary",
    "Sync",
    "Timeline",
    "Unpin",
    "Varied",
    "Verdict",
    "VirtioMem",
    "Write",
    "Zone",
    "about_bytes",
    "asked_by_size",
    "assumption",
    "block_names",
    "block_numbers",
    "boot_machine",
    "bundled_machines",
    "capture",
    "changes_between",
    "compare",
    "describe",
    "describe_answer",
    "describe_comparison",
    "describe_drift",
    "describe_finding",
    "describe_give_back",
    "describe_remedy",
    "describe_verdict",
    "describe_verdicts",
    "diff",
    "doing",
    "drift_lines",
    "events",
    "explain",
    "export_shell",
    "figures",
    "find_model",
    "format_address",
    "format_bytes",
    "give_back",
    "grow",
    "lsmem",
    "machine_bytes",
    "machine_names",
    "measured",
    "memmap_places",
    "moment",
    "new_machine",
    "news",
    "open_machine",
    "parse_bytes",
    "parse_devices",
    "parse_line",
    "parse_script",
    "plain",
    "qemu_devices",
    "qemu_nodes",
    "read_machine",
    "reboot",
    "rename",
    "running",
    "save_machine",
    "sentence",
    "shortage",
    "split_lsmem",
    "story",
    "vary",
    "why_not",
    "with_devices",
    "worth_knowing",
]
