"""What the help tells, as data: chapters of entries, and those of them in which words stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from .glossary import GLOSSARY, words_in
from .verbs import VERBS

KEY_NAMES: Final = {
    "question_mark": "?", "escape": "esc", "space": "space", "colon": ":", "plus": "+", "minus": "-", "backspace": "⌫",
    "slash": "/", "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn",
} | {f"f{number}": f"F{number}" for number in range(1, 13)}  # fmt: skip
"""How keys are called that Textual calls otherwise."""
GROUPS: Final = ("Memory", "Map", "Blocks", "History")
"""The groups of verbs that come first, in this order."""


class Entry(NamedTuple):
    """Keys, what they do in a word or two, and in a sentence; or a word and its meaning. `action`: what a click does."""

    keys: str
    title: str
    sentence: str
    action: str = ""


class Chapter(NamedTuple):
    """A title, a sentence below it, and entries."""

    title: str
    sentence: str
    entries: tuple[Entry, ...]


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
            ("click", "The mouse selects; drag to mark, click twice or turn the wheel to zoom"),
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


def key_names(keys: str) -> str:
    """Keys as a person calls them, of a text in which Textual's names are divided by commas."""
    return " ".join(KEY_NAMES.get(key, key) for key in keys.split(","))


def of_pane(pane: str, text: str, own: Sequence[Entry] = ()) -> list[Chapter]:
    """The chapters for who has the keys on a pane of the main screen: that pane, the words in what it shows (`text`), the keys
    that the screen has besides (`own`), every verb by group, and all words."""
    about = PANES[pane]
    found = [Chapter(f"The {pane}", about.sentence, tuple(Entry(keys, "", what) for keys, what in about.keys))]
    if own:
        found.append(Chapter("This screen", "", tuple(own)))
    if words := words_in(text):
        found.append(Chapter("Words that stand in it now", "", tuple(_words(words))))
    groups = [*dict.fromkeys((*GROUPS, *(verb.group for verb in VERBS)))]
    verbs = sorted(VERBS, key=lambda verb: groups.index(verb.group))
    for group, some in groupby(verbs, key=lambda verb: verb.group):
        entries = (Entry(key_names(verb.key), verb.title, verb.sentence, f"verb('{verb.name}')") for verb in some)
        found.append(Chapter(group, "", tuple(entries)))
    return [*found, Chapter("All words", "", tuple(_words(GLOSSARY)))]


def of_keys(keys: Iterable[Entry]) -> list[Chapter]:
    """The chapters for a screen of its own: its keys as Textual calls them, with what they do; those of one action are one
    entry. Then all words."""
    by_action: dict[str, list[Entry]] = {}
    for key in keys:
        if key.title:
            by_action.setdefault(key.action, []).append(key)
    entries = (
        Entry(
            key_names(",".join(key.keys for key in same)),
            same[0].title if same[0].sentence else "",
            same[0].sentence or same[0].title,
            action,
        )
        for action, same in by_action.items()
    )
    return [Chapter("Keys here", "", tuple(entries)), Chapter("All words", "", tuple(_words(GLOSSARY)))]


def _words(words: Iterable[str]) -> Iterator[Entry]:
    return (Entry("", word, GLOSSARY[word]) for word in words)


def matching(chapters: Iterable[Chapter], text: str) -> list[Chapter]:
    """The entries in which each word of a text stands; a chapter without any is left out. A single character is a key."""
    words = text.lower().split()
    found = []
    for chapter in chapters:
        entries = tuple(entry for entry in chapter.entries if _has(entry, text.strip(), words))
        if entries or not words:
            found.append(chapter._replace(entries=entries, sentence="" if words else chapter.sentence))
    return found


def _has(entry: Entry, text: str, words: Sequence[str]) -> bool:
    if len(text) == 1:
        return text in entry.keys.split()
    said = " ".join(entry[:3]).lower()
    return all(word in said for word in words)
