"""Lines as an SVG picture: what is filled is drawn as areas whose edges fall on whole pixels, so that no seams show.

A terminal draws half blocks and lines without gaps; fonts in a picture would not. Text stays text, and no font is loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from re import finditer
from typing import Final, NamedTuple

from rich.cells import cell_len

from .colour import lab
from .lines import Line, Span

WIDE: Final = 9
"""Pixels across a character; half of one is a square."""
HIGH: Final = 18
"""Pixels down a character."""
_BASE: Final = 14
"""Pixels from the top of a character to the line that letters stand on."""
_FONTS: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"

Area = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class _Ink(NamedTuple):
    """How a piece of text looks."""

    colour: int
    bold: bool


class Sheet:
    """Lines of characters, taken apart into areas of one colour, hatched areas, and pieces of text."""

    def __init__(self, lines: Sequence[Line], wide: int) -> None:
        self.wide = wide
        self.high = len(lines)
        self.ground = _most(lines)
        self._fore = 0xFFFFFF if lab(self.ground).light < 0.5 else 0
        self._halves = [[self.ground] * wide for _ in range(2 * self.high)]
        self.shapes: dict[int, list[Area]] = {}
        self.hatches: dict[tuple[str, int], list[Area]] = {}
        self.texts: dict[_Ink, list[tuple[int, int, int, str]]] = {}
        for y, line in enumerate(lines):
            column = 0
            for span in line:
                column = self._draw(y, column, span)

    def _draw(self, y: int, column: int, span: Span) -> int:
        """Take one span apart; returns the column behind it."""
        fore = self._fore if span.fore is None else span.fore
        width = cell_len(span.text)
        if span.back is not None:
            for half in (2 * y, 2 * y + 1):
                self._halves[half][column : column + width] = [span.back] * (min(column + width, self.wide) - column)
        for start, text in _pieces(span.text):
            x = column + cell_len(span.text[:start])
            if text[0] in _HALVES:
                for half in _HALVES[text[0]]:
                    self._halves[2 * y + half][x : x + len(text)] = [fore] * len(text)
            elif text[0] in _HATCHES:
                area = (x * WIDE, y * HIGH, len(text) * WIDE, HIGH)
                self.hatches.setdefault((text[0], fore), []).append(area)
            elif text[0] in SHAPES:
                for at in range(x, x + len(text)):
                    self.shapes.setdefault(fore, []).extend(_placed(text[0], at * WIDE, y * HIGH))
            else:
                piece = (x * WIDE, y * HIGH + _BASE, cell_len(text) * WIDE, text)
                self.texts.setdefault(_Ink(fore, span.bold), []).append(piece)
        return column + width

    def grounds(self) -> dict[int, list[Area]]:
        """The areas behind all else, by colour, equal neighbours as one; the ground itself is left out."""
        found: dict[int, list[Area]] = {}
        going: dict[tuple[int, int, int], int] = {}
        for half, row in enumerate([*self._halves, []]):
            here = set(_runs(row, self.ground))
            for run, top in [*going.items()]:
                if run not in here:
                    first, last, colour = run
                    area = (first * WIDE, top * HIGH // 2, (last - first) * WIDE, (half - top) * HIGH // 2)
                    found.setdefault(colour, []).append(area)
                    del going[run]
            for run in _runs(row, self.ground):
                going.setdefault(run, half)
        return found


def svg(lines: Sequence[Line], wide: int, title: str) -> str:
    """The picture of lines of so many columns."""
    sheet = Sheet(lines, wide)
    width, height = wide * WIDE, sheet.high * HIGH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(title)}</title>",
    ]
    if sheet.hatches:
        parts.append(f"<defs>{''.join(_pattern(sign, colour) for sign, colour in sheet.hatches)}</defs>")
    parts.append('<g shape-rendering="crispEdges">')
    parts.append(_path(_hex(sheet.ground), [(0, 0, width, height)]))
    parts += [_path(_hex(colour), areas) for colour, areas in sheet.grounds().items()]
    parts += [_path(f"url(#{_name(*key)})", areas) for key, areas in sheet.hatches.items()]
    parts += [_path(_hex(colour), areas) for colour, areas in sheet.shapes.items()]
    parts.append("</g>")
    parts.append(f'<g font-family="{_FONTS}" font-size="15" xml:space="preserve">')
    for ink, pieces in sheet.texts.items():
        weight = ' font-weight="bold"' if ink.bold else ""
        parts.append(f'<g fill="{_hex(ink.colour)}"{weight}>')
        parts += [
            f'<text x="{x}" y="{y}" textLength="{length}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
            for x, y, length, text in pieces
        ]
        parts.append("</g>")
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _most(lines: Sequence[Line]) -> int:
    """The colour that is behind most characters."""
    found: Counter[int] = Counter()
    for line in lines:
        for span in line:
            found[0 if span.back is None else span.back] += cell_len(span.text)
    return max(found, key=found.__getitem__, default=0)


def _runs(row: Sequence[int], ground: int) -> Iterator[tuple[int, int, int]]:
    """Columns of one colour that is not the ground: the first, the one behind the last, the colour."""
    first = 0
    for at in range(1, len(row) + 1):
        if at == len(row) or row[at] != row[first]:
            if row[first] != ground:
                yield first, at, row[first]
            first = at


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """What is drawn of a text, and where it begins: runs of one sign that is a shape; words up to the next wide gap."""
    for match in finditer(rf"([{_DRAWN}])\1*|[^{_DRAWN}\s]+(?: [^{_DRAWN}\s]+)*", text):
        yield match.start(), match[0]


def _placed(sign: str, x: int, y: int) -> Iterator[Area]:
    for left, top, right, bottom in SHAPES[sign]:
        yield x + left, y + top, right - left, bottom - top


def _path(fill: str, areas: Sequence[Area]) -> str:
    drawn = "".join(f"M{x} {y}h{width}v{height}h-{width}z" for x, y, width, height in areas)
    return f'<path fill="{fill}" d="{drawn}"/>'


def _pattern(sign: str, colour: int) -> str:
    size, dots = _HATCHES[sign]
    drawn = "".join(f"M{x} {y}h1v1h-1z" for x, y in dots)
    return (
        f'<pattern id="{_name(sign, colour)}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
        f'<path fill="{_hex(colour)}" d="{drawn}"/></pattern>'
    )


def _name(sign: str, colour: int) -> str:
    return f"h{ord(sign):x}-{colour:06x}"


def _hex(colour: int) -> str:
    return f"#{colour:06x}"


def _eighths(left: int, top: int, right: int, bottom: int) -> Area:
    return left * WIDE // 8, top * HIGH // 8, right * WIDE // 8, bottom * HIGH // 8


_HALVES: Final = {"▀": (0,), "▄": (1,), "█": (0, 1)}
"""Signs that fill halves of a character: the upper, the lower."""

_HATCHES: Final = {"░": (3, ((0, 0), (1, 2))), "▒": (2, ((0, 0), (1, 1)))}
"""Signs that are patterns: pixels of a square, and which of them are filled."""

_ARMS: Final = {
    "l": (0, 8, 5, 9),
    "r": (4, 8, WIDE, 9),
    "u": (4, 0, 5, 9),
    "d": (4, 8, 5, HIGH),
}
_LINES: Final = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu",
    "├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru", "┼": "lrud",
}  # fmt: skip
"""Thin lines by where they go from the middle."""

SHAPES: Final[dict[str, list[Area]]] = {
    **{sign: [_eighths(0, 8 - part, 8, 8)] for part, sign in enumerate("▁▂▃▄▅▆▇", 1) if sign not in _HALVES},
    **{sign: [_eighths(0, 0, part, 8)] for part, sign in enumerate("▏▎▍▌▋▊▉", 1)},
    "▐": [_eighths(4, 0, 8, 8)],
    "▔": [_eighths(0, 0, 8, 1)],
    "▕": [_eighths(7, 0, 8, 8)],
    **{sign: [_ARMS[arm] for arm in arms] for sign, arms in _LINES.items()},
}
"""Other signs that are drawn as areas: left, top, right and bottom in pixels."""

_DRAWN: Final = "".join((*_HALVES, *_HATCHES, *SHAPES))
