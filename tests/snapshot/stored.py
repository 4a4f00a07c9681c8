"""A small machine to save, and the sentence with which a spoiled file is refused."""

from __future__ import annotations

import pytest
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.kernels.models import MODELS
from altmap.engine.kernels.notifier_chain import Chain
from altmap.engine.memory.block import Block, Group, Request
from altmap.engine.memory.origin import Origin
from altmap.engine.memory.section import Memmap, Pages, Section, Types
from altmap.engine.memory.settings import Boot
from altmap.engine.memory.state import HugePage, Resource, State
from altmap.engine.memory.zone import Node, Zone, ZoneWatermarks
from altmap.engine.numbers.bits import every, span
from altmap.engine.numbers.errors import BadInput
from altmap.engine.numbers.units import GIB, MIB
from altmap.engine.snapshot import store

ORIGIN = Origin("guest", 'naïve – and quoted "[ 1, 2 ]"', measured=("zoneinfo", "iomem"), notes=("One.", "Two."))
SIZE = 32768
NORMAL = (0, "Normal")


def guest() -> State:
    """An online boot block whose pages alternate, and a hot-added offline pair."""
    preset = ARCHITECTURES["x86_64"]
    state = State(preset, preset.geometry, MODELS["6.12"], Boot(), Chain())
    state.nodes.load({0: Node(0, True, True, (10, 20)), 1: Node(1, False)})
    state.zones.load({NORMAL: Zone(0, "Normal", 32 * SIZE, SIZE, SIZE, SIZE - 100, SIZE // 2, 7, SIZE)})
    state.watermarks.load({NORMAL: ZoneWatermarks(100, 125)})
    state.resources.load({4 * GIB: Resource(4 * GIB, 4 * GIB + 384 * MIB, "System RAM")})
    state.groups.load({0: Group(0, 0, 2 * SIZE, blocks=2)})
    state.requests.load({33 * SIZE: Request(33 * SIZE, 2 * SIZE, 0, "acpi", "boot", ((32 * SIZE + 9, 4),))})
    state.hugepages.load({33 * SIZE - 512 * at: HugePage(512, 0) for at in (1, 2, 3, 4)})
    state.globals.change(vmemmap_warned=True)
    state.blocks.load({32: Block(32, "online", (0,), NORMAL, 0, True)})
    free = every(64, SIZE)
    whole = ((NORMAL, span(0, SIZE)),)
    pages = Pages({"free": free, "movable": span(0, SIZE) & ~free})
    state.sections.load({32: Section(32, 0, True, True, whole, pages, Types({"Unmovable": 6}), None, True)})
    for nr in (33, 34):
        state.blocks.load({nr: Block(nr, "offline", (0,), group=0)})
        pfn = 32 * SIZE + 512 * nr
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("kernel", pfn, ((pfn, 512),), ((pfn + 512, 1),)))})
    return state


def content(state: State) -> dict[str, object]:
    """All that a state holds but its journal."""
    fixed = {name: getattr(state, name) for name in ("preset", "geometry", "model", "boot", "chain")}
    return fixed | {table.name: dict(table) for table in state.tables}


def refusal(data: bytes, source: str = "guest.json") -> str:
    """The sentence with which `decode` refuses; it names the file, and it is one line."""
    with pytest.raises(BadInput) as caught:
        store.decode(data, source)
    sentence = str(caught.value)
    assert sentence.startswith(f"{source}: ")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{source}: ")
