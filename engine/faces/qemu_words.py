"""What QEMU is started with: the memory of nodes, and memory devices that are there when the guest boots."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

from ..numbers.errors import BadInput
from ..numbers.units import GIB, parse_bytes

_OPTIONS: Final = re.compile(r"--?(m|numa|object|device)$")
_MACHINE: Final = ("-M", "-machine", "--machine")
_Q35_SPLITS: Final = 0xB0000000
"""Bytes of memory from which on a q35 machine keeps 2 GiB of it below 4 GiB."""
_OF_MACHINE: Final = (
    (r"pseries.*|powernv.*", r"", "ppc64"),
    (r"s390-ccw.*", r"", "s390x"),
    (r"virt.*", r"cortex-|neoverse|a64fx|gic-version|highmem|\bits\b|\bmte\b", "aarch64"),
    (r"virt.*", r"\brv64|\baia\b|\baclint\b|\bsifive", "riscv64"),
    (r"virt.*", r"\bla464|loongarch", "loongarch64"),
)
"""The kind of machine, what names it besides, and the architecture of both."""
_DEVICES: Final = ("pc-dimm", "nvdimm", "virtio-mem-pci", "virtio-mem", "cxl-type3")
_BACKENDS: Final = ("memdev", "volatile-memdev", "persistent-memdev")
"""By what field a device names its backend; those of CXL have one for each sort of memory."""


class Plugged(NamedTuple):
    """A memory device of a machine that is to be made.

    `size`   bytes; of a virtio-mem device those that are requested
    `node`   its NUMA node
    `start`  its first address; None: the next free one
    `unit`   bytes of a device block where it is virtio-mem, else 0
    `span`   bytes of addresses that are its own
    `sort`   QEMU's name for the device; what an nvdimm or a cxl-type3 has is no memory block by itself
    """

    size: int
    node: int = 0
    start: int | None = None
    unit: int = 0
    span: int = 0
    sort: str = "pc-dimm"


def qemu_nodes(line: str) -> tuple[str, ...]:
    """The sizes of the nodes that QEMU's ``-m 2G,slots=8,maxmem=64G -numa node,mem=1G ...`` makes. Raises `BadInput` where it
    names no memory."""
    memory, most, nodes, backends = "", "", list[dict[str, str]](), dict[str, str]()
    for option, first, fields in _words(line):
        if option == "m":
            memory, most = fields.get("size", first.removeprefix("size=")), fields.get("maxmem", most)
        elif option == "object":
            backends[fields.get("id", "")] = fields.get("size", "0")
        elif option == "numa" and first == "node":
            nodes.append(fields)
    if not memory:
        raise BadInput(f"{line[:60]!r} names no memory; write as for QEMU: -m 2G,slots=8,maxmem=64G -numa node,mem=1G")
    memory = _with_unit(memory)
    if most and parse_bytes(_with_unit(most)) < parse_bytes(memory):
        raise BadInput(f"QEMU does not start with maxmem={most}, which is less than the memory, {memory}")
    if not nodes:
        return (memory,)
    placed = sorted(nodes, key=lambda node: int(node["nodeid"]) if node.get("nodeid", "").isdecimal() else 0)
    sizes = [
        _with_unit(node["mem"]) if node.get("mem") else backends.get(node.get("memdev", ""), "0") for node in placed
    ]
    if not any(size != "0" for size in sizes):  # QEMU gives all to the first node that may have some
        sizes[0] = memory
    return tuple(sizes)


class QemuWords(NamedTuple):
    """All of a command line of QEMU that makes a machine, as `new_machine` takes it.

    `nodes`    sizes of the nodes as text, such as "2G"
    `devices`  memory devices, in their order
    `low`      bytes of memory below 4 GiB that a q35 machine has; None: as any other machine
    `arch`     the architecture, by the program's name or the kind of machine; None: not told
    `append`   the kernel's command line; empty: not told
    """

    nodes: tuple[str, ...]
    devices: tuple[Plugged, ...]
    low: int | None
    arch: str | None
    append: str


def qemu_words(line: str, arch: str | None = None) -> QemuWords:
    """What a command line such as ``qemu-system-x86_64 -m 2G,maxmem=64G -append ...`` says of the machine; the program may be
    left out. `arch`: which architecture it is, where that is known. Raises `BadInput` where it names no memory, a device without
    any, or a kind of machine that several architectures have."""
    arch_named, append = qemu_boot(line)
    kind, _ = _machine(line)
    if (arch or arch_named) is None and kind.startswith("virt"):
        raise BadInput(f"several architectures have the machine {kind}; write the program too, as qemu-system-aarch64")
    return QemuWords(qemu_nodes(line), qemu_devices(line), qemu_low(line), arch_named, append)


def qemu_boot(line: str) -> tuple[str | None, str]:
    """What else QEMU is started with: the architecture by the program's name, or by the kind of machine (None: not told), and
    the kernel's command line behind -append."""
    words = _split(line)
    programs = (re.fullmatch(r"(?:.*/)?qemu-system-(\w+)", word) for word in takewhile(_no_option, words))
    program = next((found[1] for found in programs if found), None)
    kind, options = _machine(line)
    of_machine = (
        arch for machine, says, arch in _OF_MACHINE if re.fullmatch(machine, kind) and re.search(says, options)
    )
    append = [value for option, value in pairwise(words) if option in ("-append", "--append")]
    return program or next(of_machine, None), " ".join(append)


