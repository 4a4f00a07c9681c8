"""The views. A new view is one class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from altmap.engine import Page, Summary
from altmap.engine.protocol.vocabulary import Migratetype

from .can_go import CanGo
from .colour import between
from .memmap import Memmap
from .palette import Palette
from .use import Use
from .view import Entry, Paint, Scene, View, nothing, offline_entries, offline_paint


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


def pageblocks(scene: Scene, whole: Summary) -> list[Entry]:
    """What the strip beside a single block shows: the migratetypes of its pageblocks."""
    return [
        Entry(Paint(scene.palette.types[kind], letter.lower()), f"{kind} pageblocks")
        for kind, letter in _TYPE_LETTERS.items()
        if kind in whole.types
    ]


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
    by_orders = True
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
    by_contents = False
    sentence = "The NUMA node that each block belongs to."

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if cell.counts == 0:
            return nothing(scene)
        block = scene.machine.blocks.get(cell.start // scene.machine.geometry.pages_per_block)
        node = next(iter(cell.zones))[0] if cell.zones else block.node if block else 0
        off = offline_paint(scene, cell)
        colour = NODE_COLOURS[node % len(NODE_COLOURS)]
        return Paint(between(scene.palette.ground, colour, 0.3) if off else colour, f"{node % 10}", off and off.hatch)

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
