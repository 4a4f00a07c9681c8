"""Scripts: the commands of a file, written as a JSON array or as lines that a person would type.

    echo online_movable > /sys/devices/system/memory/memory32/state
    add 128M at 4G node 0          # as an ACPI DIMM; also: caller, placement, fallback, no-fallback, reserve, align
    online 32-39 movable
    offline 33 expect EBUSY
    allocate 64M movable node 0
    eject 1G at 0x100000000

`commands.describe` writes such lines, and what it writes is read back as the same command.
"""

from __future__ import annotations

import errno
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from ..numbers.errors import BadInput, located
from ..numbers.units import parse_bytes
from .commands import (
    COMMANDS,
    Add,
    Allocate,
    Command,
    Compact,
    Eject,
    Free,
    HugePages,
    Offline,
    Online,
    Pin,
    Poison,
    Remove,
    Sync,
    Unpin,
    VirtioMem,
    Write,
)
from .vocabulary import OnlineType, Pattern, What

_RESULTS: Final = frozenset({"ok", "OOPS", "EHWPOISON", *errno.errorcode.values()})

MAX_BLOCKS: Final = 1 << 20
"""Blocks that one line may name."""


class Placed(NamedTuple):
    """A command, and where in its script it stands: "line 3" or, in JSON, "command 3"."""

    place: str
    command: Command


def parse_script(text: str, name: str) -> list[Command]:
    """The commands of a script; what begins with a bracket or a brace is JSON, anything else is lines.

    `name` is how messages call the script. Raises `BadInput` with one sentence: the script, the command or the line,
    what is wrong there and what would be right.
    """
    return [placed.command for placed in parse_places(text, name)]


def parse_places(text: str, name: str) -> list[Placed]:
    """As `parse_script`, with the place of each command; those of one line share theirs."""
    with located(name):
        return list(_parse_json(text) if text.lstrip()[:1] in ("[", "{") else _parse_lines(text))


# -- JSON -------------------------------------------------------------------------------------------------------------


def _parse_json(text: str) -> Iterator[Placed]:
    try:
        commands = msgspec.json.decode(text, type=list[Command])
    except msgspec.DecodeError as error:
        raise BadInput(_complaint(text, str(error))) from None
    for number, command in enumerate(commands, 1):
        place = f"command {number}"
        with located(place):
            _check(command)
        yield Placed(place, command)


def _complaint(text: str, error: str) -> str:
    """Why a script in JSON is none."""
    right = 'a script in JSON is an array of commands such as [{"op": "online", "block": 32}]'
    try:
        script = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as malformed:
        return f"line {_line(text, str(malformed))}: {_small(str(malformed))}; {right}"
    found = re.search(r"`\$\[(\d+)\]", error)
    if found is None:
        return f"it is not an array; {right}"
    return f"command {int(found[1]) + 1}: {_explained(error, script[int(found[1])])}"


def _line(text: str, error: str) -> int:
    """The line in which JSON is broken: that of the byte which is named, else the last."""
    byte = re.search(r"\(byte (\d+)\)", error)
    return text.encode()[: int(byte[1]) if byte else None].rstrip(b"\n").count(b"\n") + 1


def _explained(error: str, raw: object) -> str:
    """What msgspec finds wrong with one command, and what the command may say there."""
    if not isinstance(raw, dict) or "op" not in raw:
        return 'it is not an object with an op, such as {"op": "online", "block": 32}'
    command = _BY_TAG.get(raw["op"]) if isinstance(raw["op"], str) else None
    if command is None:
        return f"{_shown(raw['op'])} is not a command; op is one of {', '.join(_BY_TAG)}"
    message, _, place = error.partition(" - at ")
    field = re.match(r"`\$(?:\[\d+\])?\.(\w+)", place)
    if field is None:
        return f"{_small(message)}; {raw['op']} has {', '.join(command.__struct_fields__)}"
    meaning = _meaning(get_type_hints(command)[field[1]])
    return f"{field[1]} is {_shown(raw[field[1]])}; it must be {meaning}"