def _no_option(word: str) -> bool:
    return not word.startswith("-")


def _machine(line: str) -> tuple[str, str]:
    """The kind of machine (empty: not told), and all that is said of it and of its CPU."""
    words = list(pairwise(_split(line)))
    options = [part for option, value in words if option in _MACHINE for part in value.split(",")]
    kinds = [part.removeprefix("type=") for part in options if "=" not in part or part.startswith("type=")]
    cpus = [value for option, value in words if option in ("-cpu", "--cpu")]
    return kinds[-1] if kinds else "", " ".join((*options, *cpus))


def qemu_low(line: str) -> int | None:
    """Bytes of memory below 4 GiB that a q35 machine has (QEMU, hw/i386/pc_q35.c); None for others, and for a small one."""
    if not re.fullmatch(r"q35|pc-q35-.*", _machine(line)[0]):
        return None
    return 2 * GIB if sum(map(parse_bytes, qemu_nodes(line))) >= _Q35_SPLITS else None


def qemu_devices(line: str) -> tuple[Plugged, ...]:
    """The memory devices of ``-object memory-backend-ram,id=m1,size=1G -device pc-dimm,memdev=m1,node=1``, of virtio-mem,
    NVDIMMs and CXL, in their order. Raises `BadInput` for one without a backend."""
    backends = {
        fields.get("id", ""): fields.get("size", "0") for option, _, fields in _words(line) if option == "object"
    }
    found: list[Plugged] = []
    for option, first, fields in _words(line):
        if option == "device" and first in _DEVICES:
            named = [fields[name] for name in _BACKENDS if name in fields] or [""]
            for memdev in named:
                if memdev not in backends:
                    raise BadInput(
                        f"the {first} of memdev={memdev!r} has no backend: -object memory-backend-ram,id=ID,size=SIZE"
                    )
            size = sum(parse_bytes(backends[memdev]) for memdev in named)
            place = None if first == "cxl-type3" else fields.get("addr", fields.get("memaddr"))
            start = None if place is None else parse_bytes(place)
            node = int(fields["node"]) if fields.get("node", "").isdecimal() else 0
            if not first.startswith("virtio-mem"):
                found.append(Plugged(size, node, start, 0, size if first != "cxl-type3" else 0, first))
            else:
                wanted = parse_bytes(fields.get("requested-size", "0"))
                found.append(Plugged(wanted, node, start, parse_bytes(fields.get("block-size", "2M")), size, first))
    return tuple(found)


def _with_unit(size: str) -> str:
    """Numbers without a unit are MiB behind -m and in mem=; bytes everywhere else."""
    return size if size[-1:].isalpha() or size == "0" else f"{size}M"


_BARE_JSON: Final = re.compile(r'(?<=\s)\{"[^\s\']*\}(?=\s|$)')
"""An object as ps shows it, without the quotes that a shell needs around it."""
_GOES_ON: Final = re.compile(r"\\\s*\n")


def _split(line: str) -> list[str]:
    """The words of a line as a shell splits them, which may go on behind a backslash; also as ps and logs print them."""
    try:
        return shlex.split(_BARE_JSON.sub(lambda found: shlex.quote(found[0]), _GOES_ON.sub(" ", line)))
    except ValueError as error:
        raise BadInput(f"{line[:60]!r} cannot be read: {error}") from None


def _words(line: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each option about memory: its name, its first word, and its fields."""
    for option, value in pairwise(_split(line)):
        if (match := _OPTIONS.fullmatch(option)) is None:
            continue
        if value.startswith("{"):
            try:
                document = json.loads(value)
            except (ValueError, RecursionError) as error:
                raise BadInput(f"{value[:60]!r} cannot be read: {error}") from None
            fields = {str(name): str(given) for name, given in document.items()} if isinstance(document, dict) else {}
            first = fields.get("qom-type", fields.get("driver", fields.get("type", "")))
        else:
            first, *rest = value.split(",")
            fields = dict(part.partition("=")[::2] for part in rest)
            first = first.removeprefix("driver=").removeprefix("qom-type=")
        if match[1] != "object" or first.startswith("memory-backend"):
            yield match[1], first, fields
