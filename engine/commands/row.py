"""A command is one row: its class, how a script says it, what it does on the real machine, and how it is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .base import Base
from .form import Spelling
from .shell import Place


class Row(NamedTuple):
    """All that belongs to a command.

    command  its class: what JSON, histories and the engine's users hold
    form     how a line of a script says it
    about    one line on what it does
    example  a line of a script that does it
    export   the lines that do it on the real machine
    """

    command: type[Base]
    form: Spelling
    about: str
    example: str
    export: Callable[[Any, Place], Iterator[str]]
