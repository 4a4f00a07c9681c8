"""A machine from words: sizes of nodes, a kernel and its command line, and memory devices that are there when it boots."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from ..commands import Add, HugePages, VirtioMem, describe
from ..kernels.architectures import ARCHITECTURES, Preset, preset_for
from ..kernels.block_sizes import block_size as probe
from ..kernels.distributions import build_in
from ..kernels.model import KernelModel
from ..kernels.models import find_model
from ..machine import Machine
from ..numbers.errors import BadInput, located
from ..numbers.kstrtobool import kstrtobool
from ..numbers.rounding import down, up
from ..numbers.units import GIB, MIB, format_bytes, parse_bytes
from ..protocol.vocabulary import Mode
from ..questions.narrate.reason import sentence
from .boot import MOST_NODES, Ram, boot_machine
from .crash_kernel import crash_ranges
from .qemu_words import Plugged

_X86_HOLE: Final = (3 * GIB, 4 * GIB)
"""Below 4 GiB firmware of x86 leaves a range to devices."""
_ACTING: Final = (
    "movable_node", "memmap_on_memory", "memory_hotplug.memmap_on_memory", "memory_hotplug.online_policy",
    "memory_hotplug.auto_movable_ratio", "memory_hotplug.auto_movable_numa_aware", "memhp_default_state", "hugepages",
    "hugepagesz", "default_hugepagesz", "hugetlb_free_vmemmap", "mem", "kernelcore", "movablecore", "crashkernel",
    "transparent_hugepage",
)  # fmt: skip
"""Boot options that change what the machine is."""
_PREFIX: Final = "memory_hotplug."
_ON_MEMORY: Final = "memmap_on_memory"


def new_machine(
    nodes: Sequence[int | str],
    *,
    arch: str = "x86_64",
    kernel: str = "6.12",
    block_size: int | str | None = None,
    append: str = "",
    cxl_windows: Sequence[str] = (),
    devices: Sequence[Plugged] = (),
    low: int | None = None,
    name: str = "new",
) -> Machine:
    """A machine that has just booted, as people and firmware put it; `boot_machine` is the same from addresses.

    `nodes`        sizes, one a node, in bytes or text such as "4G"; 0 for a node that firmware announced without memory
    `arch`         an architecture or one of its kernels: x86_64, arm64, s390x, arm64-64k ...
    `kernel`       a release, or what a distribution calls its kernel
    `block_size`   of a memory block, bytes or text; None: what that kernel chooses for so much memory
    `append`       words of the kernel command line: those that altmap models act, the others are named in the notes
    `cxl_windows`  where firmware keeps addresses for CXL memory, each such as "16G at 4T"
    `devices`      memory devices, added as the kernel boots, behind all other memory if they do not say where
    `low`          bytes of memory below 4 GiB where firmware of x86 leaves a range to devices; None: 3 GiB
    `name`         how the machine is called

    Of QEMU's command line, `qemu_words` tells `nodes`, `devices`, `low` and more. Raises `BadInput` for words that make no
    machine.
    """
    preset = ARCHITECTURES[arch] if arch in ARCHITECTURES else preset_for(arch)
    model = find_model(kernel)
    given = _options(append)
    options = dict(given)
    sizes = [parse_bytes(size) for size in nodes]
    _refuse_policies(options, model)
    banks = _banks(sizes, preset, preset.geometry_in(model.release).section_size, options.get("mem"), low)
    windows = [_window(text) for text in cxl_windows]
    reserved, notes = _crash_kernel(given, banks, preset)
    machine = boot_machine(
        banks,
        arch=preset.name,
        model=model.name,
        nodes=len(sizes),
        block_size=_probed(preset, model, banks, windows) if block_size is None else block_size,
        memmap_on_memory=_mode(options, model),
        auto_online=_auto_online(options, kernel),
        options=append,
        reserved=reserved,
        name=name,
    )
    notes += [*_notes(options), *_hugepages(machine, given), *_plug(machine, devices)]
    machine = machine.copy()  # what the boot did is no step of its history
    about = f"{', '.join(map(format_bytes, sizes))} on {len(sizes)} node{'s' * (len(sizes) != 1)}, made from words"
    machine._origin = msgspec.structs.replace(machine.origin, description=about, notes=(*machine.origin.notes, *notes))
    return machine


def _banks(sizes: Sequence[int], preset: Preset, section: int, mem: str | None, low: int | None) -> list[Ram]:
    """The memory of nodes of these sizes, as much of it as mem= leaves. Raises `BadInput` where that is none."""
    if not any(sizes) or len(sizes) > MOST_NODES:
        raise BadInput(f"a machine has 1 to {MOST_NODES} nodes, and one at least with memory; write --nodes 2G,2G,0")
    banks = list(_laid_out(sizes, preset, parse_bytes(mem) if mem else None, section, low))
    if not banks:
        raise BadInput(f"mem={mem} leaves no memory; memory is made of whole sections of {format_bytes(section)}")
    return banks


def _probed(preset: Preset, model: KernelModel, banks: Sequence[Ram], windows: list[tuple[int, int]]) -> int | None:
    """The size of a memory block where the kernel chooses it by how much memory there is; None where it does not."""
    if preset.blocks_by != "memory":
        return None
    end = int(banks[-1].start) + int(banks[-1].size)
    return probe(preset, model, end, preset.geometry_in(model.release).block_size, True, windows)


def _crash_kernel(
    given: Sequence[tuple[str, str]], banks: Sequence[Ram], preset: Preset
) -> tuple[list[tuple[int, int]], list[str]]:
    """The ranges that crashkernel= keeps of the memory, and what is to be said of it."""
    memory = [(int(bank.start), int(bank.start) + int(bank.size)) for bank in banks]
    with located("crashkernel"):
        return crash_ranges([value for key, value in given if key == "crashkernel" and value], memory, preset)


def _mode(options: Mapping[str, str], model: KernelModel) -> Mode:
    """The parameter memmap_on_memory as the command line sets it. Raises `BadInput` for what that kernel does not take."""
    text = options.get(_PREFIX + _ON_MEMORY, options.get(_ON_MEMORY, "N"))
    mode: Mode = "force" if text.lower() == "force" else "Y" if kstrtobool(text or "Y") else "N"
    known = mode in (model.parameter_modes or ("N", "Y"))
    if not known or (mode == "N" and kstrtobool(text) is None):
        words = ", ".join(model.parameter_modes or ("N", "Y"))
        raise BadInput(f"{_PREFIX}{_ON_MEMORY}={text[:60]} is none of {words}, which {model.name} knows")
    return mode


def _refuse_policies(options: Mapping[str, str], model: KernelModel) -> None:
    """Raise `BadInput` for words of online_policy and its two parameters that a kernel which has them does not take."""
    rows: Mapping[str, tuple[Callable[[str], object], str]] = {
        "online_policy": (lambda text: text in model.policies, f"one of {', '.join(model.policies)}"),
        "auto_movable_ratio": (lambda text: re.fullmatch("[0-9]{1,9}", text), "a percentage such as 301"),
        "auto_movable_numa_aware": (lambda text: not text or kstrtobool(text) is not None, "Y or N"),
    }
    for name, (takes, words) in rows.items():
        text = options.get(_PREFIX + name)
        if text is not None and "auto-movable" in model.policies and not takes(text):
            raise BadInput(f"{_PREFIX}{name}={text[:60]} is not {words}, as {model.name} takes it")


def _auto_online(options: Mapping[str, str], kernel: str) -> str:
    """What auto_online_blocks is after the boot of a kernel. Raises `BadInput` for a word that it does not know."""
    model, built = find_model(kernel), build_in(kernel)
    word = options.get("memhp_default_state") or (model if built is None else built).default_online
    if word not in model.online_words:
        raise BadInput(
            f"memhp_default_state={word} is none of {', '.join(model.online_words)}, which {model.name} knows"
        )
    return word


def _window(text: str) -> tuple[int, int]:
    """First address of a window, and first behind it."""
    size, _, start = text.replace("@", " at ").partition(" at ")
    with located("CXL window"):
        if not start:
            raise BadInput(f"{text!r} is no window of CXL memory; write: 16G at 4T")
        return parse_bytes(start), parse_bytes(start) + parse_bytes(size)


def _options(append: str) -> list[tuple[str, str]]:
    try:
        words = shlex.split(append)
    except ValueError as error:
        raise BadInput(f"the command line {append[:60]!r} cannot be read: {error}") from None
    split = (word.partition("=") for word in words)
    return [(key, value) for key, _, value in split]


def _laid_out(sizes: Sequence[int], preset: Preset, limit: int | None, section: int, low: int | None) -> Iterator[Ram]:
    """Nodes one behind the other; on x86 with the hole of devices below 4 GiB, where mem= is an address, elsewhere an amount."""
    at, left = preset.begins, limit
    low, high = low or _X86_HOLE[0], _X86_HOLE[1]
    hole = preset.devices is not None and sum(sizes) > low
    low, high = (low, high) if hole else (0, 0)
    if hole and left is not None and left > low:
        left = max(low, left - (high - low))
    for node, size in enumerate(sizes):
        if size % section:
            raise BadInput(
                f"node {node} has {format_bytes(size)}; memory is made of whole sections of {format_bytes(section)}"
            )
        if left is not None:
            size = min(size, down(left, section))
            left -= size
        while size:
            part = min(size, low - at) if at < low else size
            if part:
                yield Ram(node, at, part)
            at, size = at + part, size - part
            at = high if low and at == low else at


def _hugepages(machine: Machine, given: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The pools of the boot: each hugepages= is of the size that the last word before it named (hugepages_setup)."""
    default = dict(given).get("default_hugepagesz") or format_bytes(machine.architecture.huge_page or 2 * MIB)
    size = default
    for key, value in given:
        if key in ("hugepagesz", "default_hugepagesz"):
            size = value
        if key != "hugepages":
            continue
        with located("hugepages"):
            for count, node in _counts(value):
                outcome = machine.apply(HugePages(count=count, size=size, node=node))
                if not outcome.ok:
                    yield f"hugepages={value}: {outcome.result}"
        size = default


