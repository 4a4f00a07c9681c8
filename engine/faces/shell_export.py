"""A machine's history as the lines that a person would type to do the same on the real machine.

Most are writes to sysfs. DIMMs come and go at the hypervisor, and virtio-mem is sized there: their lines are those of QEMU's
monitor, and in the script they are functions that ask for them to be typed there. What has no line, and what was refused, is
a comment.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Final, NamedTuple

from ..numbers.units import GIB, KIB, MIB, TIB, parse_bytes
from ..protocol.commands import (
    Add,
    Command,
    Compact,
    Eject,
    HugePages,
    Offline,
    Online,
    Poison,
    Remove,
    Sync,
    VirtioMem,
    Write,
    describe,
    extent,
)
from ..protocol.events import ZoneChosen
from ..protocol.outcome import Outcome
from ..protocol.vocabulary import Caller
from ..questions.narrate import sentence
from ..sysfs.hotplug_files import MEMORY, NODE

_MONITOR: Final = """
monitor() {
    printf 'Type this in the QEMU monitor of the machine, then press Enter here:\\n%s\\n' "$*"
    { read -r _ < /dev/tty; } 2> /dev/null || :
}
object_add() { monitor object_add "$@"; }
object_del() { monitor object_del "$@"; }
device_add() { monitor device_add "$@"; }
device_del() { monitor device_del "$@"; }
"""
_STATE_FILE: Final = re.compile(rf"echo (\w+) > {MEMORY}/memory(\d+)/state")
_NO_LINE: Final[Mapping[Caller, str]] = {
    "balloon": "the hypervisor's balloon driver adds memory when it is asked for more there",
    "virtio-mem": "virtio-mem adds memory by itself: raise its requested-size in the QEMU monitor",
    "dax": "give a DAX device to the system: daxctl reconfigure-device --mode=system-ram",
    "hmm": "a device driver adds memory of its own",
    "pmem": "create a namespace on the persistent memory: ndctl create-namespace --map=dev",
}

_HEAD: Final = """#!/bin/sh
# Steps rehearsed with altmap, for root on the real machine; it stops at the first that is refused.
set -e
"""


class _Place(NamedTuple):
    """What a step needs to know: bytes of a memory block, the numbers of the DIMMs that are plugged in (by first address
    and bytes), the number that the next one gets, and whether it was refused."""

    block_size: int
    dimms: Mapping[tuple[int, int], int]
    next_dimm: int
    refused: bool


class _Step(NamedTuple):
    """An outcome and its lines."""

    outcome: Outcome
    lines: list[str]


def export(history: Sequence[Outcome], block_size: int) -> str:
    """A shell script of the outcomes' commands, oldest first; `block_size` (bytes) is the machine's.

    It stops at the first line that the real machine refuses. A run of blocks that chmem could do at once is said to be one.
    """
    body: list[str] = []
    for _, alike in groupby(enumerate(_steps(history, block_size)), key=_position):
        run = [step for _, step in alike]
        body += _chmem(run)
        body += [line for step in run for line in step.lines]
    monitor = _MONITOR if any(line.startswith(("object_", "device_", "monitor ")) for line in body) else ""
    return _HEAD + monitor + "\n" + "".join(f"{line}\n" for line in body or ["# nothing was done"])


def _steps(history: Sequence[Outcome], block_size: int) -> list[_Step]:
    steps: list[_Step] = []
    dimms: dict[tuple[int, int], int] = {}
    next_dimm = 1
    for outcome in history:
        command = outcome.command
        lines = _WRITERS.get(type(command), _unknown)(command, _Place(block_size, dimms, next_dimm, not outcome.ok))
        steps.append(_Step(outcome, list(lines) if outcome.ok else _refused(outcome, lines)))
        if isinstance(command, Add) and command.caller == "acpi":
            if outcome.ok:
                dimms[extent(command)] = next_dimm
            next_dimm += 1
        elif isinstance(command, Eject | Remove) and outcome.ok:
            dimms.pop(extent(command), None)
    return steps


def _refused(outcome: Outcome, lines: Iterator[str]) -> list[str]:
    """As comments; the first lines of a step tell which one it was, and an absurd size would have millions."""
    words = [line.removeprefix("# ") for line in islice(lines, 8)]
    return [_comment(line) for line in [*words, f"  refused with {outcome.result}: {sentence(outcome.reason)}"]]


def _comment(text: str) -> str:
    """A comment of one line, whatever the text holds."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)


# -- commands as lines --------------------------------------------------------------------------------------------------


def _echo(path: str, data: str) -> str:
    """What writes `data` to a file. The line end that echo adds is one that sysfs takes off."""
    word = data.removesuffix("\n")
    target = shlex.quote(path)
    if data and re.fullmatch(r"[ -\[\]-~]*", word) and not word.startswith("-"):
        return f"echo {shlex.quote(word)} > {target}" if word else f"echo > {target}"
    plain = [
        chr(byte) if 32 <= byte < 127 and byte not in b"%-\\" else f"\\{byte:03o}"
        for byte in data.encode("utf-8", "replace")
    ]
    return f"printf {shlex.quote(''.join(plain))} > {target}"


