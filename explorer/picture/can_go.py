"""The view of what can go: each block as a tile in the colour of its verdict, with what is in the way."""

from __future__ import annotations

from typing import Final

from altmap.engine import Summary

from .lines import Line, Span, joined
from .mix import shares
from .palette import WORDS
from .scope import touched
from .view import Entry, Paint, Scene, Told, View, offline_entries, offline_paint


class CanGo(View):
    name, key = "can it go", "4"
    by_contents = False
    draws_tiles = True
    sentence = "Would each block go offline now: yes; no, and what is in the way; never; not known."

    @classmethod
    def tile(cls, scene: Scene, block: int, wide: int, high: int, halves: int) -> list[Line] | None:
        told = scene.verdicts.of(block)
        if told is None:
            return None
        palette = scene.palette
        back = palette.verdicts[told.answer] if halves == 2 else None
        fore = palette.text if halves == 1 else 0xFFFFFF if palette.dark else 0x10151C
        sign = VERDICT_SIGNS[told.answer]
        left, right = f"{block} {sign}", _short(told)
        if wide < 8:
            left, right = sign.center(wide), ""
        else:
            room = wide - len(left) - 1
            short = right.split()[0] if right[0].isdigit() else ""
            right = next((text for text in (right, short) if len(text) <= room), "")
        first = (Span(f"{left}{right:>{wide - len(left)}}"[:wide], fore, back, True),)
        lines: list[Line] = [first, *[(Span(" " * wide, None, back),)] * (high - 1)]
        if high >= 2 and halves == 2:
            size = scene.machine.geometry.pages_per_block
            kinds = {str(kind): n for kind, n in scene.machine.summary(block * size, size, orders=False).kinds.items()}
            bar = (Span("▄", palette.kinds[kind], back) for kind in shares(kinds, wide - 2))
            lines[-1] = joined((Span(" ", None, back), *bar, Span(" ", None, back)))
        return lines

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := offline_paint(scene, cell)) is not None:
            return off
        size = scene.machine.geometry.pages_per_block
        blocks = touched(cell.start, cell.pages, size)
        found = scene.verdicts.among(blocks)
        for verdict in ("no", "not known", "never", "yes"):
            if verdict in found:
                return Paint(scene.palette.verdicts[verdict], VERDICT_LETTERS[verdict])
        return Paint(scene.palette.strip, "…")

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        words = {"yes": "can go", "no": "no", "never": "never", "not known": "not known"}
        found = scene.verdicts.answers()
        return [
            Entry(Paint(scene.palette.verdicts[name], VERDICT_LETTERS[name]), word)
            for name, word in words.items()
            if found.get(name)
        ] + offline_entries(scene, whole)


def _short(told: Told) -> str:
    """What is in the way, or what would move, in as few letters as possible."""
    if told.answer == "yes":
        return f"{_counted(told.moves)} move" if told.moves else "empty"
    if told.answer == "not known" and all(word == WORDS["assumed"] for word, _, _ in told.blockers):
        return "unseen"
    if told.rule or not told.blockers:
        return told.rule or told.result
    word, _, _ = told.blockers[0]
    total = sum(count for _, count, _ in told.blockers)
    return f"{_counted(total)} {word}{'+' * (len(told.blockers) > 1)}"


def _counted(count: int) -> str:
    return f"{count:,}" if count < 10000 else f"{count / 1000:.1f}k"


VERDICT_SIGNS: Final = {"yes": "✓", "no": "✗", "never": "✗", "not known": "?"}
"""What stands beside the word for a verdict."""
VERDICT_LETTERS: Final = {**VERDICT_SIGNS, "never": "-"}
"""What stands for a verdict where there is neither word nor colour."""