def _small(sentence: str) -> str:
    """As the end of a longer sentence."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _meaning(hint: Any) -> str:
    """A field's type in words."""
    if hint in _MEANINGS:
        return _MEANINGS[hint]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    return " or ".join(_meaning(part) for part in get_args(hint) if part is not type(None))


_MEANINGS: Final[dict[Any, str]] = {
    int: "a whole number",
    str: "text",
    bool: "true or false",
    int | str: 'a number of bytes or text such as "128M", "0x100000000"',
}
_BY_TAG: Final[dict[str, type[Command]]] = {str(command.__struct_config__.tag): command for command in COMMANDS}


def _check(command: Command) -> None:
    """What the types cannot say."""
    if command.expect is not None and command.expect not in _RESULTS:
        raise BadInput(f'expect must be "ok" or an errno such as EBUSY, not {_shown(command.expect)}')
    for field in ("start", "size", "unit", "address"):
        if (given := getattr(command, field, None)) is not None:
            with located(field):
                parse_bytes(given)


# -- lines ------------------------------------------------------------------------------------------------------------


class _Redirection(str):
    """A ``>`` that is not quoted."""


_TOKEN = re.compile(r"""\s*(?:(?P<comment>\#.*)|(?P<to>>>?)|(?P<word>(?:[^\s"'\\>]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+))""")


def _parse_lines(text: str) -> Iterator[Placed]:
    for number, line in enumerate(text.split("\n"), 1):
        place = f"line {number}"
        with located(place):
            words = _words(line)
            expect = words[-1] if len(words) > 2 and words[-2] == "expect" else None
            if expect is not None:
                del words[-2:]
            for command in _commands(words):
                command = msgspec.structs.replace(command, expect=expect)
                _check(command)
                yield Placed(place, command)


def _words(line: str) -> list[str]:
    """The words of a line as a shell splits them, without the comment."""
    words: list[str] = []
    line, at = line.rstrip(), 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise BadInput(f"the quote at {line[at:].strip()!r} is not closed")
        if match["to"]:
            words.append(_Redirection(match["to"]))
        elif match["word"]:
            words += shlex.split(match["word"])
        at = match.end()
    return words


def _commands(words: list[str]) -> Iterator[Command]:
    """Those of one line: none where it is empty, several where it names a range of blocks."""
    if words:
        if words[0] not in _VERBS:
            raise BadInput(f"{words[0]!r} is not a command; a line begins with one of {', '.join(_VERBS)}")
        yield from _VERBS[words[0]](words[1:])


_SUPERFLUOUS: Final = {"expect": "needs a result, such as expect EBUSY"}


