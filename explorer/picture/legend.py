"""The line below a map that names what is in sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .lines import Line, Span, fitted, joined, width
from .view import Entry, Scene


def legend(
    entries: Iterable[Entry], words: Sequence[str], wide: int, scene: Scene, halves: int, spare: Iterable[Entry] = ()
) -> Line:
    """Entries from the left, as many as fit, and words at the right; where an entry has no room beside these the last are
    left out, and where one has none without them all stand closer together. `spare`: entries for room that is left."""
    shown = [_entry(entry, scene, halves) for entry in entries]
    needed = sum(width(entry) + 1 for entry in shown)
    for entry in (_entry(entry, scene, halves) for entry in spare):
        if needed + width(entry) + 1 + len("  ".join(words)) + 1 <= wide:
            shown.append(entry)
            needed += width(entry) + 1
    for count in range(len(words), -1, -1):
        right = "  ".join(words[:count])
        if needed + len(right) + 1 <= wide:
            break
    apart = (Span(" "),) if needed <= wide + 1 else ()
    spans: list[Span] = []
    for entry in shown:
        if width((*spans, *entry)) + len(right) + bool(right) > wide:
            break
        spans += (*entry, *apart)
    gap = wide - width(tuple(spans)) - len(right) - 1
    return fitted(joined((*spans, Span(" " * max(0, gap)), Span(right, scene.palette.text))), wide)


def _entry(entry: Entry, scene: Scene, halves: int) -> Line:
    paint, word, sample = entry
    said = Span(f" {word}", scene.palette.dim)
    if sample:
        return (Span(" "), *sample, said)
    if halves == 1:
        return (Span(f" {paint.letter}"), said)
    if paint.hatch:
        return (Span(" "), Span("░", *paint.hatch), said)
    return (Span(" "), Span("█", paint.colour), said)
