"""Scripts: the commands of a file, written as a JSON array or as lines that a person would type.

    echo online_movable > /sys/devices/system/memory/memory32/state
    add 128M at 4G node 0          # as an ACPI DIMM; also: caller, placement, fallback, no-fallback, reserve, align
    online 32-39 movable
    offline 33 expect EBUSY
    allocate 64M movable node 0
    eject 1G at 0x100000000

`describe` writes such lines, and what it writes is read back as the same command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

import msgspec

from ..numbers.errors import BadInput, did_you_mean, located
from ..protocol.vocabulary import caller_named
from . import COMMANDS, ROWS, Command
from .fields import check, explained, shown, small, tag
from .form import Spelling
from .write import Redirection

_NUMBER: Final = r"[0-9]+(\.[0-9]+)?"
_UNIT: Final = r"[KMGTPkmgtp](?:i?[Bb]|i)"
MOST_COMPLAINTS: Final = 20
"""Wrong lines of a script that are told; behind them nothing is looked at."""
MOST_COMMANDS: Final = 1 << 19
"""Commands that a script may stand for, all ranges of blocks counted."""

_FORMS: Final[Mapping[str, Spelling]] = {row.form.verb: row.form for row in ROWS.values()}
_BY_TAG: Final[Mapping[str, type[Command]]] = {tag(command): command for command in COMMANDS}
_AS_SAID: Final[Mapping[str, str]] = {
    **dict.fromkeys(("plug", "hotplug", "hot-add", "hotadd", "attach"), "add"),
    **dict.fromkeys(("unplug", "hotunplug", "hot-remove", "hotremove", "detach"), "eject"),
    **dict.fromkeys(("resize", "requested-size", "virtio_mem", "virtiomem"), "virtio-mem"),
    **dict.fromkeys(("shrink", "chmem"), "offline"),
    "drmgr": "remove-lmbs",
}
"""What people call it, and the word that a line begins with."""
_ARRAY: Final = 'a script in JSON is an array of commands such as [{"op": "online", "block": 32}]'
_OBJECT: Final = 'it is not an object with an op, such as {"op": "online", "block": 32}'


T = TypeVar("T")


class Placed(NamedTuple):
    """A command, and where in its script it stands: "line 3" or, in JSON, "command 3"."""

    place: str
    command: Command


def parse_script(text: str, name: str) -> list[Command]:
    """The commands of a script. A text that begins with ``[`` or ``{`` is read as JSON, any other as lines.

    `name` is what messages call the script. Raises `BadInput` with one sentence for each wrong line or command, up to
    twenty of them: the place, what is wrong there and what would be right.
    """
    return [placed.command for placed in parse_places(text, name)]


def parse_places(text: str, name: str) -> list[Placed]:
    """As `parse_script`, with the place of each command; those of one line share theirs."""
    with located(name):
        return _parse_json(text) if text.lstrip()[:1] in ("[", "{") else _parse_lines(text)


def parse_line(line: str) -> list[Command]:
    """The commands that a line of a script stands for: none for an empty line or a comment, several for a range of blocks.
    Raises `BadInput` with what is wrong and how to write it."""
    words = _sizes(_words(line))
    expect = words[-1] if len(words) > 2 and words[-2] == "expect" else None
    if expect is not None:
        del words[-2:]
    if not words:
        return []
    if words[0] not in _FORMS:
        said = _AS_SAID.get(words[0].lower())
        meant = f"; write: {' '.join(_FORMS[said].usage)}" if said is not None else did_you_mean(words[0], _FORMS)
        meant = meant or f"; a line begins with one of {', '.join(_FORMS)}"
        raise BadInput(f"{words[0][:60]!r} is not a command{meant}")
    commands = [*_FORMS[words[0]].read(words[1:])]
    if expect is not None:
        commands = [msgspec.structs.replace(command, expect=expect) for command in commands]
    for command in commands[:1]:  # those of a range differ in the block alone
        check(command)
    return commands


# -- JSON ---------------------------------------------------------------------------------------------------------------


def _parse_json(text: str) -> list[Placed]:
    try:
        commands = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as malformed:
        raise BadInput(f"line {_line(text, str(malformed))}: {small(str(malformed))}; {_ARRAY}") from None
    if not isinstance(commands, list):
        raise BadInput(f"it is not an array; {_ARRAY}")
    return _each("command", commands, lambda given: [_command(given)])


def _line(text: str, error: str) -> int:
    """The line in which JSON is broken: that of the byte which is named, else the last."""
    byte = re.search(r"\(byte (\d+)\)", error)
    return text.encode()[: int(byte[1]) if byte else None].rstrip(b"\n").count(b"\n") + 1


def _command(given: object) -> Command:
    """The command that an object of a script in JSON stands for. Raises `BadInput`."""
    if not isinstance(given, dict) or "op" not in given:
        raise BadInput(_OBJECT)
    named = _BY_TAG.get(given["op"]) if isinstance(given["op"], str) else None
    if named is None:
        meant = did_you_mean(str(given["op"]), _BY_TAG) or f"; op is one of {', '.join(_BY_TAG)}"
        raise BadInput(f"{shown(given['op'])} is not a command{meant}")
    if isinstance(given.get("caller"), str):
        given = {**given, "caller": caller_named(given["caller"])}
    try:
        command = msgspec.convert(given, named)
    except msgspec.ValidationError as error:
        raise BadInput(explained(str(error), given, named)) from None
    check(command)
    return command


# -- lines --------------------------------------------------------------------------------------------------------------


def _parse_lines(text: str) -> list[Placed]:
    return _each("line", text.split("\n"), parse_line)


def _each(what: str, parts: Iterable[T], read: Callable[[T], Iterable[Command]]) -> list[Placed]:
    """The commands of all parts. Raises `BadInput` with what is wrong in each that cannot be read."""
    placed: list[Placed] = []
    complaints: list[str] = []
    for number, part in enumerate(parts, 1):
        place = f"{what} {number}"
        try:
            placed += [Placed(place, command) for command in read(part)]
        except BadInput as error:
            if len(complaints) == MOST_COMPLAINTS:
                complaints.append("more cannot be understood, and is not looked at")
                break
            complaints.append(f"{place}: {error}")
        if len(placed) > MOST_COMMANDS:
            raise BadInput(f"{place}: up to here it stands for more than {MOST_COMMANDS:,} commands; split it")
    if complaints:
        raise BadInput(*complaints)
    return placed


_LONGEST_LINE: Final = 1 << 20
_MEANING: Final = frozenset("\"'\\>#")
"""A line without any of these is split at its spaces."""
_TOKEN: Final = r"""\s*(?:(?P<comment>\#.*)|(?P<to>>>?)|(?P<word>(?:[^\s"'\\>]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+))"""
_PIECE: Final = r"""(?P<plain>[^\s"'\\>]+)|\\(?P<escaped>.)|'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)\""""


def _bare(piece: re.Match[str]) -> str:
    """A piece of a word without the quotes around it and what stands for another character in them."""
    if piece["double"] is not None:
        return re.sub(r'\\(["\\])', r"\1", piece["double"])
    return piece["plain"] or piece["escaped"] or piece["single"] or ""


def _words(line: str) -> list[str]:
    """The words of a line as a shell splits them, without the comment."""
    words: list[str] = []
    line, at = line.rstrip(), 0
    if len(line) > _LONGEST_LINE:
        raise BadInput(f"the line has {len(line)} characters; one of a script has at most {_LONGEST_LINE}")
    if _MEANING.isdisjoint(line):
        return line.split()
    token, piece = re.compile(_TOKEN), re.compile(_PIECE)
    while at < len(line):
        match = token.match(line, at)
        if match is None:
            raise BadInput(f"the quote at {line[at:].strip()[:60]!r} is not closed")
        if match["to"]:
            words.append(Redirection(match["to"]))
        elif match["word"]:
            words.append("".join(map(_bare, piece.finditer(match["word"]))))
        at = match.end()
    return words


def _sizes(words: list[str]) -> list[str]:
    """A number and the unit behind it are one word, as in ``add 40 GiB at 64 GiB``; not in what is written to a file."""
    if any(isinstance(word, Redirection) for word in words):
        return words
    found: list[str] = []
    for word in words:
        if found and found[-1][:1].isdecimal() and re.fullmatch(_UNIT, word) and re.fullmatch(_NUMBER, found[-1]):
            found[-1] += word
        else:
            found.append(word)
    return found
