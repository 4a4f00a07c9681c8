"""How a line of a script says a command, both ways: words become fields, and fields words.

After the command's name come `words`, in which capitals stand for a field; then, in any order, options (a field's name and
its value) and choices (one of several words that set a field).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

import msgspec

from ..numbers.errors import BadInput
from ..numbers.units import format_bytes, parse_bytes
from ..protocol.vocabulary import caller_named
from .fields import Base, choices, explained, tag
from .shell import quoted

MAX_BLOCKS: Final = 1 << 17
"""Blocks that one line may name."""

_MISPLACED: Final = {"expect": "needs a result, such as expect EBUSY"}


class Spelling(Protocol):
    """What reads and writes the lines of a command."""

    @property
    def verb(self) -> str:
        """The word that a line begins with."""

    @property
    def usage(self) -> tuple[str, ...]:
        """How a line is written, part by part: capitals for what is filled in, brackets around what may be left out."""

    def part(self, word: str) -> str:
        """The part of a line that begins with a word, such as ``node NODE``; empty where none does."""

    def read(self, words: list[str]) -> Iterator[Any]:
        """The commands that the words behind the verb say, one for each block of a range. Raises `BadInput`."""

    def write(self, command: Any, last: int | None = None) -> str:
        """The line that says a command; one on a block says it of all blocks up to `last`, if that is given."""


class Option(msgspec.Struct, frozen=True):
    """``node 1``: a field's name and its value. With `always` the line says it even where the field holds its default."""

    field: str
    always: bool = False


class Choice(msgspec.Struct, frozen=True):
    """``soft``, or ``online_movable``: words of which each sets a field to a value. With `always` the line has one even for the
    default."""

    field: str
    values: tuple[tuple[str, str | bool], ...]
    always: bool = False


def words_of(field: str, words: Iterable[str], always: bool = False) -> Choice:
    """A choice of words that are the values themselves."""
    return Choice(field, tuple((word, word) for word in words), always)


