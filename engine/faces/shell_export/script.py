"""A machine's history as the lines that a person would type to do the same on the real machine.

Most are writes to sysfs. DIMMs come and go at the hypervisor, and virtio-mem is sized there: these steps ask a person, or tell
libvirt. What has no line, and what was refused, is a comment; what no real machine does ends the script.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, islice
from typing import Final, Literal, NamedTuple

from ...commands import (
    ROWS,
    Add,
    Eject,
    HugePages,
    Offline,
    Online,
    Poison,
    Remove,
    VirtioMem,
    Write,
    describe,
    extent,
)
from ...commands.outcome import Outcome
from ...commands.shell import Comment, Monitor, Person, Place, Put, Reconfigure, Step, Stop, comment, quoted, shown
from ...commands.write import meant
from ...hotplug.add import RESOURCE_NAMES
from ...kernels.models import release_in
from ...machine import Machine
from ...numbers.errors import BadInput
from ...numbers.frozen import Frozen
from ...protocol.events import HugePagesChanged, PagesAssumed, ZoneChosen
from ...protocol.vocabulary import OnlineType
from ...questions.narrate.reason import sentence
from ...questions.narrate.words import block_names
from ...sysfs.paths import MEMORY
from . import functions
from .functions import Call, call
from .targets import TARGETS as TARGETS
from .targets import Target

_CALLED: Final = re.compile(r"Linux version (\S{1,80})")
_AUTO_ONLINE: Final = f"{MEMORY}/auto_online_blocks"
_READ_BACK: Final = (_AUTO_ONLINE, "/sys/module/memory_hotplug/parameters/online_policy")
"""Files that read as they were written."""


class Exported(NamedTuple):
    """An outcome and its lines."""

    outcome: Outcome
    lines: list[str]


def export_shell(
    history: Sequence[Outcome],
    block_size: int,
    *,
    target: str = "sysfs",
    faults: bool = False,
    kernel: str = "",
    devices: Collection[tuple[int, int]] = (),
    name: str = "",
    auto_online: str = "",
) -> str:
    """A shell script of the outcomes' commands, oldest first; `block_size` (bytes) is the machine's, `kernel` its /proc/version,
    `devices` are the ranges (first address, first behind) of DAX devices that it had before, `name` is what it is called, and
    `auto_online` what its auto_online_blocks read before the first step (empty: not told).

    `target` says by what means: "sysfs", "chmem", "daxctl", "virsh" or "qemu". Hardware errors (`poison`) are left out unless
    `faults` wants them. Before the first step the script looks whether the machine is as it was rehearsed; each step is said,
    done and verified, and it stops at the first that is refused. Raises `BadInput` for a target that is none.
    """
    if target not in TARGETS:
        raise BadInput(f"{target!r} is nothing to export for; it is one of {', '.join(TARGETS)}")
    means, steps = TARGETS[target], exported(history, block_size)
    body = [*_body(steps, means, faults, block_size, devices)]
    if not means.shell:
        return "".join(f"{line}\n" for line in (means.head, *body))
    if all(isinstance(line, Comment) for line in body):
        return functions.bare(body)
    checks = _checks(steps, block_size, kernel, auto_online) if means.on_the_machine else ()
    whole = [*_rehearsed_on(name, kernel), *checks, *body]
    calls = [line for line in whole if isinstance(line, Call)]
    setting = f"{means.head}\n" if means.head and (not means.whole or any(line.by_head for line in calls)) else ""
    needed = functions.functions({line.function for line in calls})
    literal = any(letter in line for line in body for letter in "$`")
    text = "".join(f"{line}\n" for line in whole)
    return f"{functions.head(means.on_the_machine, literal)}{setting}\n{needed}\n{text}"


def _rehearsed_on(name: str, kernel: str) -> Iterator[str]:
    """What the machine was called, and its kernel, as far as they are known."""
    called = _CALLED.match(kernel)
    known = [*([name] if name else []), *([f"(Linux {called[1]})"] if called is not None else [])]
    if known:
        yield comment(f"rehearsed on {' '.join(known)}")


def _body(
    steps: Sequence[Exported], means: Target, faults: bool, block_size: int, devices: Collection[tuple[int, int]]
) -> Iterator[str]:
    """The lines of all steps; behind one at which the script stops they are comments."""
    whole = {(start // block_size, end // block_size - 1) for start, end in (*devices, *_added_by_dax(steps))}
    ended = False
    for number, run in enumerate(_runs(steps), 1):
        lines = [*_step(number, run, means, faults, block_size, whole)]
        if ended:
            yield from (line if isinstance(line, Comment) else comment(f"not reached: {line}") for line in lines)
        else:
            yield from lines
            ended = any(isinstance(line, Call) and line.function == "stop" for line in lines)


def shell_script(machine: Machine, target: str = "sysfs", faults: bool = False) -> str:
    """A shell script that does on the real machine what was done to this one, each step said, done and verified.

    `target` and `faults` as for `export_shell`, which makes it of any outcomes. Raises `BadInput` for a target that is none.
    """
    kmem = [(one.start, one.end) for one in machine.resources.values() if one.name == RESOURCE_NAMES["dax"]]
    kernel, block_size = machine.origin.kernel, machine.geometry.block_size
    (auto_online,) = [machine.settings.auto_online_blocks for _ in machine.visit([0])]
    return export_shell(
        machine.history,
        block_size,
        target=target,
        faults=faults,
        kernel=kernel,
        devices=kmem,
        name=machine.origin.name,
        auto_online=auto_online,
    )


def exported(history: Sequence[Outcome], block_size: int) -> list[Exported]:
    """The outcomes, oldest first, each with its lines as a person would type them; `block_size` (bytes) is the machine's."""
    steps: list[Exported] = []
    dimms: dict[tuple[int, int], int] = {}
    by_kmem: set[tuple[int, int]] = set()
    next_dimm = 1
    for outcome in history:
        command = outcome.command
        of_kmem = isinstance(command, Eject | Remove) and extent(command) in by_kmem
        place = Place(block_size, Frozen(dimms), next_dimm, not outcome.ok, of_kmem)
        lines = ROWS[type(command)].export(command, place)
        steps.append(Exported(outcome, list(lines) if outcome.ok else _refused(outcome, lines)))
        if isinstance(command, Add) and command.caller in ("dax", "cxl") and outcome.ok:
            by_kmem.add(extent(command))
        elif isinstance(command, Add) and command.caller == "acpi":
            if outcome.ok:
                dimms[extent(command)] = next_dimm
            next_dimm += 1
        elif isinstance(command, Eject | Remove) and outcome.ok:
            dimms.pop(extent(command), None)
            by_kmem.discard(extent(command))
    return steps


