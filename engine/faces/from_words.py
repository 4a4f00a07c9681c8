"""A machine from words: sizes of nodes, a kernel and its command line; or what QEMU is started with."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from ..commands import HugePages
from ..kernels.architectures import ARCHITECTURES, preset_for
from ..kernels.block_sizes import block_size as probe
from ..kernels.models import find_model
from ..machine import Machine
from ..numbers.errors import BadInput, located
from ..numbers.rounding import down
from ..numbers.units import GIB, format_bytes, parse_bytes
from .boot import Ram, boot_machine

_MOST_NODES: Final = 1024
_X86_HOLE: Final = (3 * GIB, 4 * GIB)
"""Below 4 GiB firmware of x86 leaves a range to devices."""
_ACTING: Final = (
    "movable_node", "memmap_on_memory", "memory_hotplug.memmap_on_memory", "memory_hotplug.online_policy",
    "memory_hotplug.auto_movable_ratio", "memory_hotplug.auto_movable_numa_aware", "memhp_default_state", "hugepages",
    "hugepagesz", "hugetlb_free_vmemmap", "mem",
)  # fmt: skip
"""Boot options that change what the machine is."""


def new_machine(
    nodes: Sequence[int | str],
    *,
    arch: str = "x86_64",
    kernel: str = "6.12",
    block_size: int | str | None = None,
    append: str = "",
    cxl_windows: Sequence[str] = (),
    name: str = "new",
) -> Machine:
    """A machine that has just booted: `nodes` are sizes, one a node, 0 for one that firmware announced without memory.

    `arch` is an architecture or one of its kernels (x86_64, arm64, s390x, arm64-64k ...), `kernel` a release, `append` words of
    its command line: those that altmap models act, and the others are named in the notes. `cxl_windows` are such as "16G at 4T":
    where firmware keeps addresses for CXL memory. Raises `BadInput` for words that make no machine.
    """
    preset = arch if arch in ARCHITECTURES else preset_for(arch, None, None).name
    model = find_model(kernel)
    options = _options(append)
    sizes = [parse_bytes(size) for size in nodes]
    if not any(sizes) or len(sizes) > _MOST_NODES:
        raise BadInput(f"a machine has 1 to {_MOST_NODES} nodes, and one at least with memory; write --nodes 2G,2G,0")
    limit = parse_bytes(options["mem"]) if options.get("mem") else None
    section = ARCHITECTURES[preset].geometry_in(model.release).section_size
    banks = list(_laid_out(sizes, preset, limit, section))
    windows = [_window(text) for text in cxl_windows]
    if block_size is None and ARCHITECTURES[preset].blocks_by == "memory":
        usual, end = (
            ARCHITECTURES[preset].geometry_in(model.release).block_size,
            int(banks[-1].start) + int(banks[-1].size),
        )
        block_size = probe(ARCHITECTURES[preset], model, end, usual, True, windows)
    on_memory = options.get("memory_hotplug.memmap_on_memory", options.get("memmap_on_memory", "N"))
    online = options.get("memhp_default_state") or model.default_online
    if online not in model.online_words:
        raise BadInput(
            f"memhp_default_state={online} is none of {', '.join(model.online_words)}, which {model.name} knows"
        )
    machine = boot_machine(
        banks,
        arch=preset,
        model=model.name,
        nodes=len(sizes),
        block_size=block_size,
        memmap_on_memory=_MODES.get(on_memory.lower(), "N"),
        auto_online=online,
        options=append,
        name=name,
    )
    notes = list(_notes(options, model.name))
    if pages := options.get("hugepages"):
        notes += _hugepages(machine, pages, options.get("hugepagesz"))
    machine = machine.copy()  # the pool of the boot is no step of its history
    about = f"{', '.join(map(format_bytes, sizes))} on {len(sizes)} node{'s' * (len(sizes) != 1)}, made from words"
    machine._origin = msgspec.structs.replace(machine.origin, description=about, notes=(*machine.origin.notes, *notes))
    return machine


_MODES: Final = {"": "Y", "1": "Y", "y": "Y", "on": "Y", "yes": "Y", "force": "force"}


def _window(text: str) -> tuple[int, int]:
    """First address of a window, and first behind it."""
    size, _, start = text.replace("@", " at ").partition(" at ")
    with located("CXL window"):
        if not start:
            raise BadInput(f"{text!r} is no window of CXL memory; write: 16G at 4T")
        return parse_bytes(start), parse_bytes(start) + parse_bytes(size)


def _options(append: str) -> dict[str, str]:
    try:
        words = shlex.split(append)
    except ValueError as error:
        raise BadInput(f"the command line {append[:60]!r} cannot be read: {error}") from None
    options: dict[str, str] = {}
    for word in words:
        key, _, value = word.partition("=")
        options[key] = value
    return options


def _laid_out(sizes: Sequence[int], arch: str, limit: int | None, section: int) -> Iterator[Ram]:
    """Nodes one behind the other; on x86 with the hole of devices below 4 GiB."""
    at, left = ARCHITECTURES[arch].begins, limit
    low, high = _X86_HOLE if arch.startswith("x86") and sum(sizes) > _X86_HOLE[0] else (0, 0)
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


def _hugepages(machine: Machine, count: str, size: str | None) -> Iterator[str]:
    """The pool of the boot, on all nodes."""
    with located("hugepages"):
        if not count.isdecimal():
            raise BadInput(f"{count!r} is no number of pages; pools by node are not modelled")
        outcome = machine.apply(HugePages(count=int(count), size=size or "2M"))
    if not outcome.ok:
        yield f"hugepages={count}: {outcome.result}"


def _notes(options: dict[str, str], kernel: str) -> Iterator[str]:
    others = [key for key in options if key not in _ACTING]
    if others:
        yield f"of the command line these are not acted on: {', '.join(others)}"


# -- QEMU's words -------------------------------------------------------------------------------------------------------

_QEMU: Final = re.compile(r"-(m|numa|object|smp|machine|M|append|cpu)$")


def qemu_nodes(line: str) -> tuple[str, ...]:
    """The sizes of the nodes that QEMU's ``-m 2G,slots=8,maxmem=64G -numa node,mem=1G ...`` makes. Raises `BadInput` where it
    names no memory."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadInput(f"{line[:60]!r} cannot be read: {error}") from None
    memory, nodes, backends = "", list[dict[str, str]](), dict[str, str]()
    for option, value in pairwise(words):
        if not _QEMU.fullmatch(option):
            continue
        first, *rest = value.split(",")
        fields = dict(part.partition("=")[::2] for part in rest)
        if option == "-m":
            memory = fields.get("size", first.removeprefix("size="))
        elif option == "-object" and first.startswith("memory-backend"):
            backends[fields.get("id", "")] = fields.get("size", "0")
        elif option == "-numa" and first == "node":
            nodes.append(fields)
    if not memory:
        raise BadInput(f"{line[:60]!r} names no memory; write as for QEMU: -m 2G,slots=8,maxmem=64G -numa node,mem=1G")
    memory = memory if memory[-1:].isalpha() else f"{memory}M"
    if not nodes:
        return (memory,)
    sizes = [node.get("mem") or backends.get(node.get("memdev", ""), "0") for node in nodes]
    return tuple(size if size[-1:].isalpha() or size == "0" else f"{size}M" for size in sizes)
