"""The help screen: the pane that has the keys and the words that stand in it, then every verb and every word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical

from ..glossary import GLOSSARY, words_in
from ..verbs import VERBS
from ..widgets.heading import CLOSE, Heading
from ..widgets.painted import Line, Painted, wrapped
from .dialog import Dialog

KEY_NAMES = {
    "question_mark": "?", "escape": "esc", "space": "space", "f1": "F1", "colon": ":", "plus": "+", "minus": "-",
    "backspace": "⌫", "slash": "/",
}  # fmt: skip


GROUPS: Final = ("Memory", "Map", "Blocks", "History")
"""The groups of verbs that come first, in this order."""


class PaneHelp(NamedTuple):
    """What a pane is for, and the keys that are its own."""

    sentence: str
    keys: tuple[tuple[str, str], ...]


_READ: Final = (("↑ ↓", "Read on, as do PgUp and PgDn"), ("pointer", "On a word of the kernel's: what it means"))

PANES: Final[Mapping[str, PaneHelp]] = {
    "map": PaneHelp(
        "Memory by address: the more one zooms in, the fewer pages a cell stands for.",
        (
            ("arrows", "Walk; with shift they mark"),
            ("home end", "To the first and the last"),
            ("click", "Select; drag to mark, click twice or turn the wheel to zoom"),
        ),
    ),
    "inspector": PaneHelp("All that is known of what is under the cursor of the map, at its scale.", _READ),
    "zones": PaneHelp("Nodes and their zones, as /proc/zoneinfo counts them.", _READ),
    "log": PaneHelp("All commands so far, what the kernel printed, and what came of them.", _READ),
    "parameters": PaneHelp(
        "Kernel model, options of the boot, and files that can be written; what is worth knowing of the machine.",
        (
            ("↑ ↓", "Choose a parameter"),
            ("enter", "Change it: a write is a step of the plan, a boot makes another machine"),
            ("click", "Choose it; again, change it"),
        ),
    ),
}
"""The panes of the main screen."""


class HelpText(Painted):
    """The pane `about`, the words in what it shows (`text`), keys by group, then all words."""

    hints = True

    def __init__(self, about: str, text: str) -> None:
        super().__init__()
        self._about, self._text = about, text

    def lines(self, width: int) -> Sequence[Line]:
        about = PANES[self._about]
        lines: list[Line] = [((f"The {self._about}", "title"),), *wrapped(about.sentence, "text", width)]
        lines += [line for keys, what in about.keys for line in _entry(keys, "", what, width)]
        if found := words_in(self._text):
            lines += [(), (("Words that stand in it now", "title"),), *_words(found, width)]
        groups = [*dict.fromkeys((*GROUPS, *(verb.group for verb in VERBS)))]
        sorted_verbs = sorted(VERBS, key=lambda verb: groups.index(verb.group))
        for group, verbs in groupby(sorted_verbs, key=lambda verb: verb.group):
            lines += [(), ((group, "title"),)]
            for verb in verbs:
                keys = " ".join(KEY_NAMES.get(key, key) for key in verb.key.split(","))
                lines += _entry(keys, verb.title, verb.sentence, width)
        return [*lines, (), (("All words", "title"),), *_words(GLOSSARY, width)]


def _words(words: Iterable[str], width: int) -> Iterator[Line]:
    for word in words:
        yield from _entry("", word, GLOSSARY[word], width)


def _entry(keys: str, title: str, sentence: str, width: int) -> list[Line]:
    head = 32 if keys and title else 20
    if width < 2 * head:
        return [
            ((keys.ljust(8) if keys else "", "strong"), (title, "strong" if not keys else "text")),
            *wrapped(sentence, "muted", width - 8, " " * 8, " " * 8),
        ]
    first, *rest = wrapped(sentence, "muted", width - head)
    column = 8 if title else head
    begin: Line = ((keys.ljust(column) if keys else "", "strong"),)
    begin += ((title.ljust(head - len(begin[0][0])), "text"),)
    return [(*begin, *first), *(((" " * head, "text"), *line) for line in rest)]


class HelpScreen(Dialog[None]):
    """Closed by escape, as every dialog. `about`: the pane that has the keys, `text` what it shows."""

    def __init__(self, about: str, text: str) -> None:
        super().__init__()
        self._about, self._text = about, text

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading("Keys and words", CLOSE)
            yield HelpText(self._about, self._text)
