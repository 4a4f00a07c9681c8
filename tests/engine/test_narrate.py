"""Reasons are data: each has a code, goes to JSON and back, and is written as one sentence that tells all its fields."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from altmap.engine.protocol.events import Event
from altmap.engine.protocol.reasons import Reason, SectionsLeft, StayedOnline
from altmap.engine.protocol.reasons.adding import NoRowForMemmap
from altmap.engine.protocol.reasons.placement import CallerAsks, HeadOfEachBlock, NotOneBlock, PersonAsks
from altmap.engine.protocol.reasons.taking import HoldsMemmap, Unmovable
from altmap.engine.protocol.reasons.unknown import NotSeen
from altmap.engine.questions.narrate import moments
from altmap.engine.questions.narrate.placement import placed
from altmap.engine.questions.narrate.reason import sentence
from altmap.engine.questions.narrate.words import block_names

KINDS = tuple(sorted(get_args(Reason), key=lambda kind: str(kind.__name__)))


def some(hint: Any, other: bool) -> Any:
    """A value of a type; with `other` a second one."""
    if isinstance(hint, UnionType) or (get_origin(hint) is not None and get_origin(hint) not in (tuple, Literal)):
        parts = [part for part in get_args(hint) if part is not type(None)]
        hint = parts[-1 if other else 0]
    if get_origin(hint) is Literal:
        return get_args(hint)[-1 if other else 0]
    if get_origin(hint) is tuple:
        parts = [part for part in get_args(hint) if part is not ...]
        return tuple(some(part, other) for part in parts)
    if hint in (int, str, bool):
        return {int: 8192 if other else 4096, str: "two" if other else "one", bool: not other}[hint]
    return made(hint, other)


def made(kind: type[Any], other: bool = False) -> Any:
    """A reason of a kind."""
    return kind(**{name: some(get_type_hints(kind)[name], other) for name in kind.__struct_fields__})


def comes_back(reason: Any) -> bool:
    """Is it, as JSON, its code and its fields, and read from that the same again?"""
    coded = msgspec.json.encode(reason)
    told = msgspec.json.decode(coded)
    named = told["code"] == reason.code and set(told) == {"code", *reason.__struct_fields__}
    return named and msgspec.json.decode(coded, type=Reason) == reason


def test_a_reason_goes_to_json_and_back() -> None:
    assert [kind.__name__ for kind in KINDS if not comes_back(made(kind))] == []


def test_a_reason_is_one_sentence_that_tells_all_its_fields() -> None:
    said = {kind: sentence(made(kind)) for kind in KINDS}
    assert [text for text in said.values() if text != text.strip() or "\n" in text or text.endswith(".")] == []
    untold = [
        f"{kind.__name__}.{name}: {text}"
        for kind, text in said.items()
        for name in kind.__struct_fields__
        if sentence(msgspec.structs.replace(made(kind), **{name: some(get_type_hints(kind)[name], True)})) == text
    ]
    assert untold == []


def test_what_is_counted_in_a_sentence_has_separators() -> None:
    """Numbers that name something have none: a block, a section, a node, a page by its pfn, the page of a hugetlb."""
    counts = [re.sub(r"(memory|section |nodes? |-|, )4096\b|pfn 1000\b", "", sentence(made(kind))) for kind in KINDS]
    assert [text for text in counts if re.search(r"(?<![\w.])\d{4,}(?![\w])", text)] == []


def test_codes_are_all_different() -> None:
    assert len({made(kind).code for kind in KINDS}) == len(KINDS) > 80


def test_every_event_has_a_line_for_those_who_watch() -> None:
    assert {*moments._MOMENTS} == {*get_args(Event)}


def test_what_a_sentence_is_like() -> None:
    assert sentence(Unmovable(0x100400, "slab", ())) == "failure to isolate range: page 0x100400 is a slab page"
    assert sentence(Unmovable(0x100400, "vmemmap", (33, 34, 36))).endswith("is memmap of memory33-34, memory36")
    assert sentence(HoldsMemmap(32, (33,))).startswith(
        "memory32 holds the memmap of memory33; remove that first (altmap's own"
    )
    left = SectionsLeft(NoRowForMemmap(35, 512, (0, 1)), 3, 1536, 6 << 20)
    assert sentence(left) == (
        "no 512 free pages in a row for the memmap of section 35 in kernel zones of nodes 0, 1; 3 sections that were "
        "finished stay behind with 1,536 memmap pages (6M) and without a block"
    )
    assert sentence(StayedOnline(33, Unmovable(0x108400, "kernel", ()))).startswith("memory33 did not go offline: ")


def test_where_a_memmap_lies_is_told_with_the_rule() -> None:
    assert placed("range", CallerAsks("acpi")) == "the added range itself: acpi asks for it"
    assert placed("boot", PersonAsks()) == "kernel memory, as asked"
    assert placed("block", HeadOfEachBlock(32, 28, False)) == "each block's own first 32 pages, 28 of them wasted"
    assert placed("boot", NotOneBlock(256 << 20, 128 << 20)) == (
        "kernel memory, because the request of 256M is not exactly one memory block of 128M"
    )


def test_blocks_are_named_in_runs() -> None:
    assert block_names(()) == ""
    assert block_names((32,)) == "memory32"
    assert block_names((39, *range(32, 39), 48)) == "memory32-39, memory48"
    assert block_names((1, 3, 5, 7, 8, 9), limit=2) == "memory1, memory3 and 4 more blocks"
    assert block_names((1, 3), limit=1) == "memory1 and 1 more block"


def test_one_block_holds_and_several_hold() -> None:
    unseen = made(NotSeen)
    assert "at least 1 of these holds some" in sentence(msgspec.structs.replace(unseen, least=1))
    assert "at least 2 of these hold some" in sentence(msgspec.structs.replace(unseen, least=2))
