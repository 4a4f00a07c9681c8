"""The words above everything: what machine this is, and how much of its memory is free. Pure."""

from __future__ import annotations

from typing import Final

from altmap.engine import Machine, about_bytes
from rich.cells import cell_len

from .. import facts
from ..card import kernel_words
from ..printable import printable
from . import words
from .worded import Word

SETTINGS: Final = {
    "memmap_on_memory": "memmap_on_memory",
    "online_policy": "policy",
    "auto_online_blocks": "auto-online",
}
"""What can be set and is shown, and how it is called there."""


def status(machine: Machine, width: int, alarm: str = "") -> tuple[list[Word], list[Word]]:
    """Name, kernel model, architecture and parameters, and at the right end the memory totals; of the first what does not fit
    is left out. `alarm`: that hardly any memory is left, in a few words."""
    total, free = facts.totals(machine)
    left = [Word(" altmap ", "badge"), Word("  "), Word(printable(words.machine_name(machine)), "strong")]
    kernel = kernel_words(machine)
    amount = Word(about_bytes(free), "bad" if alarm else "strong")
    share = Word(f"{free * 100 // max(1, total)}% ")
    memory = [
        Word(f"! {alarm}  " if alarm else "", "bad"),
        amount,
        Word(f" free of {about_bytes(total)} ", "dim"),
        share,
    ]
    if _wide(left) + len(kernel) + _wide(memory) + 3 > width:
        memory = [Word("! " if alarm else "", "bad"), amount, Word(" free ", "dim"), share]
    texts = machine.parameters
    details = [("", kernel), ("", machine.geometry.arch)]
    details += [(word, texts[setting]) for setting, word in SETTINGS.items() if setting in texts]
    for word, value in details:
        more = [Word(f"  {word} " if word else "  ", "dim"), Word(value, "text" if word else "dim")]
        if _wide(left) + _wide(more) + _wide(memory) + 2 > width:
            break
        left += more
    return left, memory


def _wide(words: list[Word]) -> int:
    return sum(cell_len(word.text) for word in words)
