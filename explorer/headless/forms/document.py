"""The envelope that every JSON document of altmap has, and the few parts that several kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from altmap.engine import Advice, Reason, sentence
from altmap.engine.protocol.json_text import encoded
from altmap.engine.questions.why.words import lines

from ... import __version__


class Document(msgspec.Struct, tag_field="kind", frozen=True, kw_only=True):
    """The envelope: which kind of document, in which version of that kind's form, from which altmap."""

    version: int
    altmap: str = __version__


def as_line(document: Document) -> bytes:
    """One line of JSON, with its end."""
    return encoded(document) + b"\n"


class Amount(msgspec.Struct, frozen=True):
    """An amount of memory, in bytes and in pages of the machine."""

    bytes: int
    pages: int


class NodeAmount(msgspec.Struct, frozen=True):
    """An amount of memory on a node, in `bytes` and in `pages`."""

    node: int
    bytes: int
    pages: int


class ReasonRow(msgspec.Struct, frozen=True):
    """A reason, a note or a danger: as a sentence, and as data, its `code` and its fields (`altmap schema reason` has them
    all)."""

    sentence: str
    reason: Mapping[str, Any]


class AdviceRow(msgspec.Struct, frozen=True):
    """Something worth knowing that nobody asked about: in a sentence, as data (`altmap schema reason` has them all), and the
    lines of a script that mend it, where some do."""

    sentence: str
    reason: Mapping[str, Any]
    lines: tuple[str, ...]


class Refusal(msgspec.Struct, frozen=True):
    """Why the kernel refuses: the errno by name, the rule in one sentence and as data, its `code` and its fields (`altmap
    schema reason` has them all), and the pfn of the page or the start of the range at fault where there is one."""

    errno: str
    sentence: str
    reason: Mapping[str, Any] | None
    pfn: int | None


def reason_row(reason: Reason) -> ReasonRow:
    """A reason as a sentence and as data."""
    return ReasonRow(sentence(reason), msgspec.to_builtins(reason))


def advice_row(advice: Advice) -> AdviceRow:
    """Something worth knowing."""
    return AdviceRow(sentence(advice.fact), msgspec.to_builtins(advice.fact), tuple(lines(advice.commands)))


def refusal(errno: str, reason: Reason | None, pfn: int | None) -> Refusal:
    """A refusal as a sentence and as data."""
    return Refusal(errno, sentence(reason), None if reason is None else msgspec.to_builtins(reason), pfn)
