"""The line below a map that names what is in sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .lines import Line, Span, joined, width
from .view import Entry, Scene


def legend(entries: Iterable[Entry], words: Sequence[str], wide: int, scene: Scene, halves: int) -> Line:
    """Entries from the left, as many as fit, and words at the right; where an entry has no room beside these the last are
    left out."""
    palette = scene.palette
    spans: list[Span] = []
    entries = [*entries]
    needed = sum(len(word) + (5 if halves == 1 else 4) for _, word in entries)
    for count in range(len(words), -1, -1):
        right = "  ".join(words[:count])
        if needed + len(right) + 1 <= wide:
            break
    for paint, word in entries:
        if halves == 1:
            entry = [Span(f" {paint.letter} "), Span(f"{word} ", palette.dim)]
        elif paint.hatch:
            entry = [Span(" "), Span("░", *paint.hatch), Span(f" {word} ", palette.dim)]
        else:
            entry = [Span(" "), Span("█", paint.colour), Span(f" {word} ", palette.dim)]
        if width((*spans, *entry)) + len(right) + 1 > wide:
            break
        spans += entry
    gap = wide - width(tuple(spans)) - len(right) - 1
    return joined((*spans, Span(" " * max(0, gap)), Span(right, palette.text)))
