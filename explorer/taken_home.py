"""What can be taken home of a machine: its history as lines for a shell, as a script, the whole of it, and a picture. Pure
but for writing a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from altmap.engine import Machine, describe, machine_bytes
from altmap.engine.commands.shell import Stop
from altmap.engine.faces.shell_export import exported, shell_script
from altmap.engine.snapshot.whole_file import replace_file


class Thing(NamedTuple):
    """One thing: what it is called, what it is for, how its file is called behind the machine's name, its content for a
    file of a name, whether a clipboard can hold it, and where it stops before the end of what was done, and why."""

    name: str
    sentence: str
    suffix: str
    content: Callable[[str], bytes]
    copies: bool = True
    stops: str = ""


def things(machine: Machine, picture: str) -> list[Thing]:
    """All that can be taken; `picture` is the screen as SVG."""
    history = machine.history
    found = [
        Thing("picture", "the screen as SVG", ".svg", lambda name: picture.encode()),
        Thing("snapshot", "the machine with all its states", ".json", lambda name: machine_bytes(machine, name), False),
    ]
    if not history:
        return found
    commands = "".join(f"{describe(outcome.command)}\n" for outcome in history)
    return [
        Thing(
            "shell lines",
            "what to type on the real machine",
            ".sh",
            lambda name: shell_script(machine).encode(),
            stops=_stops(machine),
        ),
        Thing("script", "the commands, for altmap run", ".txt", lambda name: commands.encode()),
        *found,
    ]


def _stops(machine: Machine) -> str:
    """Before which command the lines for a shell stop, as no real machine does that one; empty where they go to the end."""
    for outcome, lines in exported(machine.history, machine.geometry.block_size):
        if (why := next((line for line in lines if isinstance(line, Stop)), None)) is not None:
            return f"they stop before {describe(outcome.command)}: {why}"
    return ""


def write(path: str, content: bytes) -> None:
    """Write a file, or leave what is there as it was. Raises `OSError`."""
    replace_file(path, content)