def _refused(outcome: Outcome, lines: Iterator[str]) -> list[str]:
    """As comments; the first lines of a step tell which one it was, and an absurd size would have millions."""
    comments = [line if isinstance(line, Comment) else comment(line) for line in islice(lines, 8)]
    return [*comments, comment(f"  refused with {outcome.result}: {sentence(outcome.reason)}")]


# -- steps --------------------------------------------------------------------------------------------------------------


def _runs(steps: Sequence[Exported]) -> Iterator[list[Exported]]:
    """The steps, those that give one block after the other the same state, and come to the same zone or are refused alike,
    together."""
    for _, alike in groupby(enumerate(steps), key=_position):
        yield [step for _, step in alike]


def _position(numbered: tuple[int, Exported]) -> tuple[object, int]:
    number, step = numbered
    wanted, outcome = _wanted(step), step.outcome
    if wanted is None:
        return number, 0
    return (wanted[0], _zone(step), outcome.result, type(outcome.reason)), wanted[1] - number


def _setting(step: Exported) -> tuple[OnlineType | Literal["offline"], int] | None:
    """The word and the block of a step that set a block's state."""
    return _wanted(step) if step.outcome.ok else None


def _wanted(step: Exported) -> tuple[OnlineType | Literal["offline"], int] | None:
    """The word and the block of a step that should set a block's state."""
    command = meant(step.outcome.command)
    if not isinstance(command, Online | Offline):
        return None
    return command.type if isinstance(command, Online) else "offline", command.block


def _zone(step: Exported) -> str:
    return next((event.zone for event in step.outcome.events if isinstance(event, ZoneChosen)), "")


def _doubt(unsure: Sequence[Exported]) -> Iterator[str]:
    """That it is not known of some steps whether they go."""
    blocks = [command.block for one in unsure if isinstance(command := meant(one.outcome.command), Online | Offline)]
    if blocks:
        yield comment(
            f"not known of {block_names(blocks, 8)}: no one saw all pages; this was rehearsed as if none were in the way"
        )


def _added_by_dax(steps: Sequence[Exported]) -> Iterator[tuple[int, int]]:
    for step in steps:
        command = step.outcome.command
        if isinstance(command, Add) and command.caller in ("dax", "cxl") and step.outcome.ok:
            start, size = extent(command)
            yield start, start + size


def _step(
    number: int,
    run: Sequence[Exported],
    means: Target,
    faults: bool,
    block_size: int,
    devices: Collection[tuple[int, int]],
) -> Iterator[str]:
    """The lines of a step: what it is, what does it, and what it is seen by. `devices` are the first and last blocks of DAX
    devices."""
    first = run[0]
    setting = _setting(first)
    if setting is not None:
        word, block = setting
        last = block + len(run) - 1
        said = _said(word, block, last)
        yield call("begin", number, quoted(shown(said))) if means.shell else comment(said)
        yield from _doubt([step for step in run if any(isinstance(e, PagesAssumed) for e in step.outcome.events)])
        does = TARGETS["sysfs"] if means.whole and (block, last) not in devices else means
        yield from does.blocks(block, last, word, _zone(first))
        return
    if not first.outcome.ok:
        yield from first.lines if len(run) == 1 else _refused_alike(run)
        return
    said = shown(describe(first.outcome.command))
    if isinstance(first.outcome.command, Poison) and not faults:
        yield comment(f"a fault, left out (--faults puts it in): {said}")
        return
    lines = [line for line in first.lines if not isinstance(line, Step)]
    if means.shell and not all(isinstance(line, Comment) for line in lines):
        yield call("begin", number, quoted(said))
    else:
        yield from (line for line in first.lines if isinstance(line, Step))
    for line in lines:
        if isinstance(line, Reconfigure) and means.whole and len(devices) == 1:
            yield call("tell", f'daxctl reconfigure-device {line.options} "$dax"', by_head=True)
        else:
            yield from _line(line, means)
    yield from _seen_by(first, means, block_size)


