"""What differs between two states of a machine, as lines: first in the numbers that matter most, then thing by thing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from altmap.engine import Drift, Line, Machine, block_names, diff, drift_lines, measured, running

from ..picture.palette import WORDS
from .graphs import COURSES

Rows = Sequence[tuple[str, str, str]]
"""A name, and what there is before and after."""


def differing(before: Machine, after: Machine) -> Iterator[Line]:
    """All that differs; that nothing does where it is so."""
    found = diff(before, after)
    if not found:
        yield running("Nothing differs.", indent=0)
        return
    yield running("the machine", "title", 0)
    yield from _table(_numbers(before, after, found))
    if found.zones:
        yield from _part("zones, in pages")
        for change in found.zones:
            node, zone = change.key
            yield running(f"{zone} of node {node}")
            yield from _table(_fields(change.before, change.after), 4, headed=False)
    for title, lines in (
        ("blocks", _blocks(found)),
        ("memmap", drift_lines(Drift(memmaps=found.memmaps))),
        ("nodes", drift_lines(Drift(nodes=found.nodes))),
    ):
        if told := [*lines]:
            yield from _part(title)
            yield from map(running, told)


def in_block(nr: int, before: Machine, after: Machine) -> Iterator[Line]:
    """The state of a block and its pages by kind in two states of a machine: what is not the same in both."""
    unit = before.geometry.pages_per_block
    there = [machine.blocks.get(nr) for machine in (before, after)]
    states = [str(block.state) if block is not None else "not there" for block in there]
    zones = [block.zone[1] if block is not None and block.zone is not None else "none" for block in there]
    found = [machine.summary(nr * unit, unit, orders=False) for machine in (before, after)]
    kinds = [{WORDS[kind]: count for kind, count in one.kinds.items()} for one in found]
    rows = [(name, one, other) for name, (one, other) in (("state", states), ("zone", zones))]
    counts = [(word, kinds[0].get(word, 0), kinds[1].get(word, 0)) for word in dict.fromkeys([*kinds[0], *kinds[1]])]
    shown = [*_table([*rows, *((word, f"{one:,}", f"{other:,}") for word, one, other in counts)])]
    yield from shown or [running("as much of each kind in both")]


def _part(title: str) -> Iterator[Line]:
    yield running("")
    yield running(title, "title", 0)


def _table(rows: Iterable[tuple[str, str, str]], indent: int = 2, headed: bool = True) -> Iterator[Line]:
    """The rows that are not the same before and after."""
    found = [row for row in rows if row[1] != row[2]]
    head = [("", "before", "after")] if found and headed else []
    yield from (Line((*row, ""), indent=indent) for row in [*head, *found])


def _numbers(before: Machine, after: Machine, found: Drift) -> Iterator[tuple[str, str, str]]:
    one, other, page = measured(before), measured(after), before.geometry.page_size
    for course in COURSES:
        yield course.name, course.words(one, page), course.words(other, page)
    yield "blocks", f"{len(before.blocks):,}", f"{len(after.blocks):,}"
    off = [sum(block.state == "offline" for block in machine.blocks.values()) for machine in (before, after)]
    yield "offline", f"{off[0]:,}", f"{off[1]:,}"
    for value in (*found.machine, *found.parameters):
        yield value.name, str(value.before), str(value.after)


def _fields(before: object, after: object) -> Rows:
    """The numbers of a zone; none where it is not there."""
    names = ("managed", "free", "present", "spanned")
    values = [[getattr(seen, name, None) for name in names] for seen in (before, after)]
    return [
        (name, *("none" if value is None else f"{value:,}" for value in pair))
        for name, *pair in zip(names, *values, strict=True)
    ]


def _blocks(found: Drift) -> Iterator[str]:
    """Blocks that are new or gone, alike ones together; then how others have changed."""
    groups: dict[str, list[int]] = {}
    for change in found.blocks:
        seen = change.after or change.before
        if seen is not None and (change.before is None or change.after is None):
            zone = f" in {seen.valid_zones}" if seen.state == "online" else ""
            words = f"{'gone, was' if change.after is None else 'new,'} {seen.state}{zone}"
            groups.setdefault(words, []).append(change.key)
    yield from (f"{block_names(numbers)}: {words}" for words, numbers in groups.items())
    yield from drift_lines(
        Drift(blocks=tuple(change for change in found.blocks if None not in (change.before, change.after)))
    )
