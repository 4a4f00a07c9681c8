"""The explorer's main screen as a picture, without a terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
from itertools import groupby
from typing import Final, NamedTuple

from altmap.engine import BadInput, Command, Machine, Offline, Online, block_names, describe
from altmap.engine.commands.scripts import parse_places
from altmap.engine.numbers.errors import located
from altmap.engine.snapshot.whole_file import replace_file

from .exits import FINE, REFUSED
from .output import on_terminal, write_text
from .script_runs import refuse_absent
from .streams import STDIN, machine_named, once_standard_input, script_text

SUFFIX: Final = ".svg"


class _Line(NamedTuple):
    """A line of a script: where it stands, and its commands."""

    where: str
    commands: list[Command]

    @property
    def label(self) -> str:
        """What the plan calls it."""
        blocks = [one.block for one in self.commands if isinstance(one, Online | Offline)]
        if len(blocks) < 2:
            return describe(self.commands[0])
        first = self.commands[0]
        return f"{first.type if isinstance(first, Online) else 'offline'} {block_names(blocks, 3)}"


def draw(arguments: argparse.Namespace) -> int:
    """Run a script, if there is one, and write what the explorer then shows; 1 if a command did not come out as expected."""
    path = arguments.output
    once_standard_input(arguments.machine, *filter(None, [arguments.script]))
    check_place(path)
    machine = machine_named(arguments.machine, replay=arguments.replay)
    lines: list[_Line] = []
    if arguments.script is not None:
        text, name = script_text(arguments.script)
        for place, placed in groupby(parse_places(text, name), key=lambda one: one.place):
            lines.append(_Line(f"{name}: {place}", [one.command for one in placed]))
    picture, as_expected = asyncio.run(_drawn(machine, lines, arguments))
    put(picture, path)
    return FINE if as_expected else REFUSED


def check_place(path: str | None) -> None:
    """Raises `BadInput` where no picture can be written to; None is standard output."""
    if path is None and on_terminal("stdout"):
        raise BadInput(
            "a picture is not for reading on a terminal; write it to a file with -o, or into a pipe or a file"
        )
    if path is not None and path != STDIN and not path.endswith(SUFFIX):
        raise BadInput(f"{path}: the name of a picture must end in {SUFFIX}")


def put(picture: str, path: str | None) -> None:
    """Write a picture to a file, or to standard output."""
    if path is None or path == STDIN:
        write_text(picture)
        return
    try:
        replace_file(path, picture.encode())
    except OSError as error:
        raise BadInput(f"{path}: {os.strerror(error.errno) if error.errno else error}") from None


async def _drawn(machine: Machine, lines: list[_Line], wanted: argparse.Namespace) -> tuple[str, bool]:
    from ..tui.studio import studio

    as_expected = True
    async with studio(machine, wanted.size, wanted.theme) as made:
        for line in lines:
            with located(line.where):
                refuse_absent(machine, line.commands)
                as_expected &= await made.do(line.label, line.commands)
        await made.look(wanted.view, wanted.at, wanted.zoom)
        return made.picture(), as_expected
