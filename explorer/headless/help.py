"""About altmap itself: a command's own help, what a script may say, and completion for shells."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from altmap import explorer
from altmap.engine import BadInput
from altmap.engine.commands import ROWS
from altmap.engine.commands.row import Row
from altmap.engine.numbers.errors import did_you_mean

from .exits import FINE
from .output import say, write_text
from .verb_parser import columns, explained
from .verbs import VERBS

SCRIPT: Final = "script"
ABOUT_SCRIPTS: Final = (
    "A script is a text file with a command a line, in which a # begins a remark, or a JSON array of commands such as "
    '[{"op": "online", "block": 32, "type": "online_movable"}].',
    "A line may end in `expect EBUSY`, or another errno: then that result is not a failure, and any other is.",
    "SIZE, START and ADDRESS are bytes, or text such as 128M, 4G, 0x100000000; where a size may be `all`, everything is "
    "meant. BLOCKS are numbers, names or ranges: 32, memory32, 32-39, 32,40-47; each block is a command of its own. What "
    "stands in brackets may be left out, and may come in any order.",
)

WORDS: Final = (
    ("node NODE", "the NUMA node, by its number; without it node 0 for memory that is added, else all nodes"),
    (
        "caller CALLER",
        "which driver adds the memory, which decides whether it asks for a memmap in it: acpi (DIMMs, also those of QEMU and "
        "VMware), balloon (Hyper-V, Xen), probe (by hand), dlpar (POWER), sclp (s390), virtio-mem, dax and cxl (kmem), hmm and "
        "pmem (memory that a device keeps)",
    ),
    (
        "placement PLACEMENT",
        "where the memmap goes: boot, in memory that is there already; range, at the head of what is added (the RFC); block, at "
        "the head of each block (Linux since 5.13); sections, in low sections of the node, for others too (an option of the RFC)",
    ),
    (
        "online, online_kernel, online_movable",
        "into the zone that the kernel's policy chooses, into a kernel zone, or into ZONE_MOVABLE; kernel and movable are short "
        "for the last two",
    ),
    (
        "fallback, no-fallback",
        "may it go into memory that is there, where it cannot be placed so? Else as the kernel does",
    ),
    (
        "reserve, align, free",
        "of what pmem adds, in pages: kept at the start, alignment of the memmap, and room for it",
    ),
    ("unit UNIT", "how much a virtio-mem device plugs or unplugs at a time"),
    ("zone ZONE", "DMA, DMA32, Normal or Movable: only there"),
    ("order ORDER", "until 2^ORDER free pages lie side by side"),
    (
        "movable, unmovable, reclaimable, pagetable, huge",
        "whose memory: of programs and files, of the kernel, of its caches, page tables, or pages of the hugetlb pool",
    ),
    (
        "sequential, checkerboard, random",
        "which pages: the lowest, every second one, or some; `seed SEED` draws others",
    ),
    ("short", "the references are held for a moment, as by direct I/O"),
    ("soft", "the page is only suspected: it is moved elsewhere first"),
    ("-n", "no line end follows the text, as with echo"),
)
"""What a line may say besides, and what that means."""


def explain(arguments: argparse.Namespace) -> int:
    """The help of a command, of scripts, or of altmap itself."""
    from .cli import main

    topic = arguments.topic
    if topic == SCRIPT:
        say("\n".join(_script()))
        return FINE
    if topic is None or topic in VERBS:
        return main([topic, "--help"] if topic else ["--help"])
    rows = {row.form.usage[0]: row for row in ROWS.values()}
    if topic in rows:
        say(
            "\n".join(
                (*_command(rows[topic]), f"It is a line of a script; altmap help {SCRIPT} tells what its words mean.")
            )
        )
        return FINE
    known = (*VERBS, SCRIPT, *rows)
    meant = did_you_mean(topic, known) or f"; it is {SCRIPT}, a command of a script, or one of {', '.join(VERBS)}"
    raise BadInput(f"there is no help on {topic!r}{meant}")


def print_completion(arguments: argparse.Namespace) -> int:
    """What makes a shell complete altmap's words, as it ships."""
    write_text((files(explorer) / "shipped" / f"altmap.{arguments.shell}").read_text())
    return FINE


def _script() -> Iterator[str]:
    for paragraph in ABOUT_SCRIPTS:
        yield from (*textwrap.wrap(paragraph, columns()), "")
    for row in ROWS.values():
        yield from _command(row)
    yield from ("What the words mean:", *explained(WORDS, 28))


def _command(row: Row) -> Iterator[str]:
    """A command of a script: its line, what it does, an example."""
    usage = " ".join(part.replace(" ", _WHOLE) for part in row.form.usage)
    yield from (line.replace(_WHOLE, " ") for line in _wrapped(usage, "", " " * 8))
    yield from _wrapped(row.about, " " * 4, " " * 4)
    yield from (f"    as in: {row.example}", "")


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(text, columns(), initial_indent=first, subsequent_indent=others, break_on_hyphens=False)


_WHOLE: Final = "\N{NO-BREAK SPACE}"
"""Keeps the words of one part of a usage together."""
