"""Where a machine comes from, and how well it is known."""

from __future__ import annotations

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """Name and history of a machine's data.

    `measured` and `estimated` name what was read and what had to be guessed; `notes` are sentences for people.
    """

    name: str = "machine"
    description: str = ""
    source: str = ""
    kernel: str = ""
    measured: tuple[str, ...] = ()
    estimated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
