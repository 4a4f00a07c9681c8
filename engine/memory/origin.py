"""Where a machine comes from, and how well it is known."""

from __future__ import annotations

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """Where a machine's data come from.

    `name`         what it is called
    `description`  one line on what it is
    `source`       the file or tree that it was read from
    `kernel`       its /proc/version
    `measured`     names of what was read
    `estimated`    names of what had to be worked out or guessed
    `notes`        sentences on what was odd or missing
    """

    name: str = "machine"
    description: str = ""
    source: str = ""
    kernel: str = ""
    measured: tuple[str, ...] = ()
    estimated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