class _Form(msgspec.Struct, frozen=True):
    """How the line of a command is written: after its name come `words`, where capitals stand for a field, then, in
    any order, `options` (a field's name and its value) and `flags` (a word that sets a field)."""

    command: type[Command]
    words: str
    options: tuple[str, ...] = ()
    flags: Mapping[str, tuple[str, object]] = {}

    @property
    def tag(self) -> str:
        return str(self.command.__struct_config__.tag)

    @property
    def verb(self) -> str:
        return self.tag.replace("_", "-")

    @property
    def usage(self) -> str:
        choices: dict[str, list[str]] = {}
        for word, (field, _) in self.flags.items():
            choices.setdefault(field, []).append(word)
        optional = [f"[{name} {name.upper()}]" for name in self.options]
        optional += [f"[{'|'.join(words)}]" for words in choices.values()]
        return " ".join([self.verb, *self.words.split(), *optional])

    def __call__(self, words: list[str]) -> Iterator[Command]:
        fields = self._read(words)
        for number in fields.pop("blocks", (None,)):
            given = fields if number is None else {**fields, "block": number}
            try:
                yield msgspec.convert(given, self.command, strict=False)
            except msgspec.ValidationError as error:
                raise BadInput(f"{_explained(str(error), {**given, 'op': self.tag})}; write: {self.usage}") from None

    def _lacking(self, part: str, word: str | None) -> str:
        """What is wrong where `part` of the words must stand."""
        if word is not None:
            return f"{word!r} stands where {part!r} must"
        parts = self.words.split()
        return f"'{' '.join(parts[parts.index(part) :])}' is missing"

    def _read(self, words: list[str]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        rest = iter(words)
        for part in self.words.split():
            word = next(rest, None)
            if word is None or (part.islower() and word != part):
                raise BadInput(f"{self._lacking(part, word)}; write: {self.usage}")
            if part.isupper():
                fields[part.lower()] = _READERS.get(part, str)(word)
        for word in rest:
            field, value = self.flags.get(word, (word, None))
            if word in self.options and (text := next(rest, None)) is not None:
                value = _READERS.get(word.upper(), str)(text)
            elif word not in self.flags:
                missing = "needs a value" if word in self.options else _SUPERFLUOUS.get(word, "is not understood")
                raise BadInput(f"{word!r} {missing}; write: {self.usage}")
            if field in fields:
                raise BadInput(f"{word!r} gives the {field} a second time; write: {self.usage}")
            fields[field] = value
        return fields


def _blocks(word: str) -> list[int]:
    """``32``, ``32-39``, ``32,40-47``; each number may have the name of a block, ``memory32``."""
    blocks: list[int] = []
    for part in word.split(","):
        match = re.fullmatch(r"(?:memory)?(\d{1,18})(?:-(?:memory)?(\d{1,18}))?", part)
        if match is None:
            raise BadInput(
                f"{word!r} names no memory blocks; write numbers, names or ranges such as 32, memory32 or 32-39"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < first + MAX_BLOCKS - len(blocks):
            raise BadInput(f"{part!r} must be an ascending range of at most {MAX_BLOCKS} blocks")
        blocks += range(first, last + 1)
    return blocks


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "SIZE": lambda word: None if word == "all" else parse_bytes(word),
    "START": parse_bytes,
    "UNIT": parse_bytes,
    "ADDRESS": parse_bytes,
    "BLOCKS": _blocks,
}


def _echo(words: list[str]) -> Iterator[Command]:
    """``echo TEXT > PATH``. The line end that echo adds is left out, as the kernel does, unless it is all there is."""
    ends = [at for at, word in enumerate(words) if isinstance(word, _Redirection)]
    if len(ends) != 1 or ends[0] != len(words) - 2:
        raise BadInput("an echo needs one place to write to; write: echo [-n] TEXT > PATH")
    text, bare = words[: ends[0]], words[0] == "-n"
    yield Write(path=words[-1], data=" ".join(text[bare:]) or ("" if bare else "\n"))


def _choices(field: str, words: Any) -> dict[str, tuple[str, object]]:
    """Flags: each word of a Literal is the value of a field."""
    return {word: (field, word) for word in get_args(words)}


_TYPES: Final = {
    **_choices("type", OnlineType),
    "kernel": ("type", "online_kernel"),
    "movable": ("type", "online_movable"),
}
_USES: Final = ("node", "zone", "seed")
_PATTERNS: Final = _choices("pattern", Pattern)
_FORMS: Final = (
    _Form(
        Add,
        "SIZE at START",
        ("node", "caller", "placement", "reserve", "align"),
        {"fallback": ("fallback", True), "no-fallback": ("fallback", False)},
    ),
    _Form(Remove, "SIZE at START"),
    _Form(Eject, "SIZE at START"),
    _Form(Online, "BLOCKS", flags=_TYPES),
    _Form(Offline, "BLOCKS"),
    _Form(Sync, "ROOT"),
    _Form(VirtioMem, "SIZE at START", ("unit", "node")),
    _Form(Compact, "", ("node", "zone", "order")),
    _Form(HugePages, "COUNT of SIZE", ("node",)),
    _Form(Poison, "ADDRESS", flags={"soft": ("soft", True)}),
    _Form(Allocate, "SIZE", _USES, {**_choices("kind", What), **_PATTERNS}),
    _Form(Free, "SIZE", _USES, {**_choices("kind", What), **_PATTERNS}),
    _Form(Pin, "SIZE", _USES, _PATTERNS),
    _Form(Unpin, "SIZE", _USES, _PATTERNS),
)
_VERBS: Final[Mapping[str, Callable[[list[str]], Iterator[Command]]]] = {
    "echo": _echo,
    **{form.verb: form for form in _FORMS},
}