class Form:
    """The spelling of most commands."""

    def __init__(self, command: type[Base], words: str = "", *rest: Option | Choice) -> None:
        self._command, self._words, self._rest = command, words.split(), rest
        self._defaults = {field.name: field.default for field in msgspec.structs.fields(command)}
        self._options = {part.field for part in rest if isinstance(part, Option)}
        self._values: dict[str, tuple[str, object]] = {
            word: (part.field, value) for part in rest if isinstance(part, Choice) for word, value in part.values
        }

    @property
    def verb(self) -> str:
        """The command's name in JSON, with hyphens."""
        return tag(self._command).replace("_", "-")

    @property
    def usage(self) -> tuple[str, ...]:
        """As ``compact``, ``[node NODE]``, ``[zone ZONE]``."""
        return (self.verb, *self._words, *(f"[{self._optional(part)}]" for part in self._rest))

    def part(self, word: str) -> str:
        """``node NODE`` of ``node``; a word that stands alone is all of its part."""
        if word in (self.verb, *self._words):
            return word
        begins = {part.field if isinstance(part, Option) else self._optional(part): part for part in self._rest}
        return self._optional(begins[word]) if word in begins else ""

    def _optional(self, part: Option | Choice) -> str:
        if isinstance(part, Choice):
            return "|".join(word for word, _ in part.values)
        return f"{part.field} {'|'.join(choices(self._command, part.field)) or part.field.upper()}"

    def read(self, words: list[str]) -> Iterator[Any]:
        """The commands that the words say. Raises `BadInput`, which ends in the usage."""
        fields = self._fields(words)
        first, *others = fields.pop("blocks", (None,))
        given = fields if first is None else {**fields, "block": first}
        try:
            command = msgspec.convert(given, self._command, strict=False)
        except msgspec.ValidationError as error:
            raise self._wrong(explained(str(error), given, self._command)) from None
        yield command
        yield from (msgspec.structs.replace(command, block=number) for number in others)

    def _fields(self, words: list[str]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        rest = iter(words)
        for at, part in enumerate(self._words):
            word = next(rest, None)
            if word is None:
                raise self._wrong(f"'{' '.join(self._words[at:])}' is missing")
            if part.islower() and word != part:
                raise self._wrong(f"{word!r} stands where {part!r} must")
            if part.isupper():
                fields[part.lower()] = _READERS.get(part, str)(word)
        for word in rest:
            field, value = self._values.get(word, (word, None))
            if word in self._options and (text := next(rest, None)) is not None:
                value = _READERS.get(word.upper(), str)(text)
            elif word not in self._values:
                lacking = "needs a value" if word in self._options else _MISPLACED.get(word, "is not understood")
                raise self._wrong(f"{word!r} {lacking}")
            if field in fields:
                raise self._wrong(f"{word!r} gives the {field} a second time")
            fields[field] = value
        return fields

    def _wrong(self, what: str) -> BadInput:
        return BadInput(f"{what}; write: {' '.join(self.usage)}")

    def write(self, command: Any, last: int | None = None) -> str:
        """The line that says a command."""
        line = [self.verb]
        for part in self._words:
            if part == "BLOCKS":
                line.append(f"{command.block}" if last in (None, command.block) else f"{command.block}-{last}")
            else:
                line.append(_written(part, getattr(command, part.lower())) if part.isupper() else part)
        for rest in self._rest:
            value = getattr(command, rest.field)
            if not rest.always and value == self._defaults[rest.field]:
                continue
            if isinstance(rest, Option):
                line += [rest.field, _written(rest.field.upper(), value)]
            else:
                line.append(next(word for word, one in rest.values if one == value))
        return " ".join(line)


_PATH: Final = r"(?:/sys/(?:devices/system/memory|devices/system/node/node\d+|bus/memory/devices)/)?"
_BLOCKS: Final = rf"{_PATH}(?:memory)?(\d{{1,18}})(?:/(?:state|online)?|-(?:memory)?(\d{{1,18}}))?"


def _blocks(word: str) -> list[int]:
    """``32``, ``32-39``, ``32,40-47``; a number may be a block's name, ``memory32``, or its folder."""
    blocks: list[int] = []
    for part in word.split(","):
        match = re.fullmatch(_BLOCKS, part, re.ASCII | re.IGNORECASE)
        if re.fullmatch(r"0[0-9a-f]+|(?=.*[a-f])[0-9a-f]{8}", part):
            raise BadInput(
                f"{part[:60]!r} is no number of a block as the kernel writes it; if it is what phys_index reads as, which is "
                f"hexadecimal, it is memory{int(part, 16)}"
            )
        if match is None:
            raise BadInput(
                f"{word[:60]!r} names no memory blocks; write numbers, names or ranges such as 32, memory32 or 32-39; to ask "
                f"which blocks give back a size: altmap why MACHINE offline SIZE"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < first + MAX_BLOCKS - len(blocks):
            raise BadInput(f"{part!r} must be an ascending range of at most {MAX_BLOCKS} blocks")
        blocks += range(first, last + 1)
    return blocks


def _written(part: str, value: Any) -> str:
    return str(value) if value is not None and part not in _WRITERS else _WRITERS[part](value)


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "SIZE": lambda word: None if word == "all" else parse_bytes(word),
    "START": parse_bytes,
    "UNIT": parse_bytes,
    "ADDRESS": parse_bytes,
    "BLOCKS": _blocks,
    "CALLER": caller_named,
}
_WRITERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "SIZE": lambda size: "all" if size is None else format_bytes(parse_bytes(size)),
    "START": lambda start: f"{parse_bytes(start):#x}",
    "UNIT": lambda size: format_bytes(parse_bytes(size)),
    "ADDRESS": lambda address: f"{parse_bytes(address):#x}",
    "ROOT": quoted,
}