def _said(word: OnlineType | Literal["offline"], block: int, last: int) -> str:
    """The line of a script that gives the blocks up to the last that state."""
    return describe(Online(block=block, type=word) if word != "offline" else Offline(block=block), last)


def _refused_alike(run: Sequence[Exported]) -> Iterator[str]:
    """What blocks one behind the other were refused, and why the first of them was."""
    outcome, wanted = run[0].outcome, _wanted(run[0])
    assert wanted is not None
    yield comment(_said(*wanted, wanted[1] + len(run) - 1))
    yield comment(f"  each refused with {outcome.result}; the first: {sentence(outcome.reason)}")


def _line(line: str, means: Target) -> Iterator[str]:
    if isinstance(line, Comment):
        yield line
    elif isinstance(line, Put):
        yield from means.put(line)
    elif isinstance(line, Monitor):
        yield from means.monitor(line)
    elif isinstance(line, Person):
        yield call("ask", "'the real machine'", quoted(shown(line))) if means.shell else comment(line)
    elif isinstance(line, Stop):
        yield call("stop", 1, quoted(shown(line))) if means.shell else comment(line)


def _seen_by(step: Exported, means: Target, block_size: int) -> Iterator[str]:
    """By what it is seen that a step was done, on the machine itself."""
    command = step.outcome.command
    if not means.on_the_machine:
        return
    if isinstance(command, Write) and command.path in _READ_BACK:
        yield call("see", quoted(command.path), quoted(shown(command.data.strip())))
    if isinstance(command, HugePages):
        pools = [event.total for event in step.outcome.events if isinstance(event, HugePagesChanged)]
        if pools:
            written = next(line.path for line in step.lines if isinstance(line, Put))
            yield call("see", quoted(written), pools[-1])
    if isinstance(command, Add | Eject | Remove) and any(
        isinstance(line, Monitor | Person | Put) for line in step.lines
    ):
        start, size = extent(command)
        first, last = start // block_size, (start + size) // block_size - 1
        if last >= first:
            yield call("appear" if isinstance(command, Add) else "vanish", first, last)


# -- before the first step ----------------------------------------------------------------------------------------------


def _checks(steps: Sequence[Exported], block_size: int, kernel: str, auto_online: str) -> Iterator[str]:
    """Is it root, and is the machine as it was rehearsed: its kernel, the size of its blocks, whether those that are added go
    online by themselves, and the states of those that are there?"""
    yield call("root_only")
    if (release := release_in(kernel)) is not None:
        yield call("runs", f"{release[0]}.{release[1]}")
    yield call("sized", f"{block_size:x}")
    if auto_online and _adds_before_it_is_set(steps):
        yield call("reads", _AUTO_ONLINE, auto_online)
    for state, alike in groupby(enumerate(sorted(_states(steps, block_size).items())), key=_like):
        first, *others = [block for _, (block, _) in alike]
        yield call("was", first, [first, *others][-1], state[0])


def _adds_before_it_is_set(steps: Sequence[Exported]) -> bool:
    """Do blocks come while auto_online_blocks is still as it was before the first step?"""
    commands = [step.outcome.command for step in steps if step.outcome.ok]
    of_it = (c for c in commands if isinstance(c, Add | VirtioMem) or (isinstance(c, Write) and c.path == _AUTO_ONLINE))
    return isinstance(next(of_it, None), Add | VirtioMem)


def _like(numbered: tuple[int, tuple[int, str]]) -> tuple[str, int]:
    at, (block, state) = numbered
    return state, block - at


def _states(steps: Sequence[Exported], block_size: int) -> dict[int, str]:
    """The states that blocks have before the first step, as far as these say so: the other one of the first that is set, unless
    an add of the history brings the block."""
    known: dict[int, str] = {}
    new: set[int] = set()
    for step in steps:
        command = step.outcome.command
        if isinstance(command, Add) and step.outcome.ok:
            start, size = extent(command)
            new.update(range(start // block_size, (start + size) // block_size))
        elif (setting := _setting(step)) is not None and setting[1] not in new:
            known.setdefault(setting[1], "online" if setting[0] == "offline" else "offline")
    return known
