"""The views. A new view is one class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from altmap.engine import Page, Summary
from altmap.engine.protocol.vocabulary import Migratetype

from .can_go import CanGo
from .colour import between
from .mix import leading, mixed
from .palette import LETTERS, WORDS, Palette
from .view import Entry, Paint, Scene, View, offline_entries, offline_paint


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
        return offline_paint(scene, cell) or _use(cell.uses, cell.pages, scene.palette)

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        found: dict[str, int] = {}
        for kind in whole.kinds:
            group = {"pcp": "free", "slab": "kernel", "pagetable": "kernel"}.get(kind, kind)
            found.setdefault(group, scene.palette.kinds[kind if group == kind else group])
        entries = [Entry(Paint(found[kind], LETTERS[kind]), WORDS[kind]) for kind in _LEGEND if kind in found]
        return entries + offline_entries(scene, whole)


_LEGEND: Final = (
    "free", "movable", "pinned", "huge", "kernel", "memmap", "vmemmap", "reserved", "assumed", "offline", "poisoned"
)  # fmt: skip


class Zones(View):
    name, key = "zones", "2"
    sentence = "The zone that each page belongs to."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        return scene.palette.zones.get(page.zone[1] if page.zone else "", scene.palette.dim)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := offline_paint(scene, cell)) is not None:
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
        return found + offline_entries(scene, whole)


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
            + offline_entries(scene, whole)
            + [Entry(Paint(between(scene.palette.ground, kinds["free"], 0.38), "·"), "the rest, dimmed")]
        )


def _dimmed(scene: Scene, cell: Summary) -> int:
    return between(scene.palette.ground, Use.paint(scene, cell).colour, 0.38)


class Types(View):
    name, key = "types", "5"
    sentence = "The migratetype of each pageblock."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        colour = scene.palette.types[page.migratetype or "Movable"]
        return between(scene.palette.ground, colour, 0.35 if page.order is not None else 0.8)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := offline_paint(scene, cell)) is not None:
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
        ] + offline_entries(scene, whole)


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
        if (off := offline_paint(scene, cell)) is not None:
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
        off = offline_paint(scene, cell)
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