def _add(command: Add, place: _Place) -> Iterator[str]:
    start, size = extent(command)
    yield _comment(describe(command))
    if command.placement is not None or command.fallback is not None:
        yield "# (on the real machine memory_hotplug.memmap_on_memory decides where the memmap goes)"
    if command.caller == "acpi":
        number = place.next_dimm
        yield f"object_add memory-backend-ram,id=mem{number},size={_qemu_size(size)}"
        yield f"device_add pc-dimm,id=dimm{number},memdev=mem{number},node={command.node},addr={start:#x}"
    elif command.caller == "probe":
        for address in range(start, start + size, place.block_size):
            yield _echo(f"{MEMORY}/probe", f"{address:#x}")
    else:
        yield _comment(_NO_LINE[command.caller])


def _take_out(command: Eject | Remove, place: _Place) -> Iterator[str]:
    yield _comment(describe(command))
    start, size = extent(command)
    dimm = place.dimms.get((start, size))
    part_of = next((n for (low, length), n in place.dimms.items() if low < start + size and start < low + length), None)
    if dimm is None and part_of is not None:
        if place.refused:
            return
        yield f"# only a part of dimm{part_of}, which a real eject takes out as a whole: what follows would not be true"
        yield "exit 1"
    elif dimm is not None:
        yield f"device_del dimm{dimm}"
        yield f"object_del mem{dimm}"
    elif isinstance(command, Eject):
        yield "# not plugged in above: echo 1 > /sys/bus/acpi/devices/PNP0C80:NN/eject, NN being the number of its device"
    else:
        yield "# not plugged in above: the driver that added this memory removes it"


def _virtio_mem(command: VirtioMem, place: _Place) -> Iterator[str]:
    """The device is there since the boot; its size is asked for at the hypervisor."""
    start = parse_bytes(command.start)
    yield _comment(describe(command))
    device = f"the virtio-mem-pci device whose region begins at {start:#x} (info memory-devices)"
    yield f"# vmem-{start:x} stands for the id of {device}"
    yield f"monitor qom-set vmem-{start:x} requested-size {_qemu_size(parse_bytes(command.size))}"


def _online(command: Online, place: _Place) -> Iterator[str]:
    yield _echo(f"{MEMORY}/memory{command.block}/state", command.type)


def _offline(command: Offline, place: _Place) -> Iterator[str]:
    yield _echo(f"{MEMORY}/memory{command.block}/state", "offline")


def _write(command: Write, place: _Place) -> Iterator[str]:
    yield _echo(command.path, command.data)


def _sync(command: Sync, place: _Place) -> Iterator[str]:
    yield _comment(f"here the machine was read again from {command.root}")


def _compact(command: Compact, place: _Place) -> Iterator[str]:
    if command.zone is not None:
        yield from _unknown(command, place)
    elif command.node is not None:
        yield _echo(f"{NODE}/node{command.node}/compact", "1")
    else:
        yield _echo("/proc/sys/vm/compact_memory", "1")


def _hugepages(command: HugePages, place: _Place) -> Iterator[str]:
    folder = "/sys/kernel/mm/hugepages" if command.node is None else f"{NODE}/node{command.node}/hugepages"
    yield _echo(f"{folder}/hugepages-{parse_bytes(command.size) // KIB}kB/nr_hugepages", str(command.count))


def _poison(command: Poison, place: _Place) -> Iterator[str]:
    kind = "soft" if command.soft else "hard"
    yield _echo(f"{MEMORY}/{kind}_offline_page", f"{parse_bytes(command.address):#x}")


def _unknown(command: Command, place: _Place) -> Iterator[str]:
    yield _comment(f"no line does this: {describe(command)}")


_Writer = Callable[[Any, _Place], Iterator[str]]
_WRITERS: Final[Mapping[type, _Writer]] = {
    Add: _add,
    Eject: _take_out,
    Remove: _take_out,
    Online: _online,
    Offline: _offline,
    Write: _write,
    Sync: _sync,
    Compact: _compact,
    HugePages: _hugepages,
    Poison: _poison,
    VirtioMem: _virtio_mem,
}


def _qemu_size(size: int) -> str:
    """Bytes as QEMU reads them, exactly."""
    for letter, unit in (("T", TIB), ("G", GIB), ("M", MIB), ("K", KIB)):
        if size % unit == 0:
            return f"{size // unit}{letter}"
    return str(size)


# -- runs of blocks -----------------------------------------------------------------------------------------------------


def _state_write(step: _Step) -> tuple[str, int] | None:
    """The word and the block of a step that set a block's state."""
    match = _STATE_FILE.fullmatch(step.lines[0]) if len(step.lines) == 1 else None
    return (match[1], int(match[2])) if match else None


def _position(numbered: tuple[int, _Step]) -> tuple[str, int]:
    """The same for steps that give one block after the other the same state, and for no others."""
    number, step = numbered
    word, block = _state_write(step) or ("", 0)
    return word, block - number


def _chmem(run: Sequence[_Step]) -> Iterator[str]:
    """The same with chmem, where it would do the same: to online, it must be told the zone."""
    first = _state_write(run[0])
    if first is None or len(run) == 1:
        return
    word, block = first
    zones = {event.zone for step in run for event in step.outcome.events if isinstance(event, ZoneChosen)}
    at_once = f"# the next {len(run)} lines at once:"
    blocks = f"{block}-{block + len(run) - 1}"
    if word == "offline":
        yield f"{at_once} chmem -d -b {blocks}"
    elif word in ("online_movable", "online_kernel") and len(zones) == 1:
        yield f"{at_once} chmem -e -z {zones.pop()} -b {blocks}"
