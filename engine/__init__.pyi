"""The public names of the engine, each from its module: made by ``python -m tests.make_stub``."""

from .commands import Add as Add
from .commands import Allocate as Allocate
from .commands import Command as Command
from .commands import Compact as Compact
from .commands import Eject as Eject
from .commands import Free as Free
from .commands import HugePages as HugePages
from .commands import Offline as Offline
from .commands import Online as Online
from .commands import Pin as Pin
from .commands import Poison as Poison
from .commands import Remove as Remove
from .commands import RemoveLmbs as RemoveLmbs
from .commands import Sync as Sync
from .commands import Unpin as Unpin
from .commands import VirtioMem as VirtioMem
from .commands import Write as Write
from .commands import describe as describe
from .commands.outcome import Outcome as Outcome
from .commands.scripts import parse_line as parse_line
from .commands.scripts import parse_script as parse_script
from .faces.boot import Ram as Ram
from .faces.boot import boot_machine as boot_machine
from .faces.devices import with_devices as with_devices
from .faces.diff import BlockSeen as BlockSeen
from .faces.diff import Changed as Changed
from .faces.diff import ChangedValue as ChangedValue
from .faces.diff import Drift as Drift
from .faces.diff import NodeSeen as NodeSeen
from .faces.diff import PoolSeen as PoolSeen
from .faces.diff import describe_drift as describe_drift
from .faces.diff import diff as diff
from .faces.diff import drift_lines as drift_lines
from .faces.film import Film as Film
from .faces.film import Move as Move
from .faces.from_words import new_machine as new_machine
from .faces.library import Bundled as Bundled
from .faces.library import bundled_machines as bundled_machines
from .faces.library import capture as capture
from .faces.library import machine_bytes as machine_bytes
from .faces.library import machine_names as machine_names
from .faces.library import open_machine as open_machine
from .faces.library import read_machine as read_machine
from .faces.library import rename as rename
from .faces.library import save_machine as save_machine
from .faces.lsmem import lsmem as lsmem
from .faces.lsmem import split_lsmem as split_lsmem
from .faces.qemu_words import Plugged as Plugged
from .faces.qemu_words import QemuWords as QemuWords
from .faces.qemu_words import qemu_words as qemu_words
from .faces.reboot import BOOT_KEYS as BOOT_KEYS
from .faces.reboot import reboot as reboot
from .faces.shell_export import export_shell as export_shell
from .faces.shell_export import shell_script as shell_script
from .kernels.architectures import ARCHITECTURES as ARCHITECTURES
from .kernels.architectures import Preset as Preset
from .kernels.model import KernelModel as KernelModel
from .kernels.models import KNOWN_MODELS as KNOWN_MODELS
from .kernels.models import MODELS as MODELS
from .kernels.models import changes_between as changes_between
from .kernels.models import find_model as find_model
from .kernels.releases import Change as Change
from .machine import Machine as Machine
from .memory.block import Block as Block
from .memory.block import Group as Group
from .memory.block import Request as Request
from .memory.origin import Origin as Origin
from .memory.section import Memmap as Memmap
from .memory.section import Pages as Pages
from .memory.section import Section as Section
from .memory.section import Types as Types
from .memory.settings import Boot as Boot
from .memory.settings import Settings as Settings
from .memory.state import Resource as Resource
from .memory.zone import Node as Node
from .memory.zone import Zone as Zone
from .numbers.errors import BadInput as BadInput
from .numbers.frozen import Frozen as Frozen
from .numbers.geometry import Geometry as Geometry
from .numbers.units import about_bytes as about_bytes
from .numbers.units import format_address as format_address
from .numbers.units import format_bytes as format_bytes
from .numbers.units import parse_bytes as parse_bytes
from .protocol import events as events
from .protocol import reasons as reasons
from .protocol.events import Event as Event
from .protocol.names import block_names as block_names
from .protocol.names import block_numbers as block_numbers
from .protocol.reasons import HotplugError as HotplugError
from .protocol.reasons import Reason as Reason
from .protocol.reasons.notes import Note as Note
from .protocol.vocabulary import AUTO_ONLINE as AUTO_ONLINE
from .protocol.vocabulary import CALLERS as CALLERS
from .protocol.vocabulary import KINDS as KINDS
from .protocol.vocabulary import PLACEMENTS as PLACEMENTS
from .questions.compare import VARIES as VARIES
from .questions.compare import AlikeBlocks as AlikeBlocks
from .questions.compare import Alternative as Alternative
from .questions.compare import AutoMovable as AutoMovable
from .questions.compare import Combination as Combination
from .questions.compare import Comparison as Comparison
from .questions.compare import Doing as Doing
from .questions.compare import Figure as Figure
from .questions.compare import MemmapShare as MemmapShare
from .questions.compare import MemoryTotals as MemoryTotals
from .questions.compare import Sheet as Sheet
from .questions.compare import StuckBlocks as StuckBlocks
from .questions.compare import Varied as Varied
from .questions.compare import compare as compare
from .questions.compare import describe_comparison as describe_comparison
from .questions.compare import doing as doing
from .questions.compare import figures as figures
from .questions.compare import vary as vary
from .questions.give_back import GiveBack as GiveBack
from .questions.give_back import HeldBlocks as HeldBlocks
from .questions.give_back import describe_give_back as describe_give_back
from .questions.give_back import give_back as give_back
from .questions.grow import Growth as Growth
from .questions.grow import GrowthDanger as GrowthDanger
from .questions.grow import GrowthDoubt as GrowthDoubt
from .questions.grow import GrowthPoint as GrowthPoint
from .questions.grow import grow as grow
from .questions.kernel_log.explain import Explained as Explained
from .questions.kernel_log.explain import explain as explain
from .questions.measured import Measured as Measured
from .questions.measured import measured as measured
from .questions.narrate.lines import GAP as GAP
from .questions.narrate.lines import Line as Line
from .questions.narrate.lines import plain as plain
from .questions.narrate.lines import running as running
from .questions.narrate.moments import Moment as Moment
from .questions.narrate.moments import moment as moment
from .questions.narrate.reason import sentence as sentence
from .questions.narrate.story import Said as Said
from .questions.narrate.story import assumption as assumption
from .questions.narrate.story import memmap_places as memmap_places
from .questions.narrate.story import story as story
from .questions.outlook import Outlook as Outlook
from .questions.pages import Page as Page
from .questions.place_asked import by_blocks as by_blocks
from .questions.shortage import Shortage as Shortage
from .questions.shortage import shortage as shortage
from .questions.size_asked import asked_by_size as asked_by_size
from .questions.suggested import suggested_address as suggested_address
from .questions.summary import Summary as Summary
from .questions.why.ask import why_not as why_not
from .questions.why.verdict import Blocker as Blocker
from .questions.why.verdict import Remedy as Remedy
from .questions.why.verdict import Verdict as Verdict
from .questions.why.verdict import worst as worst
from .questions.why.words import describe_answer as describe_answer
from .questions.why.words import describe_finding as describe_finding
from .questions.why.words import describe_remedy as describe_remedy
from .questions.why.words import describe_verdict as describe_verdict
from .questions.why.words import describe_verdicts as describe_verdicts
from .questions.worth_knowing import Advice as Advice
from .questions.worth_knowing import news as news
from .questions.worth_knowing import worth_knowing as worth_knowing
from .reading.memory_devices import MemoryDevice as MemoryDevice
from .reading.memory_devices import parse_devices as parse_devices
from .reading.other_pictures import as_text as as_text
from .run.invariants import Broken as Broken
from .run.timeline import Step as Step
from .run.timeline import Timeline as Timeline
from .sysfs.paths import PARAMETER_FILES as PARAMETER_FILES
from .sysfs.report import SectionReport as SectionReport
from .sysfs.report import ZoneReport as ZoneReport

