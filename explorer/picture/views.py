"""The views: each says how the contents of a cell look, and what of it the legend has to explain. A new view is one class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import ClassVar, Final, NamedTuple, Protocol

from altmap.engine import Machine, Page, Summary
from altmap.engine.protocol.vocabulary import Migratetype

from .colour import between
from .lines import Line, Span
from .mix import leading, mixed
from .palette import LETTERS, WORDS, Palette

OFFLINE: Final = "block offline"
MISSING: Final = "hole"


class Paint(NamedTuple):
    """How a cell looks: its colour, the letter that says the same (a capital where more than half is so), and whether it
    is hatched, as what is not online."""

    colour: int
    letter: str
    hatched: bool = False


class Entry(NamedTuple):
    """One line of a legend: colour or hatch, letter, word."""

    paint: Paint
    word: str


class Told(NamedTuple):
    """Whether a block can go offline: "yes", "no", "never" or "not known"; the result ("ok" or the errno), what is in the
    way as (word, count, first pfn), and a sentence."""

    answer: str
    result: str
    blockers: tuple[tuple[str, int, int | None], ...] = ()
    sentence: str = ""


class Verdicts(Protocol):
    """What is known of whether blocks can go offline."""

    def of(self, block: int) -> Told | None:
        """The verdict of a block; None as long as it was not asked."""


class Scene(NamedTuple):
    """What a view may look at."""

    machine: Machine
    palette: Palette
    verdicts: Verdicts


class View:
    """How a cell looks."""

    name: ClassVar[str]
    key: ClassVar[str]
    sentence: ClassVar[str]

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
            return (Span(" " * wide),)
        word, colour = str(there.state), scene.palette.dim
        if there.zone is not None:
            word, colour = there.zone[1], scene.palette.zones.get(there.zone[1], scene.palette.dim)
        return _caption(scene, f"{block}", Span(word, colour), wide)

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        """The colour of a single page that is present and online; a free one is brighter the higher its order."""
        colour = scene.palette.kinds[page.kind or "absent"]
        if page.order is None:
            return colour
        return between(colour, scene.palette.kinds["pcp"], 1 - page.order / scene.machine.geometry.max_order)

    @classmethod
    def tile(cls, scene: Scene, block: int, wide: int, high: int, halves: int) -> list[Line] | None:
        """The lines of a tile of which the cells alone do not say enough; None for the cells."""
        return None


def _caption(scene: Scene, left: str, right: Span, wide: int) -> Line:
    room = wide - len(left) - 1
    text = right.text if len(right.text) <= room else ""
    return (
        Span(left, scene.palette.text, bold=True),
        Span(" " * (wide - len(left) - len(text))),
        right._replace(text=text),
    )


def _off(scene: Scene, cell: Summary) -> Paint | None:
    """The look of cells in which no page is online."""
    if cell.counts == 0:
        return Paint(scene.palette.ground, " ")
    if cell.offline * 2 > cell.pages - cell.missing:
        return Paint(between(*scene.palette.hatch, 0.6), LETTERS[OFFLINE], True)
    return None


@lru_cache(maxsize=65536)
def _use(uses: int, pages: int, palette: Palette) -> Paint:
    kinds = {str(kind): n for kind, n in Summary(0, pages, uses, ()).kinds.items()}
    kind, share = leading(kinds)
    letter = LETTERS[kind]
    return Paint(mixed(kinds, palette), letter.upper() if share >= 0.5 and letter.isalpha() else letter)


class Use(View):
    name, key = "use", "1"
    sentence = "What pages are used for: free, movable, the kernel's, memmap, pinned, huge, withheld, reserved."

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        return _off(scene, cell) or _use(cell.uses, cell.pages, scene.palette)

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        found: dict[str, int] = {}
        for kind in whole.kinds:
            group = {"pcp": "free", "slab": "kernel", "pagetable": "kernel"}.get(kind, kind)
            found.setdefault(group, scene.palette.kinds[kind if group == kind else group])
        entries = [Entry(Paint(found[kind], LETTERS[kind]), WORDS[kind]) for kind in _LEGEND if kind in found]
        return entries + _offline_entry(scene, whole)


_LEGEND: Final = (
    "free", "movable", "pinned", "huge", "kernel", "memmap", "vmemmap", "reserved", "assumed", "offline", "poisoned"
)  # fmt: skip


def _offline_entry(scene: Scene, whole: Summary) -> list[Entry]:
    return [Entry(Paint(between(*scene.palette.hatch, 0.6), "o", True), "offline")] if whole.offline else []


class Zones(View):
    name, key = "zones", "2"
    sentence = "The zone that each page belongs to."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        return scene.palette.zones.get(page.zone[1] if page.zone else "", scene.palette.dim)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := _off(scene, cell)) is not None:
            return off
        key = max(cell.zones, key=cell.zones.__getitem__, default=None)
        return (
            Paint(scene.palette.zones.get(key[1], scene.palette.dim), _ZONE_LETTERS.get(key[1], "?"))
            if key
            else Paint(scene.palette.faint, "-")
        )

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        names = {key[1] for key in whole.zones}
        found = [
            Entry(Paint(scene.palette.zones[name], letter), name)
            for name, letter in _ZONE_LETTERS.items()
            if name in names
        ]
        return found + _offline_entry(scene, whole)


_ZONE_LETTERS: Final = {"DMA": "d", "DMA32": "D", "Normal": "N", "Movable": "M", "Device": "v"}


class Memmap(View):
    name, key = "memmap", "3"
    sentence = "Which pages hold struct pages (memmap), and of which blocks; all else is dimmed."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        colour = View.page(scene, page)
        return colour if page.kind in ("memmap", "vmemmap") else between(scene.palette.ground, colour, 0.38)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        hosted, kernel = cell.of("memmap"), cell.of("vmemmap")
        if hosted or kernel:
            kind = "memmap" if hosted >= kernel else "vmemmap"
            letter = LETTERS[kind]
            colour = scene.palette.kinds[kind]
            if (hosted + kernel) * 16 < cell.pages:
                colour = between(_dimmed(scene, cell), colour, 0.45)
            return Paint(colour, letter.upper() if hosted * 2 > cell.pages else letter)
        plain = Use.paint(scene, cell)
        return plain._replace(colour=_dimmed(scene, cell), letter="o" if plain.hatched else "·" if cell.counts else " ")

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        kinds = scene.palette.kinds
        found = [Entry(Paint(kinds["memmap"], "#"), "struct pages")] if whole.of("memmap") else []
        if whole.of("vmemmap"):
            found.append(Entry(Paint(kinds["vmemmap"], "v"), "struct pages in kernel memory"))
        return (
            found
            + _offline_entry(scene, whole)
            + [Entry(Paint(between(scene.palette.ground, kinds["free"], 0.38), "·"), "the rest, dimmed")]
        )


def _dimmed(scene: Scene, cell: Summary) -> int:
    return between(scene.palette.ground, Use.paint(scene, cell).colour, 0.38)


class CanGo(View):
    name, key = "can it go", "4"
    sentence = "Would each block go offline now: yes; no, and what is in the way; never; not known."

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := _off(scene, cell)) is not None:
            return off
        size = scene.machine.geometry.pages_per_block
        blocks = range(cell.start // size, -(-(cell.start + cell.pages) // size))
        found = {told.answer for nr in blocks if (told := scene.verdicts.of(nr)) is not None}
        for verdict in ("no", "not known", "never", "yes"):
            if verdict in found:
                return Paint(scene.palette.verdicts[verdict], VERDICT_LETTERS[verdict])
        return Paint(scene.palette.strip, "…")

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        words = {"yes": "can go", "no": "no", "never": "never", "not known": "not known"}
        return [
            Entry(Paint(scene.palette.verdicts[name], VERDICT_LETTERS[name]), word) for name, word in words.items()
        ] + _offline_entry(scene, whole)


VERDICT_LETTERS: Final = {"yes": "✓", "no": "✗", "never": "-", "not known": "?"}


class Types(View):
    name, key = "types", "5"
    sentence = "The migratetype of each pageblock."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        colour = scene.palette.types[page.migratetype or "Movable"]
        return between(scene.palette.ground, colour, 0.35 if page.order is not None else 0.8)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := _off(scene, cell)) is not None:
            return off
        types = cell.types
        if not types:
            return Paint(scene.palette.faint, "-")
        kind = max(types, key=lambda name: types[name] * (1 if name == "Movable" else 4))
        share = types[kind] / sum(types.values())
        colour = scene.palette.types[kind]
        if kind == "Movable":
            return Paint(between(scene.palette.ground, colour, 0.55), "m")
        return Paint(between(scene.palette.types["Movable"], colour, max(0.5, share)), _TYPE_LETTERS[kind])

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        return [
            Entry(
                Paint(
                    between(scene.palette.ground, scene.palette.types[kind], 0.55 if kind == "Movable" else 1), letter
                ),
                kind,
            )
            for kind, letter in _TYPE_LETTERS.items()
            if kind in whole.types
        ] + _offline_entry(scene, whole)


_TYPE_LETTERS: Final[Mapping[Migratetype, str]] = {
    "Movable": "m",
    "Unmovable": "u",
    "Reclaimable": "r",
    "HighAtomic": "H",
    "CMA": "c",
    "Isolate": "i",
}


class Orders(View):
    name, key = "orders", "6"
    sentence = "How big the free areas are: blue is the highest order, violet is order 0, grey is used."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        if page.order is None:
            return between(scene.palette.ground, scene.palette.kinds["reserved"], 0.5)
        return _ramp(scene.palette, page.order * 4, scene.machine.geometry.max_order * 4)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := _off(scene, cell)) is not None:
            return off
        orders = cell.orders
        free, top = sum(orders.values()), scene.machine.geometry.max_order
        if not free:
            return Paint(between(scene.palette.ground, scene.palette.kinds["reserved"], 0.5), "x")
        mean = sum(order * n for order, n in orders.items()) / free
        colour = _ramp(scene.palette, round(mean * 4), top * 4)
        grey = between(scene.palette.ground, scene.palette.kinds["reserved"], 0.5)
        letter = f"{round(mean):x}"
        return Paint(between(grey, colour, 0.35 + 0.65 * free / max(1, cell.pages - cell.missing)), letter)

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        top = scene.machine.geometry.max_order
        found = [
            Entry(Paint(_ramp(scene.palette, order * 4, top * 4), f"{order:x}"), f"order {order}")
            for order in (0, top // 2, top)
        ]
        return [
            *found,
            Entry(Paint(between(scene.palette.ground, scene.palette.kinds["reserved"], 0.5), "x"), "nothing free"),
        ]


@cache
def _ramp(palette: Palette, at: int, top: int) -> int:
    low, high = (0xC58AE6, 0x1F5F92) if palette.dark else (0x7A3FA8, 0x9CC7EC)
    return between(low, high, at / top if top else 1.0)


class Nodes(View):
    name, key = "nodes", "7"
    sentence = "The NUMA node that each block belongs to."

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if cell.counts == 0:
            return Paint(scene.palette.ground, " ")
        block = scene.machine.blocks.get(cell.start // scene.machine.geometry.pages_per_block)
        node = next(iter(cell.zones))[0] if cell.zones else block.node if block else 0
        off = _off(scene, cell)
        colour = NODE_COLOURS[node % len(NODE_COLOURS)]
        return Paint(between(scene.palette.ground, colour, 0.3) if off else colour, f"{node % 10}", off is not None)

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        nodes = sorted({key[0] for key in whole.zones})
        return [
            Entry(Paint(NODE_COLOURS[node % len(NODE_COLOURS)], f"{node % 10}"), f"node {node}") for node in nodes[:8]
        ]


NODE_COLOURS: Final = (0x4F9BE8, 0xE3A12F, 0x2FB596, 0xE06BD0, 0xC9694A, 0x9AA7F0, 0xB7C94A, 0x8FA3B8)

VIEWS: Final[tuple[type[View], ...]] = (Use, Zones, Memmap, CanGo, Types, Orders, Nodes)
"""In the order of their keys."""

BY_NAME: Final[Mapping[str, type[View]]] = {view.name: view for view in VIEWS}
