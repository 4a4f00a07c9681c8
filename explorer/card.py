"""What is said of a machine before it is opened: in a list of several, and of one of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import msgspec
from altmap.engine import Machine, about_bytes, format_bytes

from . import facts
from .printable import printable
from .settings import Recent


class Card(msgspec.Struct, frozen=True):
    """A machine in short: the kernel that it ran and is modelled as, the size of all its blocks, how many of which size,
    its nodes, its architecture, and whether the kind of every page was seen or laid out to meet the counters."""

    kernel: str
    size: str
    blocks: str
    nodes: str
    arch: str
    seen: bool

    @property
    def known(self) -> str:
        """How well it is known, in two words."""
        return "every page" if self.seen else "counters"


def card(machine: Machine) -> Card:
    """The card of a machine."""
    geometry, count, nodes = machine.geometry, len(machine.blocks), len(machine.nodes)
    size = format_bytes(geometry.block_size)
    return Card(
        kernel_words(machine),
        about_bytes(count * geometry.block_size),
        f"{count:,}×{size}",
        f"{nodes} node{'s' * (nodes != 1)}",
        geometry.arch,
        not any(section.estimated for section in machine.sections.values()),
    )


def kernel_words(machine: Machine) -> str:
    """The kernel that the machine ran, and the one that it is modelled as, if that is another."""
    found = re.search(r"Linux version (\d+\.\d+)", machine.origin.kernel)
    ran, model = found[1] if found else "", machine.model.name
    named = f"Linux {model}" if machine.model.released else model
    return f"Linux {printable(ran)} as {model}" if ran and ran != model else named


def rows(machine: Machine) -> Iterator[tuple[str, str]]:
    """What else there is to know, each with its name."""
    totals = facts.totals(machine)
    states = [str(block.state) for block in machine.blocks.values()]
    counted = [f"{states.count(state):,} {state}" for state in sorted({*states}, reverse=True)]
    yield "kernel", kernel_words(machine)
    yield "MemTotal", f"{about_bytes(totals.total)}, {about_bytes(totals.free)} free"
    said = f"all {states[0]}" if len(counted) == 1 else ", ".join(counted) or "none"
    yield "blocks", f"{len(states):,}×{format_bytes(machine.geometry.block_size)}, {said}"
    memory = sorted({node for block in machine.blocks.values() for node in block.nodes})
    bare = len(machine.nodes) - len(memory)
    yield "nodes", f"{len(machine.nodes)}{f', {bare} without memory' if bare else ''}"
    settings = machine.settings.texts()
    yield from ((name, settings[name]) for name in ("memmap_on_memory", "online_policy") if name in settings)
    if steps := len(machine.timeline) - 1:
        yield "commands", f"{steps:,}"


def recent_of(machine: Machine, path: str) -> Recent:
    """What is remembered of a machine that was opened from a file or folder, or saved to one."""
    known, whole = card(machine), os.path.abspath(os.path.expanduser(path))
    return Recent(
        whole,
        os.path.basename(whole).partition(".")[0] or whole,
        machine.origin.description or machine.origin.name,
        known.size,
        len(machine.timeline) - 1,
        machine.model.name,
    )
