"""The words of title strips and bars, each in a role: how it looks follows from that and from the theme. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

Role = Literal[
    "text",
    "dim",
    "faint",
    "strong",
    "accent",
    "chosen",
    "badge",
    "here",
    "here-good",
    "here-bad",
    "good",
    "bad",
    "warn",
    "key",
    "memmap",
]

Look = Literal["ok", "refused", "busy", "plain"]
"""How a result is told: as done, as refused, as going on or not sure, or as no more than told."""


class Word(NamedTuple):
    """A word of a strip, how it looks, and the action of the screen that a click on it asks for."""

    text: str
    role: Role = "text"
    action: str = ""
