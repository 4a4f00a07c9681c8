"""What panels are made of: lines of words, bars and counts for a width. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from altmap.engine import Machine, Summary

from ..wrapping import wrap
from .lines import Line, Span, fitted, joined, width
from .palette import LETTERS, WORDS, Palette

_ORDER: Final = (
    "free", "pcp", "movable", "slab", "pagetable", "kernel", "memmap", "vmemmap", "reserved", "assumed", "huge",
    "pinned", "poisoned", "offline", "absent",
)  # fmt: skip
"""Kinds in the order of lists."""
_BARS: Final = " ▁▂▃▄▅▆▇█"
_TALL: Final = 26
"""On a panel of so many lines there is room for bars."""


class Parts:
    """Lines for a size. `letters`: there is no colour."""

    def __init__(self, machine: Machine, palette: Palette, size: tuple[int, int], letters: bool) -> None:
        self.machine = machine
        self.palette = palette
        self.wide, self.high = size
        self.letters = letters

    def title(self, left: str, right: str) -> Line:
        """A strip within the panel."""
        palette = self.palette
        gap = self.wide - len(left) - len(right)
        return (
            Span(left, palette.text, palette.strip, True),
            Span(" " * max(1, gap), None, palette.strip),
            Span(right[: max(0, self.wide - len(left) - 1)], palette.faint, palette.strip),
        )

    def verdict(self, answer: str) -> int:
        """The colour of a verdict as a word."""
        palette = self.palette
        return {"yes": palette.good, "no": palette.bad, "never": palette.dim, "not known": palette.warn}[answer]

    def kinds(self, found: Summary) -> Iterator[Line]:
        """How many pages there are, and of each kind that there is a line with its share."""
        total = found.pages - found.missing
        yield self.both((Span("pages", self.palette.dim),), Span(f"{total:,}", self.palette.dim))
        yield from self.uses(found, "{:,}".format)

    def uses(self, found: Summary, told: Callable[[int], str]) -> Iterator[Line]:
        """A line for each kind of pages with its share; `told` puts a count of pages in words."""
        palette, total = self.palette, found.pages - found.missing
        kinds: dict[str, int] = {str(kind): n for kind, n in found.kinds.items()}
        rows = [(WORDS[kind], LETTERS[kind], palette.kinds[kind], kinds[kind]) for kind in _ORDER if kind in kinds]
        if found.offline:
            rows.append(("offline", "o", palette.hatch[0], found.offline))
        digits = max(len(told(count)) for *_, count in rows) if rows else 0
        label = max(12, *(len(word) + 1 for word, *_ in rows)) if rows else 12
        bar = max(4, self.wide - 2 - label - digits - 6)
        for word, letter, colour, count in rows:
            share = f"{count * 100 / total:.0f}%" if count * 100 >= total else "<1%"
            yield joined(
                (
                    Span(f" {letter} " if self.letters else "  ", palette.dim),
                    Span(f"{word:<{label}}"),
                    *self.measure(count / total, bar, colour),
                    Span(told(count).rjust(digits), bold=True),
                    Span(f"{share:>5}", palette.dim),
                )
            )

    def measure(self, share: float, cells: int, colour: int) -> tuple[Span, ...]:
        """A share of 1 as a bar of so many characters, and a blank behind it."""
        if self.letters:
            full = round(share * cells)
            return (Span("=" * full + " " * (cells - full)),)
        halves = max(1, round(share * cells * 2)) if share else 0
        text = "█" * (halves // 2) + "▌" * (halves % 2)
        return (
            Span(text, colour, self.palette.strip),
            Span(" " * (cells - len(text)), None, self.palette.strip),
            Span(" "),
        )

    def orders(self, orders: Mapping[int, int], colour: int, bars: int) -> Iterator[Line]:
        """How many free areas there are of each order; where there is room for it their pages too, as bars of so many lines.
        `orders`: pages by order; an area of which no more than a part is meant is one."""
        palette, top = self.palette, self.machine.geometry.max_order
        pages = [orders.get(order, 0) for order in range(top + 1)]
        counts = [-(-count >> order) for order, count in enumerate(pages)]
        exact = [f"{count or '·'}" for count in counts]
        for texts, least in ((exact, 3), (exact, 2), ([_thousands(count) for count in counts], 2)):
            widths = [max(least, len(text) + 1, len(f"{order}") + 1) for order, text in enumerate(texts)]
            if sum(widths) <= self.wide:
                break
        most = max(pages)
        levels = [round(count / most * bars * 8) or (1 if count else 0) for count in pages] if most else []
        for row in reversed(range(bars)) if levels and not self.letters and self.high >= _TALL else ():
            cells = [_BARS[min(8, max(0, level - row * 8))] for level in levels]
            yield joined(
                Span((cell * min(3, each - 1)).rjust(each), colour) for cell, each in zip(cells, widths, strict=True)
            )
        yield self.text("".join(f"{order:>{each}}" for order, each in enumerate(widths)), palette.faint)
        yield self.text("".join(text.rjust(each) for text, each in zip(texts, widths, strict=True)), palette.text)

    def bar(self, found: Summary) -> Line:
        """All kinds as one bar over the whole width."""
        kinds: dict[str, int] = {str(kind): n for kind, n in found.kinds.items()}
        total = max(1, found.pages - found.missing)
        spans, used, done = [], 0, 0
        for kind in (*(one for one in _ORDER if one in kinds), *(["block offline"] if found.offline else [])):
            done += kinds.get(kind, found.offline if kind == "block offline" else 0)
            cells = max(self.wide * done // total - used, 0)
            used += cells
            if self.letters:
                spans.append(Span(LETTERS[kind] * cells))
            elif kind == "block offline":
                spans.append(Span("░" * cells, *self.palette.hatch))
            else:
                spans.append(Span(" " * cells, None, self.palette.kinds[kind]))
        return joined(spans)

    def in_line(self, found: Summary) -> Line:
        """The kinds that there are with their counts, as many as have room on one line."""
        palette, spans = self.palette, list[Span]()
        for kind in _ORDER:
            count = {str(name): n for name, n in found.kinds.items()}.get(kind)
            if count:
                sign = f"{LETTERS[kind]} " if self.letters else "█ "
                entry = [
                    Span(sign, palette.kinds[kind]),
                    Span(f"{WORDS[kind]} ", palette.dim),
                    Span(f"{count:,}  ", bold=True),
                ]
                if width((*spans, *entry)) > self.wide:
                    break
                spans += entry
        if found.offline:
            lead = Span("o ", palette.hatch[0]) if self.letters else Span("░ ", *palette.hatch)
            spans += [lead, Span("offline ", palette.dim), Span(f"{found.offline:,}", bold=True)]
        return joined(spans)

    def text(self, text: str, colour: int) -> Line:
        """A text in a colour, cut at the width."""
        return (Span(text[: self.wide], colour),)

    def both(self, left: Line, right: Span) -> Line:
        """What stands at the left end, and at the right one if there is room."""
        gap = self.wide - width(left) - len(right.text)
        return joined((*left, Span(" " * gap), right)) if gap > 0 else left

    def row(self, label: str, text: str) -> Line:
        """A label and right behind it a text, on one line."""
        return fitted(joined((Span(f"{label}  ", self.palette.dim), Span(text))), self.wide)

    def words_line(self, label: str, text: str) -> Line:
        """A label and in a column beside it a text, on one line."""
        return fitted(joined((Span(f"{label:<12}", self.palette.dim), Span(text))), self.wide)

    def words(self, label: str, text: str, colour: int | None = None) -> Iterator[Line]:
        """A label and in a column beside it a text, on as many lines as it needs."""
        indent = max(9, len(label) + 1)
        for number, part in enumerate(wrap(text, max(16, self.wide - indent))):
            yield (Span((label if number == 0 else "").ljust(indent), self.palette.dim), Span(part, colour))


def _thousands(count: int) -> str:
    """A count in at most three letters."""
    return f"{count or '·'}" if count < 1000 else f"{count // 1000}k"
