"""A machine's history as the lines that a person would type to do the same on the real machine.

Most are writes to sysfs. DIMMs come and go at the hypervisor, and virtio-mem is sized there: their lines are those of QEMU's
monitor, and in the script they are functions that ask for them to be typed there. What has no line, and what was refused, is
a comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Final, NamedTuple

from ..commands import ROWS, Add, Eject, Offline, Online, Remove, extent
from ..commands.outcome import Outcome
from ..commands.shell import Comment, Monitor, Place, comment
from ..commands.write import meant
from ..protocol.events import ZoneChosen
from ..questions.narrate import sentence

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
_HEAD: Final = """#!/bin/sh
# Steps rehearsed with altmap, for root on the real machine; it stops at the first that is refused.
set -e
"""


class Exported(NamedTuple):
    """An outcome and its lines."""

    outcome: Outcome
    lines: list[str]


def export(history: Sequence[Outcome], block_size: int) -> str:
    """A shell script of the outcomes' commands, oldest first; `block_size` (bytes) is the machine's.

    It stops at the first line that the real machine refuses. A run of blocks that chmem could do at once is said to be one.
    """
    body: list[str] = []
    for _, alike in groupby(enumerate(exported(history, block_size)), key=_position):
        run = [step for _, step in alike]
        body += _chmem(run)
        body += [line for step in run for line in step.lines]
    monitor = _MONITOR if any(isinstance(line, Monitor) for line in body) else ""
    return _HEAD + monitor + "\n" + "".join(f"{line}\n" for line in body or ["# nothing was done"])


def exported(history: Sequence[Outcome], block_size: int) -> list[Exported]:
    """The outcomes, oldest first, each with its lines; `block_size` (bytes) is the machine's."""
    steps: list[Exported] = []
    dimms: dict[tuple[int, int], int] = {}
    next_dimm = 1
    for outcome in history:
        command = outcome.command
        lines = ROWS[type(command)].export(command, Place(block_size, dimms, next_dimm, not outcome.ok))
        steps.append(Exported(outcome, list(lines) if outcome.ok else _refused(outcome, lines)))
        if isinstance(command, Add) and command.caller == "acpi":
            if outcome.ok:
                dimms[extent(command)] = next_dimm
            next_dimm += 1
        elif isinstance(command, Eject | Remove) and outcome.ok:
            dimms.pop(extent(command), None)
    return steps


def _refused(outcome: Outcome, lines: Iterator[str]) -> list[str]:
    """As comments; the first lines of a step tell which one it was, and an absurd size would have millions."""
    said = [line if isinstance(line, Comment) else comment(line) for line in islice(lines, 8)]
    return [*said, comment(f"  refused with {outcome.result}: {sentence(outcome.reason)}")]


# -- runs of blocks -----------------------------------------------------------------------------------------------------


def _state_write(step: Exported) -> tuple[str, int] | None:
    """The word and the block of a step that set a block's state."""
    command = meant(step.outcome.command)
    if not step.outcome.ok or not isinstance(command, Online | Offline):
        return None
    return command.type if isinstance(command, Online) else "offline", command.block


def _position(numbered: tuple[int, Exported]) -> tuple[str, int]:
    """The same for steps that give one block after the other the same state, and for no others."""
    number, step = numbered
    word, block = _state_write(step) or ("", 0)
    return word, block - number


def _chmem(run: Sequence[Exported]) -> Iterator[str]:
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
