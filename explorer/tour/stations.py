"""Reading a tour: a text file that a person writes.

A line that begins with ``==`` begins a station and is its title. Below it, in any order, each on a line of its own:

- ``machine NAME KEY=VALUE ...`` opens a machine, bundled or a file beside the tour, as booted with what the keys say (those of
  ``altmap boot``); without such a line a station goes on where the one before it ended;
- ``view NAME``, ``go PLACE``, ``zoom LEVEL``: what the map shows, as in the explorer;
- ``> LINE``: a line of a script; what it does is played;
- text: lines that begin with a space. A line without anything in it begins a new paragraph.

What stands above the first station is about the whole tour: its first line is the tour's title. A line that begins with ``#``
says something to those who read the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from altmap.engine import BOOT_KEYS, BadInput, Command, parse_line

from ..one_of import one_of
from ..picture.scope import LEVELS, Level
from ..picture.views import BY_NAME

MOST: Final = 200
"""Stations of a tour, and lines of a station, at most."""


class Station(msgspec.Struct, frozen=True):
    """One station: `machine` is None where it goes on from the one before; `lines` as they were written, and the commands
    that they stand for."""

    title: str
    text: tuple[str, ...] = ()
    machine: str | None = None
    options: Mapping[str, str] = {}
    view: str = "use"
    place: str | None = None
    level: Level = "machine"
    lines: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()


class Tour(msgspec.Struct, frozen=True):
    """A title and stations, at least one; the first opens a machine. `folder`: where files of machines are looked for before
    bundled machines are."""

    title: str
    stations: tuple[Station, ...]
    folder: str = "."


def read_tour(text: str, name: str) -> Tour:
    """The tour in a text; `name` is what complaints call it. Raises `BadInput` with each line that is wrong, and what would
    be right."""
    title, found, complaints = "", list[Station](), list[str]()
    paragraph = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            continue
        try:
            if line.startswith("=="):
                if len(found) == MOST:
                    raise BadInput(f"there are more than {MOST} stations")
                found.append(Station(line[2:].strip()))
            elif found:
                found[-1] = _with(found[-1], line, paragraph)
            elif line.strip() and not title:
                title = line.strip()
        except BadInput as error:
            complaints += [f"{name}, line {number}: {sentence}" for sentence in error.args]
        paragraph = not line.strip()
    if not found:
        complaints.append(f"{name}: there is no station; one begins with a line such as: == The first station")
    elif found[0].machine is None and not complaints:
        complaints.append(f"{name}: the first station opens no machine; give it a line such as: machine small-guest")
    if complaints:
        raise BadInput(*complaints[:20])
    return Tour(title or found[0].title, tuple(found))


def _with(station: Station, line: str, paragraph: bool) -> Station:
    """The station with one more line. Raises `BadInput` for one that is none."""
    if not line.strip():
        return station
    if len(station.lines) + len(station.text) > MOST:
        raise BadInput(f"a station has no more than {MOST} lines")
    if line[0] == " ":
        if station.text and not paragraph:
            return _but(station, text=(*station.text[:-1], f"{station.text[-1]} {line.strip()}"))
        return _but(station, text=(*station.text, line.strip()))
    if line[0] == ">":
        command = line[1:].strip()
        commands = parse_line(command)
        return _but(station, lines=(*station.lines, command), commands=(*station.commands, *commands))
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word == "machine" and rest:
        named, *options = rest.split()
        return _but(station, machine=named, options=dict(_options(options)))
    if word == "view":
        return _but(station, view=one_of(rest, BY_NAME, "view"))
    if word == "zoom":
        return _but(station, level=one_of(rest, LEVELS, "level"))
    if word == "go" and rest:
        return _but(station, place=rest)
    raise BadInput(
        f"{line.split()[0]!r} begins no line of a station; there are machine, view, go, zoom, > and, after a space, text"
    )


def _but(station: Station, **fields: object) -> Station:
    return msgspec.structs.replace(station, **fields)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in BOOT_KEYS:
            raise BadInput(
                f"{word!r} is nothing that a boot decides, such as model=rfc-v2; the keys are {', '.join(BOOT_KEYS)}"
            )
        yield key, value
