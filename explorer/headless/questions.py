"""Questions that change nothing: why, read, compare, diff, lsmem, export; as text, or as one JSON object."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

import msgspec
from altmap.engine import (
    PLACEMENTS,
    Add,
    BadInput,
    HotplugError,
    compare,
    describe_comparison,
    describe_drift,
    describe_verdicts,
    diff,
    export_shell,
    lsmem,
    open_machine,
    parse_bytes,
    parse_script,
    sentence,
    split_lsmem,
)
from altmap.engine.numbers.rounding import up

from ..printable import printable
from .progress import awaited


def _print(text: str, value: object, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{printable(line)}\n" for line in text.rstrip("\n").split("\n")))


def why(arguments: argparse.Namespace) -> int:
    """Would a command, or each of those on a range of blocks, succeed? 0 if so, 1 if not."""
    machine = open_machine(arguments.machine, model=arguments.model)
    commands = parse_script(" ".join(arguments.words), "the question")
    if not commands:
        raise BadInput("the question is empty; ask about a line of a script, such as offline 32")
    verdicts = [machine.why_not(command) for command in awaited(commands, "question")]
    if arguments.json:
        for verdict in verdicts:
            _print("", verdict, True)
    else:
        _print(describe_verdicts(verdicts), None, False)
    return 0 if all(verdict.ok for verdict in verdicts) else 1


def read(arguments: argparse.Namespace) -> int:
    """The text of files, one behind the other; 1 if the kernel has one of them not, or would not let it be read."""
    machine = open_machine(arguments.machine)
    refused = 0
    for path in arguments.paths:
        try:
            sys.stdout.write(machine.read(path))
        except HotplugError as error:
            sys.stdout.flush()
            print(printable(f"altmap: {error.errno}: {sentence(error.reason)}"), file=sys.stderr)
            refused = 1
    return refused


def alternatives(arguments: argparse.Namespace) -> int:
    """One add request, every placement, block size and model that was asked for, side by side; 1 if none of them fits."""
    machine = open_machine(arguments.machine)
    state = machine.state
    start = arguments.at
    if start is None:
        block, node_end = state.geometry.block_size, max((r.end for r in state.resources.values() if r.ram), default=0)
        big = max(block, 1 << 30)
        start = up(max(node_end, 1 << 32), big)
    request = Add(start=start, size=arguments.add, node=arguments.node)
    if not parse_bytes(arguments.add):
        raise BadInput("--add needs a size above 0, such as 64G")
    if arguments.node not in machine.nodes:
        raise BadInput(f"there is no node {arguments.node}; nodes are {', '.join(map(str, sorted(machine.nodes)))}")
    placements = (
        list(dict.fromkeys(arguments.placement.split(","))) if arguments.placement is not None else list(PLACEMENTS)
    )
    for placement in placements:
        if placement not in PLACEMENTS:
            raise BadInput(f"{placement!r} is not a placement; it is one of {', '.join(PLACEMENTS)}")
    table = compare(
        machine,
        request,
        placements=[placement for placement in PLACEMENTS if placement in placements],
        block_sizes=arguments.block_size.split(",") if arguments.block_size else (),
        models=arguments.model.split(",") if arguments.model else (),
        online=arguments.online,
        watched=partial(awaited, name="alternative"),
    )
    _print(describe_comparison(table), table, arguments.json)
    return 0 if table.fits else 1


def drift(arguments: argparse.Namespace) -> int:
    """What changed from one machine to another; 0 whether or not anything did."""
    found = diff(open_machine(arguments.before), open_machine(arguments.after))
    _print(describe_drift(found), found, arguments.json)
    return 0


def export(arguments: argparse.Namespace) -> int:
    """The commands that led to a saved machine, as lines for the real one."""
    machine = open_machine(arguments.machine)
    sys.stdout.write(export_shell(machine.history, machine.geometry.block_size))
    return 0


def list_memory(words: Sequence[str], default: str) -> int:
    """lsmem with lsmem's own options; the one word that is no option is the machine. Beside --sysroot, which names it too,
    a word is one too many, as in lsmem."""
    options, others = split_lsmem(words)
    if len(others) > 1:
        raise BadInput(f"lsmem takes one machine, not {' and '.join(others)}")
    named = others[0] if others else default
    needed = not any(option in ("-s", "-h", "--help") or option.startswith("--sysroot") for option in options)
    code, text = lsmem(options, open_machine(named)) if needed else lsmem([*options, *others])
    (sys.stderr if code else sys.stdout).write(text)
    return code
