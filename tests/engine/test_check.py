"""`check()` finds every broken invariant, and nothing on a sound machine."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from altmap.engine import Machine, boot_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.block import Request
from altmap.engine.memory.section import Memmap, put
from altmap.engine.memory.state import HugePage, Resource, State, state_of
from altmap.engine.numbers.bits import span
from altmap.engine.protocol.vocabulary import FREE, ISOLATE, MEMMAP
from altmap.engine.run.invariants import INVARIANTS

from tests.kernels import KERNELS

from .guests import FIRST, dimm, guest, occupy, online


def sound(model: str = "6.12") -> Machine:
    """Block 32 online as Normal, 33 and 34 as Movable, 35 offline; 36 with its memmap in kernel memory."""
    machine = guest("1G", model=model)
    dimm(machine, "512M")
    dimm(machine, "128M", at="4608M", placement="boot")
    online(machine, 32, kind="online_kernel")
    online(machine, 33, 34, kind="online_movable")
    occupy(machine, FIRST + 5000, 100, "slab")
    occupy(machine, 33 * 32768 + 5000, 100, "movable")
    assert machine.check() == []
    return machine


def zone(state: State, name: str, /, **changes: int) -> None:
    state.zones.put((0, name), msgspec.structs.replace(state.zones[0, name], **changes))


def section(state: State, nr: int, /, **changes: object) -> None:
    state.sections.put(nr, msgspec.structs.replace(state.sections[nr], **changes))


def block(state: State, number: int, /, **changes: object) -> None:
    state.blocks.put(number, msgspec.structs.replace(state.blocks[number], **changes))


def more_free_than_managed(state: State) -> None:
    section(state, 33, pages={FREE: span(0, 32768)})
    movable = state.zones[0, "Movable"]
    zone(state, "Movable", free=movable.managed + 1)


def head_elsewhere(state: State) -> None:
    memmap = state.sections[33].memmap
    assert memmap is not None
    section(state, 33, memmap=msgspec.structs.replace(memmap, pfn=34 * 32768, chunks=((34 * 32768, 512),)))


def lost_head(state: State) -> None:
    pages = put(state.sections[33].pages, 1, FREE)
    section(state, 33, pages=pages)
    zone(state, "Movable", free=state.zones[0, "Movable"].free + 1)


def freed_memmap(state: State) -> None:
    memmap = state.sections[36].memmap
    assert memmap is not None
    state.change_pages(memmap.chunks[0][0], 512, FREE)


def freed_table(state: State) -> None:
    request = next(iter(state.requests.values()))
    state.change_pages(*request.tables[0], FREE)


BREAKS: list[tuple[str, Callable[[State], object]]] = [
    ("counters_in_order", lambda s: zone(s, "Movable", managed=s.zones[0, "Movable"].present + 1)),
    ("counters_in_order", lambda s: zone(s, "Movable", spanned=65535)),
    ("counters_in_order", lambda s: zone(s, "Normal", free=-1)),
    ("counters_in_order", more_free_than_managed),
    ("free_is_counted", lambda s: zone(s, "Movable", free=s.zones[0, "Movable"].free - 1)),
    ("pcp_is_counted", lambda s: section(s, 33, pages=put(s.sections[33].pages, span(6000, 5), "pcp"))),
    ("present_is_counted", lambda s: zone(s, "Movable", present=65535)),
    ("managed_is_counted", lambda s: zone(s, "Movable", managed=64511)),
    ("kinds_partition", lambda s: section(s, 33, pages={**s.sections[33].pages, "slab": span(5000, 1)})),
    ("kinds_partition", lambda s: section(s, 34, pages={MEMMAP: span(0, 512), FREE: span(512, 32255)})),
    ("nothing_isolated", lambda s: section(s, 33, types={ISOLATE: 0b100})),
    ("memmap_in_head", head_elsewhere),
    ("memmap_there", lambda s: section(s, 35, memmap=None)),
    ("memmap_marked", lambda s: section(s, 36, memmap=Memmap("kernel", 1 << 30, ((1 << 30, 512),)))),
    ("memmap_marked", freed_memmap),
    ("memmap_marked", lost_head),
    ("tables_marked", freed_table),
    ("block_settled", lambda s: block(s, 35, state="going-offline")),
    ("pages_in_zones: section 33: 32768 of its pages", lambda s: section(s, 33, zones=())),
    ("online_by_block: section 33: online, but there is no memory33", lambda s: s.blocks.drop(33)),
    ("online_by_block: section 33: online, but memory33 is offline", lambda s: block(s, 33, state="offline")),
    ("requests_disjoint", lambda s: s.requests.put(35 * 32768, Request(35 * 32768, 32768, 0, "acpi", "boot"))),
    ("nodes_online", lambda s: block(s, 35, nodes=(3,))),
    ("nodes_online", lambda s: s.nodes.put(0, msgspec.structs.replace(s.nodes[0], online=False))),
    ("block_in_span", lambda s: zone(s, "Movable", start=34 * 32768)),
    (
        "span_ends_online",
        lambda s: s.zones.put((0, "Movable"), s.zones[0, "Movable"].with_span(33 * 32768, 65536 + 32768)),
    ),
    ("ram_covers_blocks", lambda s: s.resources.drop(4 << 30)),
    ("ram_disjoint", lambda s: s.resources.put(5 << 29, Resource(5 << 29, 5 << 30, "System RAM"))),
    ("groups_are_counted", lambda s: s.groups.put(0, msgspec.structs.replace(s.groups[0], present_movable=1))),
    ("groups_are_counted", lambda s: s.groups.put(0, msgspec.structs.replace(s.groups[0], blocks=9))),
    ("huge_pages_marked: a huge page has pfn", lambda s: s.hugepages.put(33 * 32768, HugePage(512, 0))),
]


@pytest.mark.parametrize(("name", "spoil"), BREAKS, ids=[f"{at}-{name}" for at, (name, _) in enumerate(BREAKS)])
def test_a_broken_invariant_is_named(name: str, spoil: Callable[[State], object]) -> None:
    machine = sound()
    spoil(state_of(machine))
    found = [str(broken) for broken in machine.check()]
    assert any(sentence.startswith(name) for sentence in found), found


def test_every_invariant_can_break() -> None:
    assert {name.partition(":")[0] for name, _ in BREAKS} == INVARIANTS.keys()


def test_memory_that_is_managed_nowhere_is_noticed() -> None:
    """An online block that no zone counts."""
    machine = sound()
    state = state_of(machine)
    zone(state, "Movable", present=32768, managed=32256, free=state.zones[0, "Movable"].free - 32256)
    assert {"present_is_counted", "managed_is_counted"} <= {broken.invariant for broken in machine.check()}


@pytest.mark.parametrize("model", KERNELS)
def test_sound_machines_have_nothing_to_say(model: str) -> None:
    assert sound(model).check() == []


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("model", ["rfc-v2", "6.12"])
def test_a_machine_of_every_architecture_boots_sound(arch: str, model: str) -> None:
    machine = boot_machine([(0, 0, "4G")] if arch != "x86_32" else [(0, 0, "512M")], arch=arch, model=model)
    assert machine.check() == []
    assert machine.blocks


def test_a_sentence_says_where_and_how_much() -> None:
    machine = sound()
    zone(state_of(machine), "Movable", free=5)
    (sentence,) = [broken.sentence for broken in machine.check() if broken.invariant == "free_is_counted"]
    assert sentence.startswith("zone Movable of node 0: 5 free pages are counted, the free lists hold ")
