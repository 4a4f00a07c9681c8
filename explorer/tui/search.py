"""Searching memory blocks by what they are: the words of a search, and the blocks that answer to all of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from altmap.engine import BadInput, Block, Machine

from ..picture.links import links_of
from ..picture.palette import WORDS

STATES: Final = ("online", "offline", "going-offline")
VERDICTS: Final[Mapping[str, str]] = {
    "yes": "yes", "can go": "yes", "no": "no", "never": "never", "not known": "not known", "unknown": "not known",
}  # fmt: skip
KINDS: Final[Mapping[str, str]] = {
    **{word: kind for kind, word in WORDS.items() if kind not in ("absent", "block offline", "hole", "vmemmap")},
    "page tables": "pagetable",
}
FOREIGN: Final = "hosts foreign memmap"
EXAMPLES: Final = "offline, Movable, node 1, slab, can go, not known, hosts foreign memmap, empty, hot-added"

Blocks = frozenset[int]
Finder = Callable[[Machine, Mapping[str, Iterable[int]]], Blocks]
"""Finds the blocks of one term, given the blocks by verdict, as far as they were asked."""


class Search(NamedTuple):
    """A search: its terms as they were understood, what finds the blocks of each, and whether it asks for verdicts."""

    terms: tuple[str, ...]
    finders: tuple[Finder, ...]
    asks: bool

    def blocks(self, machine: Machine, answers: Mapping[str, Iterable[int]]) -> Blocks:
        """The blocks that answer to all terms; `answers`: the blocks by verdict, as far as they were asked."""
        found = frozenset(machine.blocks)
        for finder in self.finders:
            found &= finder(machine, answers)
        return found

    @property
    def words(self) -> str:
        """The terms in a line."""
        return " + ".join(self.terms)


def understood(machine: Machine, text: str) -> Search:
    """What a text asks for. Raises `BadInput` with the first word that means nothing."""
    words = text.replace(",", " ").split()
    terms: list[str] = []
    finders: list[Finder] = []
    asks = False
    while words:
        for length in range(min(4, len(words)), 0, -1):
            phrase = " ".join(words[:length])
            if (found := _term(machine, phrase)) is not None:
                term, finder, verdict = found
                terms.append(term)
                finders.append(finder)
                asks |= verdict
                del words[:length]
                break
        else:
            raise BadInput(f"{words[0]!r} is nothing to search for: {EXAMPLES}")
    return Search(tuple(terms), tuple(finders), asks)


def _term(machine: Machine, phrase: str) -> tuple[str, Finder, bool] | None:
    """One term: how it was understood, what finds its blocks, and whether it asks for a verdict."""
    word = phrase.lower()
    first, _, rest = word.partition(" ")
    zones = {name.lower(): name for _, name in machine.zones}
    if word in STATES:
        return word, _by(lambda block: block.state == word), False
    if word.removeprefix("zone ") in zones and (first == "zone" or phrase[:1].isupper() or word not in KINDS):
        name = zones[word.removeprefix("zone ")]
        return f"zone {name}", _by(lambda block: block.zone is not None and block.zone[1] == name), False
    if word.startswith("node") and word[4:].strip().isdigit():
        node = int(word[4:])
        return f"node {node}", _by(lambda block: node in block.nodes), False
    if word in VERDICTS:
        answer = VERDICTS[word]
        return f"can go: {answer}", lambda machine, answers: frozenset(answers.get(answer, ())), True
    if word in ("hot-added", "hot", "boot"):
        early = word == "boot"
        return "boot memory" if early else "hot-added", _by(lambda block: block.early is early), False
    if word in (FOREIGN, "foreign memmap", "foreign", "hosts memmap"):
        return FOREIGN, lambda machine, answers: _hosts(machine), False
    if word == "empty":
        return "empty", lambda machine, answers: _empty(machine), False
    if (kind := KINDS.get(rest if first in ("kind", "has") and rest else word)) is not None:
        return f"has {WORDS[kind]} pages", lambda machine, answers: _with(machine, kind), False
    return None


def _by(asked: Callable[[Block], bool]) -> Finder:
    return lambda machine, answers: frozenset(nr for nr, block in machine.blocks.items() if asked(block))


def _with(machine: Machine, kind: str) -> Blocks:
    per_block = machine.geometry.sections_per_block
    return frozenset(nr // per_block for nr, section in machine.sections.items() if kind in section.pages)


def _empty(machine: Machine) -> Blocks:
    per_block, used = machine.geometry.sections_per_block, set[int]()
    for nr, section in machine.sections.items():
        if not section.online or section.pages.keys() - {"free", "pcp", "memmap"}:
            used.add(nr // per_block)
    return frozenset(machine.blocks) - used


def _hosts(machine: Machine) -> Blocks:
    """The blocks that hold struct pages of other blocks."""
    return frozenset(host for host, guests in links_of(machine).guests.items() if set(guests) - {host})
