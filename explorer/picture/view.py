"""What a view is: how the contents of a cell, of a page and of a tile look, and what of it the legend has to explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple, Protocol

import msgspec
from altmap.engine import Machine, Page, Summary

from .colour import between
from .lines import Line, Span
from .palette import LETTERS, Palette
from .plan import Shape

OFFLINE: Final = "block offline"
ISOLATED: Final = "isolated"


class Paint(NamedTuple):
    """How a cell looks: its colour, the letter that says the same (a capital where more than half is so), the colours of its
    hatch where it has one (as what is not online, or isolated), and the signs that point it out, if any: see `CHANGED`."""

    colour: int
    letter: str
    hatch: tuple[int, int] | None = None
    signs: str = ""


class Entry(NamedTuple):
    """One entry of a legend: colour or hatch, letter, word; `sample` stands in place of colour and letter, if there is one."""

    paint: Paint
    word: str
    sample: Line = ()


class BlockOutlook(msgspec.Struct, frozen=True):
    """Whether a block can go offline: "yes", "no", "never" or "not known"; the result ("ok" or the errno), what is in the
    way as (word, count, first pfn), a sentence, the pages that would move, and where it is no page that is in the way but a
    rule, that in a word; else the page (pfn) that the kernel meets first. `doubt`: what "not known" hangs on, in a word."""

    answer: str
    result: str
    blockers: tuple[tuple[str, int, int | None], ...] = ()
    sentence: str = ""
    moves: int = 0
    rule: str = ""
    page: int | None = None
    doubt: str = ""


class Verdicts(Protocol):
    """What is known of whether blocks can go offline."""

    def of(self, block: int) -> BlockOutlook | None:
        """The verdict of a block; None as long as it was not asked."""

    def among(self, blocks: range) -> set[str]:
        """The answers that there are on some blocks."""

    def answers(self) -> Mapping[str, Sequence[int]]:
        """The blocks by answer, as far as they were asked."""


class Scene(msgspec.Struct, frozen=True):
    """What a view may look at. `expected`: blocks by their numbers, and the node of each, that have a place on the map although
    they may not be there yet, or no more."""

    machine: Machine
    palette: Palette
    verdicts: Verdicts
    expected: Mapping[int, int] = MappingProxyType({})


class View:
    """How a cell looks."""

    name: ClassVar[str]
    key: ClassVar[str]
    sentence: ClassVar[str]
    by_contents: ClassVar[bool] = True
    """Do cells with the same pages look the same, wherever they are?"""
    by_orders: ClassVar[bool] = False
    """Does it look at the orders of free areas? Cells are counted without them for all other views."""
    joins: ClassVar[bool] = False
    """Is a block joined by a line with the one that holds its struct pages?"""
    draws_tiles: ClassVar[bool] = False
    """May tiles look otherwise than their cells say?"""

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        """The look of one cell."""
        raise NotImplementedError

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        """What is in sight, for the legend."""
        raise NotImplementedError

    @classmethod
    def caption(cls, scene: Scene, block: int, wide: int) -> Line:
        """The line above a tile, where there is room for one: its number, its state or zone, and its node."""
        there = scene.machine.blocks.get(block)
        if there is None:
            lacking = Span("not there", scene.palette.faint)
            return captioned(scene, f"{block}", lacking, wide) if block in scene.expected else (Span(" " * wide),)
        word, colour = str(there.state), scene.palette.dim
        if there.state == "going-offline":
            colour = scene.palette.warn
        elif there.zone is not None:
            word, colour = there.zone[1], scene.palette.zones.get(there.zone[1], scene.palette.dim)
        return captioned(scene, f"{block}", Span(word, colour), wide)

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        """The colour of a single page that is present and online; a free one is brighter the higher its order."""
        colour = scene.palette.kinds[page.kind or "absent"]
        if page.order is None:
            return colour
        return between(colour, scene.palette.kinds["pcp"], 1 - page.order / scene.machine.geometry.max_order)

    @classmethod
    def vacated(cls, scene: Scene) -> Paint | None:
        """The look of an isolated cell that all pages have left; None where the view does not tell."""
        return None

    @classmethod
    def arrived(cls, scene: Scene) -> Paint | None:
        """The look of a cell to which pages have come; None where the view does not tell."""
        return None

    @classmethod
    def tile(cls, scene: Scene, block: int, shape: Shape, high: int, least: int) -> list[Line] | None:
        """The lines of a tile of which the cells alone do not say enough, `high` in all where the lowest tile has `least`;
        None for the cells."""
        return None

    @classmethod
    def numbers(cls, scene: Scene, block: int, wide: int) -> bool:
        """Does the tile of a block say its number, beside what its caption says?"""
        return False


def captioned(scene: Scene, left: str, right: Span, wide: int) -> Line:
    """A caption: what stands at its left, and at its right where there is room."""
    room = wide - len(left) - 1
    text = right.text if len(right.text) <= room else ""
    return (
        Span(left, scene.palette.text, bold=True),
        Span(" " * (wide - len(left) - len(text))),
        right._replace(text=text),
    )


def offline_paint(scene: Scene, cell: Summary) -> Paint | None:
    """The look of cells in which no page is online."""
    if cell.counts == 0:
        return nothing(scene)
    if (offline := cell.offline) and offline * 2 > cell.pages - cell.missing:
        return _off(scene)
    return None


def nothing(scene: Scene) -> Paint:
    """The look of cells without memory; where blocks have a place that are not there, that is seen."""
    return Paint(scene.palette.strip if scene.expected else scene.palette.ground, " ")


def offline_entries(scene: Scene, whole: Summary) -> list[Entry]:
    """The legend of offline blocks, where there are any."""
    return [Entry(_off(scene), "offline")] if whole.offline else []


def _off(scene: Scene) -> Paint:
    return Paint(between(*scene.palette.hatch, 0.6), LETTERS[OFFLINE], scene.palette.hatch)
