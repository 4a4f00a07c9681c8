"""altmap's engine: Linux memory hotplug with the memmap in the hot-added memory, as values and steps.

Where to begin:

    a machine    `open_machine` (bundled, saved or captured), `capture` (this one), `boot_machine` and `new_machine` (from numbers
                 and words), `reboot` (the same memory under another kernel); `save_machine` keeps one with its history
    what it does `Machine.apply` runs a command (`Add`, `Online`, `Offline`, `Remove` ..., or lines of a script by `parse_line`)
                 and returns an `Outcome`; `Machine.steps` yields its events one by one, `Film` plays them both ways
    what it is   `Machine.blocks`, `zones`, `sections`, `nodes`, and `read`, which prints a file as its kernel would;
                 `Machine.check` names the invariants that do not hold
    questions    `why_not`, `give_back`, `compare`, `grow`, `diff`, `explain`, `worth_knowing`: each returns data, none changes
                 the machine
    sentences    `sentence` words a reason; what begins with `describe` words an answer; `plain` makes text of its lines

A pfn is a page frame number, a size is bytes unless it is said to be pages, and text such as "4G" stands for a size wherever one
is asked for. What is refused by the kernel is an outcome; what makes no sense raises `BadInput`. `expect`, a field of all
commands, is the errno that a script expects of one, by its name; an outcome with just that result counts as expected.

A name is looked up in its module when it is first asked for, so that a question costs the imports that it needs. Type checkers
read the same names in ``__init__.pyi``, which ``python -m tests.make`` writes from the table below.
"""

HOMES = {
    "commands": (
        "Add Allocate Command Compact Eject Free HugePages Offline Online Pin Poison Remove RemoveLmbs Sync "
        "Unpin VirtioMem Write describe"
    ),
    "commands.outcome": "Outcome",
    "commands.scripts": "parse_line parse_script",
    "faces.boot": "Ram boot_machine",
    "faces.devices": "with_devices",
    "faces.diff": "BlockSeen Changed ChangedValue Drift NodeSeen PoolSeen describe_drift diff drift_lines",
    "faces.film": "Film Move",
    "faces.from_words": "new_machine",
    "faces.library": (
        "Bundled bundled_machines capture machine_bytes machine_names open_machine read_machine rename save_machine"
    ),
    "faces.lsmem": "lsmem split_lsmem",
    "faces.qemu_words": "Plugged QemuWords qemu_words",
    "faces.reboot": "BOOT_KEYS reboot",
    "faces.shell_export": "export_shell shell_script",
    "kernels.architectures": "ARCHITECTURES Preset",
    "kernels.model": "KernelModel",
    "kernels.models": "KNOWN_MODELS MODELS changes_between find_model",
    "kernels.releases": "Change",
    "machine": "Machine",
    "memory.block": "Block Group Request",
    "memory.origin": "Origin",
    "memory.section": "Memmap Pages Section Types",
    "memory.settings": "Boot Settings",
    "memory.state": "Resource",
    "memory.zone": "Node Zone",
    "numbers.errors": "BadInput",
    "numbers.frozen": "Frozen",
    "numbers.geometry": "Geometry",
    "numbers.units": "about_bytes format_address format_bytes parse_bytes",
    "protocol": "events reasons",
    "protocol.events": "Event",
    "protocol.names": "block_names block_numbers",
    "protocol.reasons": "HotplugError Reason",
    "protocol.reasons.notes": "Note",
    "protocol.vocabulary": "AUTO_ONLINE CALLERS KINDS PLACEMENTS",
    "questions.compare": (
        "VARIES AlikeBlocks Alternative AutoMovable Combination Comparison Doing Figure MemmapShare MemoryTotals Sheet "
        "StuckBlocks Varied compare describe_comparison doing figures vary"
    ),
    "questions.give_back": "GiveBack HeldBlocks describe_give_back give_back",
    "questions.grow": "Growth GrowthDanger GrowthDoubt GrowthPoint grow",
    "questions.kernel_log.explain": "Explained explain",
    "questions.measured": "Measured measured",
    "questions.narrate.lines": "GAP Line plain running",
    "questions.narrate.moments": "Moment moment",
    "questions.narrate.reason": "sentence",
    "questions.narrate.story": "Said assumption memmap_places story",
    "questions.outlook": "Outlook",
    "questions.pages": "Page",
    "questions.place_asked": "by_blocks",
    "questions.shortage": "Shortage shortage",
    "questions.size_asked": "asked_by_size",
    "questions.suggested": "suggested_address",
    "questions.summary": "Summary",
    "questions.why.ask": "why_not",
    "questions.why.verdict": "Blocker Remedy Verdict worst",
    "questions.why.words": ("describe_answer describe_finding describe_remedy describe_verdict describe_verdicts"),
    "questions.worth_knowing": "Advice news worth_knowing",
    "reading.memory_devices": "MemoryDevice parse_devices",
    "reading.other_pictures": "as_text",
    "run.invariants": "Broken",
    "run.timeline": "Step Timeline",
    "sysfs.paths": "PARAMETER_FILES",
    "sysfs.report": "SectionReport ZoneReport",
}
"""The public names, by the module that each is in."""

_HOME = {name: module for module, names in HOMES.items() for name in names.split()}

__all__ = [*_HOME]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = __import__(_HOME[name], globals(), fromlist=(name,), level=1)
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
