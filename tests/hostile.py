"""A machine in whose every text stands what a terminal, a markup language or a shell would obey."""

from __future__ import annotations

import msgspec
from altmap.engine import Allocate, Machine, Write, boot_machine, rename
from altmap.engine.memory.settings import Boot
from altmap.engine.memory.state import Resource, state_of

HOSTILE = (
    "\x1b[31mRED\x1b]52;c;ZXZpbA==\x07\x9b31m\u202eRTL\u2066\u200b\x00\r\x08[bold red]MARK[/][@click=app.quit]x[/]"
    "\u2028\x85\U000e0041end"
)
"""Colours, the clipboard, C1, the direction of text, what is not seen, markup, line ends of Unicode."""


def hostile_machine() -> Machine:
    """A small guest of hostile texts, in the last of five states."""
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    rename(machine, HOSTILE, HOSTILE, HOSTILE)
    told = dict.fromkeys(("measured", "estimated", "notes"), (HOSTILE,))
    machine._origin = msgspec.structs.replace(machine.origin, kernel=f"Linux version 6.12 {HOSTILE}", **told)
    state_of(machine).resources.put(8 << 30, Resource(8 << 30, 9 << 30, f"Reserved {HOSTILE}"))
    state_of(machine).boot = Boot(hugepages=HOSTILE, movablecore=HOSTILE)
    machine = Machine(state_of(machine), machine.origin)
    machine.apply(Allocate(size="4M"))
    machine.apply(Write(path="/proc/sys/vm/nr_hugepages", data=f"1 {HOSTILE}"))
    machine.apply(Write(path=f"/sys/{HOSTILE}", data=HOSTILE))
    machine.apply(Write(path="/sys/devices/system/memory/memory3/state", data=HOSTILE))
    for number in range(5):
        machine.timeline.name(number, f"{HOSTILE} {number}")
    return machine
