"""Alternatives of an add as pictures, one column each: the memory that is there, the added range, and the numbers that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
from altmap.engine import (
    Alternative,
    Figure,
    Machine,
    Varied,
    about_bytes,
    figures,
    format_bytes,
    parse_bytes,
    sentence,
)

from ..wrapping import wrap
from .colour import between
from .lines import Line, Span, fitted, joined
from .memory_size import short_size
from .needed import needs_lines, released
from .palette import Palette
from .ranges import Added, Ground, cell_line, lines_used, pages_of_line

NARROWEST: Final = 26
"""Columns that an alternative needs."""
_TIGHT: Final = 19
"""Columns that it has at least where all are in sight so that would not be."""
WIDEST: Final = 66
_LABEL: Final = 14
_BESIDE: Final = 8
_MAP: Final = 4
"""Lines that the maps have at least, before a number less is shown."""

SUBTITLES: Final = {
    "boot": "in kernel memory",
    "range": "head of the range",
    "block": "head of each block",
    "sections": "low sections",
    "online": "as the policy says",
    "online_kernel": "in a kernel zone",
    "online_movable": "in ZONE_MOVABLE",
}
"""What is said beside the name of an alternative."""


_STAYS: Final = ("✓✗", "✗")
"""Beside a line of blocks of which some, or none, can be taken out alone."""
_ROOMY: Final = 70
"""Columns that a legend needs for its longest words."""
_BEHIND: Final = 2
"""Numbers that are named in which an alternative is not the best."""


class Look(NamedTuple):
    """How alternatives are drawn: columns and lines, colours, cells above each other in a character (1: letters), the chosen
    alternative, and the first that is in sight."""

    size: tuple[int, int]
    palette: Palette
    halves: int = 2
    chosen: int = -1
    first: int = 0


def _stays(row: Alternative) -> bool:
    """Is there a block of it that cannot be taken out alone?"""
    return row.ok and sum(last + 1 - first for first, last in row.removable) < row.blocks


def in_sight(count: int, wide: int) -> int:
    """How many of so many alternatives have room side by side; a little less room each where that lets all be in sight."""
    if count <= (wide + 1) // (_TIGHT + 1):
        return max(1, count)
    return max(1, min(count, (wide + 1) // (NARROWEST + 1)))


class ComparedPicture:
    """The alternatives of a comparison that are shown, by their numbers."""

    def __init__(self, machine: Machine, varied: Varied, shown: Sequence[int]) -> None:
        self._machine = machine
        self._varied = varied
        self._comparison = varied.comparison
        self.shown = tuple(shown)
        rows = tuple(varied.comparison.alternatives[at] for at in self.shown)
        self._figures = figures(msgspec.structs.replace(varied.comparison, alternatives=rows))
        start, size = (parse_bytes(text) for text in (self._comparison.request.start, self._comparison.request.size))
        page = self._comparison.page_size
        self._start, self._pages = start // page, size // page
        self._ground = Ground(machine)
        self._last = max((stretch.last for row in rows for stretch in row.stretches), default=0)

    # -- all lines --------------------------------------------------------------------------------------------------

    def lines(self, look: Look) -> list[Line]:
        """The picture, as many lines as it is to have; the last says what colours and signs mean."""
        wide, high = look.size
        count = in_sight(len(self.shown), wide)
        first = max(0, min(look.first, len(self.shown) - count))
        cell = min(WIDEST, (wide + 1) // count - 1)
        differing = [figure for figure in self._figures if figure.differs]
        said = [needs_lines(self._row(at), cell) for at in range(first, first + count)]
        needed = min(2, max(map(len, said)))
        while differing and high - 4 - needed - len(differing) < _MAP:
            differing.remove(min(differing, key=lambda figure: figure.weight))
        rest = max(2, high - 4 - needed - len(differing))
        across = self._across(cell) * look.halves
        ground = 1 if rest < 6 else min(max(2, rest // 4), 8)
        ground = self._ground.needed(across, ground)
        used = lines_used(self._pages, self._smallest, rest - ground)
        ground = self._ground.needed(across, max(ground, rest - used))
        columns = [
            list(self._column(at, cell, look, (needed, ground, rest - ground), differing))
            for at in range(first, first + count)
        ]
        side_by_side = [
            joined(span for number, part in enumerate(parts) for span in (*([Span(" ")] if number else []), *part))
            for parts in zip(*columns, strict=True)
        ]
        stays = any(_stays(self._row(at)) for at in range(first, first + count))
        return [*side_by_side, self._legend(look, stays)]

    def _row(self, at: int) -> Alternative:
        return self._comparison.alternatives[self.shown[at]]

    def at(self, x: int, wide: int, first: int) -> int | None:
        """The alternative whose column is at `x`."""
        count = in_sight(len(self.shown), wide)
        number = x // (min(WIDEST, (wide + 1) // count - 1) + 1)
        return first + number if number < count else None

    # -- one alternative --------------------------------------------------------------------------------------------

    def _column(
        self, at: int, wide: int, look: Look, heights: tuple[int, int, int], differing: Sequence[Figure]
    ) -> Iterator[Line]:
        row, palette = self._row(at), look.palette
        needed, ground, high = heights
        yield self._title(at, wide, look)
        said = needs_lines(row, wide)
        tone = palette.text if released(row) else palette.faint
        for number in range(needed):
            text = said[number] if number < len(said) else ""
            if number == needed - 1 and len(said) > needed:
                text = f"{text[: wide - 1]}…"
            yield fitted((Span(text, tone),), wide)
        outside = sum(pages for _, pages in row.outside)
        size = about_bytes(self._ground.pages * self._comparison.page_size)
        now = f"memory now {size}"
        memmap, faint = palette.kinds["memmap"], palette.faint
        taken = self._memmap(outside) if outside else ""
        if outside and len(now) + 1 + len(taken) > wide:
            taken = about_bytes(outside * self._comparison.page_size)
            now = now if len(now) + 1 + len(taken) <= wide else f"now {size}"
        yield self._ends(Span(now, palette.dim), Span(taken, memmap), wide)
        yield from self._now(row, wide, ground, look)
        inside = row.memmap_pages - outside
        note = self._memmap(inside) if inside else "no memmap" if row.ok else ""
        hole = (self._start - self._ground.end) * self._comparison.page_size
        lefts = [f"--- {about_bytes(hole)} hole ", "hole "] if hole > 0 else ["--- added ", "added "]
        left = next((text for text in lefts if len(text) + len(note) < wide), lefts[-1])
        left += "-" * max(0, wide - len(left) - len(note) - 1)
        yield self._ends(Span(left, faint), Span(note, memmap if inside else faint), wide)
        yield from self._added(row, wide, high, look) if row.ok else self._refused(row, wide, high, palette)
        for figure in differing:
            yield self._figure(figure, at, wide, look)

    def _title(self, at: int, wide: int, look: Look) -> Line:
        palette, row, name = look.palette, self._row(at), self._varied.names[self.shown[at]]
        chosen = at == look.chosen
        back = palette.focused if chosen else palette.strip
        mark = "▌" if look.halves == 2 else "[" if chosen else " "
        usual = row.chosen or (not row.boots and self._varied.what in ("kernel models", "block sizes"))
        text = SUBTITLES.get(name, "") or ("this machine" if usual else "")
        text = text if len(name) + len(text) + 3 <= wide else ""
        line = (
            Span(mark, palette.accent if chosen else palette.faint, back, chosen),
            Span(name, palette.text, back, True),
            Span(f"  {text}" if text else "", palette.dim, back),
            Span("]" if chosen and look.halves == 1 else "", palette.text, back, True),
        )
        used = sum(len(span.text) for span in line)
        return fitted((*line, Span(" " * max(0, wide - used), None, back)), wide)

    def _memmap(self, pages: int) -> str:
        return f"{about_bytes(pages * self._comparison.page_size)} memmap"

    def _ends(self, left: Span, right: Span, wide: int) -> Line:
        """What stands at both ends of a line."""
        return fitted((left, Span(" " * max(1, wide - len(left.text) - len(right.text))), right), wide)

    def _now(self, row: Alternative, wide: int, high: int, look: Look) -> Iterator[Line]:
        """The memory that is there, with the memmap of the added range in it."""
        across, palette = self._across(wide), look.palette
        for rows in self._ground.rows(row.outside, across * look.halves, high):
            free = short_size(rows.free * self._comparison.page_size) if rows.label else ""
            cells = cell_line(rows.cells, across, palette, look.halves, dimmed=True)
            yield self._row_of(rows.label, cells, palette.faint, free, Span("  "), wide, palette)

    def _row_of(
        self, label: str, cells: list[Span], tone: int, free: str, sign: Span, wide: int, palette: Palette
    ) -> Line:
        """A line of a map: a label, its cells, and what stands beside them."""
        gutter, beside = self._sides(wide)
        text = Span(f"{free:>{beside - len(sign.text)}}", palette.dim)
        room = wide - gutter - beside
        broad = [cells[column * len(cells) // room] for column in range(room)]
        return fitted((Span(f"{label:>{gutter - 1}} ", tone), *broad, text, sign), wide)

    def _sides(self, wide: int) -> tuple[int, int]:
        """Columns before the cells of a map, and behind them."""
        label = len(str(self._last)) + 1
        return (max(5, label), _BESIDE) if wide >= NARROWEST else (label, _BESIDE - 1)

    def _added(self, row: Alternative, wide: int, high: int, look: Look) -> Iterator[Line]:
        palette, across = look.palette, self._across(wide)
        unit = row.block_size // self._comparison.page_size
        added = Added(row, unit)
        for rows in added.rows(across * look.halves, high, pages_of_line(self._pages, self._smallest, high)):
            goes, count = added.goes(rows.blocks), len(rows.blocks)
            sign = "" if not rows.label else "✓" if goes == count else _STAYS[not goes]
            tone = palette.good if goes == count else palette.bad if not goes else palette.warn
            free = short_size(rows.free * self._comparison.page_size) if rows.label else ""
            lit = palette.row_step if rows.number % 2 else 0.0
            cells = cell_line(rows.cells, across, palette, look.halves, lit)
            yield self._row_of(rows.label, cells, palette.text, free, Span(f"{sign:>2}", tone), wide, palette)

    @property
    def _smallest(self) -> int:
        """Pages of a block: of the smallest in all."""
        rows = [self._row(at) for at in range(len(self.shown))]
        smallest = min((row.block_size for row in rows if row.ok), default=self._comparison.page_size)
        return smallest // self._comparison.page_size

    def _refused(self, row: Alternative, wide: int, high: int, palette: Palette) -> Iterator[Line]:
        said = wrap(sentence(row.reason) if row.reason is not None else "", wide - 2)
        lines = [
            (Span(f"✗ {row.result}", palette.bad, None, True),),
            *((Span(f"  {text}", palette.text),) for text in said),
        ]
        if row.missing:
            short = about_bytes(row.missing * self._comparison.page_size)
            lines.append((Span(f"  {short} are missing", palette.text),))
        for number in range(high):
            yield fitted(lines[number] if number < len(lines) else (), wide)

    def _figure(self, figure: Figure, at: int, wide: int, look: Look) -> Line:
        palette, best, text = look.palette, figure.best[at], figure.texts[at]
        longest = max(len(text) for one in self._figures if one.differs for text in one.texts)
        if wide < NARROWEST:
            return self._figure_on_its_bar(figure, at, wide, look)
        room = wide - _LABEL - longest - 2
        share = figure.shares[at]
        if figure.values[at] is None:
            return fitted(
                (Span(f"{figure.name:<{_LABEL}}", palette.faint), Span("-".rjust(room + longest + 1), palette.faint)),
                wide,
            )
        if look.halves == 1:
            sign = "=" if figure.better == "more" else "-"
            bar: Line = (Span((sign * round(share * room)).ljust(room)),)
        else:
            eighths = max(1, round(share * room * 8)) if share else 0
            full = "█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8]
            worse = palette.accent if figure.better == "more" else palette.bad
            tone = palette.good if best else between(palette.ground, worse, 0.5)
            bar = (Span(full, tone, palette.strip), Span(" " * (room - len(full)), None, palette.strip))
        return fitted(
            (
                Span(f"{figure.name:<{_LABEL}}", palette.text if best else palette.dim),
                *bar,
                Span(f" {text:>{longest}}", palette.text, None, best),
                Span("◆" if best else " ", palette.good, None, True),
            ),
            wide,
        )

    def _figure_on_its_bar(self, figure: Figure, at: int, wide: int, look: Look) -> Line:
        """Where a bar has no room beside the words it lies behind them."""
        palette, best, text = look.palette, figure.best[at], figure.texts[at]
        name = figure.short[: wide - len(text) - 2]
        words = f"{name}{text or '-':>{wide - 1 - len(name)}}"
        worse = palette.accent if figure.better == "more" else palette.bad
        behind = between(palette.ground, palette.good if best else worse, 0.3)
        share = figure.shares[at] if figure.values[at] is not None and look.halves > 1 else 0.0
        bar = max(1, round(share * len(words))) if share else 0
        tone = palette.text if best else palette.dim
        sign = Span("◆" if best else " ", palette.good, None, True)
        return Span(words[:bar], palette.text, behind, best), Span(words[bar:], tone, palette.strip, best), sign

    def _across(self, wide: int) -> int:
        """Cells of a line of a map: a power of two; they are as broad as there is room."""
        return 1 << (wide - sum(self._sides(wide))).bit_length() - 1

    # -- below all --------------------------------------------------------------------------------------------------

    def _same(self) -> list[str]:
        """The numbers that are the same in all, but for those that are 0."""
        alike = [figure for figure in self._figures if not figure.differs and any(figure.values)]
        return [f"{figure.name} {next(text for text in figure.texts if text)}" for figure in alike]

    def against(self, at: int) -> str:
        """What tells the alternative of a number, among all, from the others that are shown, in a few words."""
        here, differing = self.shown.index(at), [figure for figure in self._figures if figure.differs]
        if not differing:
            return "" if len(self.shown) < 2 else "the numbers are the same in all"
        alike = [
            self._varied.names[other]
            for number, other in enumerate(self.shown)
            if number != here and all(figure.texts[number] == figure.texts[here] for figure in differing)
        ]
        behind = [
            f"{figure.name} {figure.texts[here]} (best {figure.texts[figure.best.index(True)]})"
            for figure in sorted(differing, key=lambda figure: -figure.weight)
            if figure.values[here] is not None and not figure.best[here] and any(figure.best)
        ]
        said = ", ".join(behind[:_BEHIND]) if behind else "behind in nothing"
        return f"the same numbers as {', '.join(alike)}; {said}" if alike else said

    def _legend(self, look: Look, stays: bool) -> Line:
        palette, wide = look.palette, look.size[0]
        memmap, free, gone = ("█ ", "█ ", "✓") if look.halves == 2 else ("# : ", "· ", "✓")
        spans = [
            Span(memmap, palette.kinds["memmap"]),
            Span("memmap of what is added" if wide >= _ROOMY else "its memmap", palette.dim),
            Span(f"  {free}", palette.kinds["free"]),
            Span("free", palette.dim),
            Span(f"  {gone} ", palette.good),
            Span("goes alone", palette.dim),
            *((Span("  ✗ ", palette.bad), Span("does not", palette.dim)) if stays else ()),
            Span("  ◆ ", palette.good),
            Span("best", palette.dim),
        ]
        used = sum(len(span.text) for span in spans)
        parts = self._same()
        while parts and used + len("  same in all  ") + len(", ".join(parts)) > wide:
            parts.pop()
        if parts:
            spans += [Span("  same in all ", palette.dim), Span(", ".join(parts), palette.text)]
        return fitted(joined(spans), wide)


def question(varied: Varied) -> str:
    """What is compared, in a line."""
    types = list(dict.fromkeys(row.online_type for row in varied.comparison.alternatives))
    after = f", {types[0]}" if len(types) == 1 else ""
    request = varied.comparison.request
    start, size = (format_bytes(parse_bytes(text)) for text in (request.start, request.size))
    return f"add {size} at {start} node {request.node}{after}"


def poster(machine: Machine, varied: Varied, look: Look) -> list[Line]:
    """All alternatives with a line on top that says what is compared, for a picture that stands alone."""
    wide, high = look.size
    palette = look.palette
    title = (
        Span("▌", palette.accent, palette.strip),
        Span("compare  ", palette.text, palette.strip, True),
        Span(question(varied), palette.text, palette.strip),
        Span(f"  {varied.what}" if varied.what else "", palette.dim, palette.strip),
    )
    used = sum(len(span.text) for span in title)
    picture = ComparedPicture(machine, varied, range(len(varied.names)))
    head = fitted((*title, Span(" " * max(0, wide - used), None, palette.strip)), wide)
    lines = (head, *picture.lines(look._replace(size=(wide, high - 1))))
    return [
        tuple(
            span._replace(
                fore=palette.text if span.fore is None else span.fore,
                back=palette.ground if span.back is None else span.back,
            )
            for span in line
        )
        for line in lines
    ]