HOMES: dict[str, str]

__all__ = [
    "ARCHITECTURES",
    "AUTO_ONLINE",
    "BOOT_KEYS",
    "CALLERS",
    "GAP",
    "KINDS",
    "KNOWN_MODELS",
    "MODELS",
    "PARAMETER_FILES",
    "PLACEMENTS",
    "VARIES",
    "Add",
    "Advice",
    "AlikeBlocks",
    "Allocate",
    "Alternative",
    "AutoMovable",
    "BadInput",
    "Block",
    "BlockSeen",
    "Blocker",
    "Boot",
    "Broken",
    "Bundled",
    "Change",
    "Changed",
    "ChangedValue",
    "Combination",
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
    "GrowthDanger",
    "GrowthDoubt",
    "GrowthPoint",
    "HeldBlocks",
    "HotplugError",
    "HugePages",
    "KernelModel",
    "Line",
    "Machine",
    "Measured",
    "Memmap",
    "MemmapShare",
    "MemoryDevice",
    "MemoryTotals",
    "Moment",
    "Move",
    "Node",
    "NodeSeen",
    "Note",
    "Offline",
    "Online",
    "Origin",
    "Outcome",
    "Outlook",
    "Page",
    "Pages",
    "Pin",
    "Plugged",
    "Poison",
    "PoolSeen",
    "Preset",
    "QemuWords",
    "Ram",
    "Reason",
    "Remedy",
    "Remove",
    "RemoveLmbs",
    "Request",
    "Resource",
    "Said",
    "Section",
    "SectionReport",
    "Settings",
    "Sheet",
    "Shortage",
    "Step",
    "StuckBlocks",
    "Summary",
    "Sync",
    "Timeline",
    "Types",
    "Unpin",
    "Varied",
    "Verdict",
    "VirtioMem",
    "Write",
    "Zone",
    "ZoneReport",
    "about_bytes",
    "as_text",
    "asked_by_size",
    "assumption",
    "block_names",
    "block_numbers",
    "boot_machine",
    "bundled_machines",
    "by_blocks",
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
    "qemu_words",
    "read_machine",
    "reasons",
    "reboot",
    "rename",
    "running",
    "save_machine",
    "sentence",
    "shell_script",
    "shortage",
    "split_lsmem",
    "story",
    "suggested_address",
    "vary",
    "why_not",
    "with_devices",
    "worst",
    "worth_knowing",
]
