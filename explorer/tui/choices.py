"""What can be opened: the machines that come along, those that were opened before, and ways to others. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from altmap.engine import bundled_machines

from ..settings import Recent


class Choice(NamedTuple):
    """Something that can be chosen. `source`: what `open_machine` takes, where it is a machine already; else `action` is
    what leads on, and `key` does it too. `facts` are told as long as the machine itself was not read."""

    group: str
    name: str
    about: str
    source: str = ""
    facts: tuple[str, str] = ("", "")
    key: str = ""
    action: str = ""


OTHER: Final = (
    Choice("other", "a file", "snapshot, captured folder or tar", key="f", action="file"),
    Choice("other", "this machine", "captured: it is only read; as root every page", key="t", action="capture"),
    Choice("other", "live", "this machine, read again and again: what changes is lit", key="l", action="live"),
    Choice("other", "from words", "2G on each of two nodes, Linux 6.8, blocks of 128M", key="n", action="new"),
    Choice("other", "the tour", "five minutes: from OOM to options a, b and c", key="T", action="tour"),
)
"""Ways to other machines."""


def recent_choice(recent: Recent) -> Choice:
    """A machine that was opened or saved before, in its file."""
    about = recent.about if os.path.exists(recent.path) else f"not there now: {recent.path}"
    commands = f"{recent.commands:,} command{'s' * (recent.commands != 1)}"
    return Choice(
        "recent", recent.name, about, recent.path, (f"{recent.size:>7}  {commands}", f" model {recent.model}")
    )


def choices(recent: Iterable[Recent] = ()) -> list[Choice]:
    """All that can be opened, in the order of the list."""
    bundled = [Choice("bundled", found.name, found.description, found.name) for found in bundled_machines()]
    return [*bundled, *map(recent_choice, recent), *OTHER]


def matching(found: Iterable[Choice], text: str) -> Iterator[Choice]:
    """Those in which each word of a text stands somewhere."""
    words = text.lower().split()
    for choice in found:
        said = " ".join((choice.group, choice.name, choice.about, *choice.facts)).lower()
        if all(word in said for word in words):
            yield choice
