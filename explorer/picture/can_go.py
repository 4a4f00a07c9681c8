"""The view of what can go: each block as a tile in the colour of its verdict, with what is in the way."""

from __future__ import annotations

from typing import Final

from altmap.engine import Summary

from .lines import Line, Span, joined
from .mix import shares
from .palette import WORDS
from .plan import Shape
from .scope import touched
from .view import BlockOutlook, Entry, Paint, Scene, View, offline_entries, offline_paint


class CanGo(View):
    name, key = "can it go", "4"
    by_contents = False
    draws_tiles = True
    sentence = "Would each block go offline now: yes; no, and what is in the way; never; not known."

    @classmethod
    def tile(cls, scene: Scene, block: int, shape: Shape, high: int, least: int) -> list[Line] | None:
        """The sign of its answer, after its number where no caption has that; what is in the way or would move, in full or
        not at all; and where the lowest row has a line for it, a bar of what it holds."""
        outlook = scene.verdicts.of(block)
        if outlook is None:
            return None
        palette, wide, bare = scene.palette, shape.broad, shape.halves == 1
        back = None if bare else palette.verdicts[outlook.answer]
        fore = palette.text if bare else 0xFFFFFF if palette.dark else 0x10151C
        sign, right = VERDICT_LETTERS[outlook.answer], _short(outlook)
        left = sign if shape.caption else f"{block} {sign}"
        if wide < _WORDED:
            left, right = sign.center(wide), ""
        elif len(left) + 1 + len(right) + bare > wide:  # without a ground of its own it keeps away from the next
            right = ""
        end = " " * bare
        first = (Span(f"{left}{right + end:>{wide - len(left)}}"[:wide], fore, back, True),)
        lines: list[Line] = [first, *[(Span(" " * wide, None, back),)] * (high - 1)]
        if least >= 2 and not bare:
            size = scene.machine.geometry.pages_per_block
            kinds = {str(kind): n for kind, n in scene.machine.summary(block * size, size, orders=False).kinds.items()}
            bar = (Span("▄", palette.kinds[kind], back) for kind in shares(kinds, wide - 2))
            lines[-1] = joined((Span(" ", None, back), *bar, Span(" ", None, back)))
        return lines

    @classmethod
    def numbers(cls, scene: Scene, block: int, wide: int) -> bool:
        """Its tile does, where there is room for more than the sign of an answer that it has."""
        return wide >= _WORDED and scene.verdicts.of(block) is not None

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
        size = scene.machine.geometry.pages_per_block
        blocks = touched(whole.start, whole.pages, size)
        found = {name for name, those in scene.verdicts.answers().items() if any(nr in blocks for nr in those)}
        return [
            Entry(Paint(scene.palette.verdicts[name], VERDICT_LETTERS[name]), word)
            for name, word in words.items()
            if name in found
        ] + offline_entries(scene, whole)


def _short(outlook: BlockOutlook) -> str:
    """What is in the way, or what would move, in as few letters as possible."""
    if outlook.answer == "yes":
        return f"{_counted(outlook.moves)} move" if outlook.moves else "empty"
    if outlook.answer == "not known" and all(word == WORDS["assumed"] for word, _, _ in outlook.blockers):
        return outlook.doubt
    if outlook.rule or not outlook.blockers:
        return outlook.rule or outlook.result
    word, _, _ = outlook.blockers[0]
    total = sum(count for _, count, _ in outlook.blockers)
    return f"{_counted(total)} {word}{'+' * (len(outlook.blockers) > 1)}"


def _counted(count: int) -> str:
    return f"{count:,}" if count < 10000 else f"{count / 1000:.1f}k"


_WORDED: Final = 8
"""Columns of a tile that says more than the sign of its answer, at least."""
VERDICT_SIGNS: Final = {"yes": "✓", "no": "✗", "never": "✗", "not known": "?"}
"""What stands beside the word for a verdict."""
VERDICT_LETTERS: Final = {**VERDICT_SIGNS, "never": "-"}
"""What stands for a verdict where there is no word for it."""
