"""The explorer's main screen, or watching, as a picture without a terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import Final

from altmap.engine import BadInput, Machine
from altmap.engine.commands.scripts import parse_places
from altmap.engine.numbers.errors import located
from altmap.engine.snapshot.whole_file import replace_file

from ..watching.telling import is_moment
from .absent import refuse_absent
from .exits import FINE, REFUSED
from .output import on_terminal, write_text
from .script_runs import Line, lines_of
from .streams import STDIN, machine_named, once_standard_input, script_text

SUFFIX: Final = ".svg"


def draw(arguments: argparse.Namespace) -> int:
    """Run a script, if there is one, and write what the explorer then shows; 1 if a command did not come out as expected."""
    path = arguments.output
    once_standard_input(arguments.machine, *filter(None, [arguments.script]))
    check_place(path)
    machine = machine_named(arguments.machine, replay=arguments.replay)
    lines: list[Line] = []
    if arguments.script is not None:
        text, name = script_text(arguments.script)
        lines = lines_of(parse_places(text, name), name)
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


async def _drawn(machine: Machine, lines: list[Line], wanted: argparse.Namespace) -> tuple[str, bool]:
    from ..tui.studio import studio

    moments, places = [one for one in wanted.at if is_moment(one)], [one for one in wanted.at if not is_moment(one)]
    if len(moments) > 1 or len(places) > 1:
        raise BadInput(
            f"--at {' and '.join((moments if len(moments) > 1 else places)[:2])}: give one place and one moment"
        )
    if moments and not lines:
        raise BadInput(f"--at {moments[0]}: there is no moment to show without a script")
    as_expected = True
    async with studio(machine, wanted.size, wanted.theme) as made:
        for line in lines[:-1] if moments else lines:
            with located(line.where):
                refuse_absent(machine, line.commands)
                as_expected &= await made.do(line.label, line.commands)
        await made.look(wanted.view, next(iter(places), None), wanted.zoom)
        if moments:
            with located(lines[-1].where):
                refuse_absent(machine, lines[-1].commands)
                as_expected &= await made.watch(lines[-1].label, lines[-1].commands, moments[0])
        return made.picture(), as_expected
