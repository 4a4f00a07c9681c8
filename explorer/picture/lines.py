"""Lines of text with colours: what pictures are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Text with its colours (0xRRGGBB, None for those of the ground)."""

    text: str
    fore: int | None = None
    back: int | None = None
    bold: bool = False


Line = tuple[Span, ...]


def cut(text: str, room: int) -> str:
    """A text in at most so many characters: one that is too long ends in a mark."""
    return text if len(text) <= room else f"{text[: max(0, room - 1)]}…"


def both_ends(text: str, room: int) -> str:
    """A name in at most so many characters: one that is too long keeps its end too, which tells names that begin alike apart."""
    end = max(0, room // 2 - 1)
    return text if len(text) <= room else f"{text[: max(0, room - end - 1)]}…{text[len(text) - end :]}"


def joined(spans: Iterable[Span]) -> Line:
    """A line in which neighbours that look the same are one."""
    line: list[Span] = []
    texts: list[str] = []
    look: tuple[int | None, int | None, bool] = (None, None, False)
    for text, fore, back, bold in spans:
        if (fore, back, bold) != look and text:
            if texts:
                line.append(Span("".join(texts), *look))
                texts = []
            look = fore, back, bold
        texts.append(text)
    if any(texts):
        line.append(Span("".join(texts), *look))
    return tuple(line)


def width(line: Line) -> int:
    """Characters of a line."""
    return sum(len(span.text) for span in line)


def fitted(line: Line, cells: int) -> Line:
    """A line cut or filled to a width."""
    found: list[Span] = []
    for span in line:
        if cells <= 0:
            break
        found.append(span._replace(text=span.text[:cells]))
        cells -= len(span.text)
    if cells > 0:
        found.append(Span(" " * cells))
    return tuple(found)