def _counts(value: str) -> Iterator[tuple[int, int | None]]:
    """Numbers of pages: of all nodes, or of each by its number, as 0:512,1:256."""
    if value.isdecimal() and len(value) < 10:
        yield int(value), None
        return
    for part in value.split(","):
        node, _, count = part.partition(":")
        if not (node.isdecimal() and count.isdecimal() and len(part) < 20):
            raise BadInput(
                f"{value[:40]!r} is no number of pages; write hugepages=512, or by node hugepages=0:512,1:256"
            )
        yield int(count), int(node)


_NO_BLOCKS: Final = {
    "nvdimm": "persistent memory is no memory block until its namespace is given to the system (daxctl reconfigure-device); "
    "add it as caller dax then",
    "cxl-type3": "CXL memory is no memory block until a region is made of it (cxl create-region); add it as caller cxl then",
}
"""Devices whose memory the kernel does not add as it boots."""


def _plug(machine: Machine, devices: Sequence[Plugged]) -> Iterator[str]:
    """Memory devices, which the kernel adds as it boots."""
    ends = [resource.end for resource in machine.resources.values() if resource.ram]
    behind = up(max(4 * GIB, *ends), GIB) if devices else 0
    for device in devices:
        start = behind if device.start is None else device.start
        if device.sort in _NO_BLOCKS:
            where = f" at {start:#x}" if device.span else ""
            yield f"the {device.sort} of {format_bytes(device.size)}{where} is left out: {_NO_BLOCKS[device.sort]}"
            behind = max(behind, up(start + device.span, machine.geometry.block_size))
            continue
        command: Add | VirtioMem = Add(start=start, size=device.size, node=device.node)
        if device.unit:
            command = VirtioMem(start=start, size=device.size, unit=device.unit, node=device.node)
        outcome = machine.apply(command)
        if not outcome.ok:
            yield f"{describe(command)}: {outcome.result}, {sentence(outcome.reason)}"
        behind = max(behind, up(start + device.span, machine.geometry.block_size))


def _notes(options: dict[str, str]) -> Iterator[str]:
    if "movable_node" in options and {"kernelcore", "movablecore"} & options.keys():
        yield "movable_node is given, so kernelcore and movablecore are ignored"
    if options.get("kernelcore") == "mirror":
        yield "kernelcore=mirror: which memory firmware mirrors is not known; it is left out"
    if _ON_MEMORY in options and _PREFIX + _ON_MEMORY not in options:
        yield f"{_ON_MEMORY} is taken for {_PREFIX}{_ON_MEMORY}, as a kernel must be told: by the short name it does nothing"
    others = [key for key in options if key not in _ACTING]
    if others:
        yield f"of the command line these are not acted on: {', '.join(others)}"
