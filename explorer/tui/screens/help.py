"""The help screen, made from the verbs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from textual.app import ComposeResult
from textual.containers import Vertical

from ..verbs import VERBS
from ..widgets.heading import CLOSE, Heading
from ..widgets.painted import Line, Painted, wrapped
from .dialog import Dialog

KEY_NAMES = {"question_mark": "?", "escape": "esc", "space": "space", "f1": "F1", "colon": ":"}

GLOSSARY = (
    ("memory block", "The unit that goes online and offline, a device memoryN in sysfs."),
    ("section", "The unit in which the kernel keeps struct pages; one or more make a block."),
    ("memmap", "The struct pages of memory: 64 bytes for each page, 1.6 % of it with 4K pages."),
    ("altmap", "Takes the memmap from the added memory itself; its head pages then stay out of use."),
    ("valid_zones", "Where an offline block may go, the default first; of an online block, where it is."),
    ("online_movable", "Into ZONE_MOVABLE, where the kernel puts only what it can move away again."),
)


class HelpText(Painted):
    """Keys by group, then the kernel's words."""

    hints = True

    def lines(self, width: int) -> Sequence[Line]:
        lines: list[Line] = []
        for group, verbs in groupby(sorted(VERBS, key=_place), key=lambda verb: verb.group):
            lines += [((group, "title"),)]
            for verb in verbs:
                keys = " ".join(KEY_NAMES.get(key, key) for key in verb.key.split(","))
                lines += _entry(keys, verb.title, verb.sentence, width)
            lines.append(())
        lines.append((("Words", "title"),))
        for word, meaning in GLOSSARY:
            lines += _entry("", word, meaning, width)
        return lines


def _place(verb: object) -> int:
    groups = ("Memory", "Map", "Blocks", "History", "Screen")
    return groups.index(getattr(verb, "group"))  # noqa: B009


def _entry(keys: str, title: str, sentence: str, width: int) -> list[Line]:
    head = 32
    if width < 2 * head:
        return [((keys.ljust(6), "strong"), (title, "text")), *wrapped(sentence, "muted", width - 6, " " * 6, " " * 6)]
    first, *rest = wrapped(sentence, "muted", width - head)
    begin: Line = ((keys.ljust(7), "strong"), (title.ljust(head - 7), "text"))
    return [(*begin, *first), *(((" " * head, "text"), *line) for line in rest)]


class HelpScreen(Dialog[None]):
    """Closed by escape, as every dialog."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading("Keys and words", CLOSE)
            yield HelpText()
