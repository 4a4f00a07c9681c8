"""`check()` finds every broken invariant of kernel-facts 13.1, and nothing on a sound machine."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from altmap.engine import MODELS, Machine, boot_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.section import Memmap, put
from altmap.engine.memory.state import Resource, State, state_of
from altmap.engine.numbers.bits import span
from altmap.engine.protocol.vocabulary import FREE, ISOLATE, MEMMAP

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


BREAKS: list[tuple[str, Callable[[State], None]]] = [
    ("I1", lambda s: zone(s, "Movable", managed=s.zones[0, "Movable"].present + 1)),
    ("I1", lambda s: zone(s, "Movable", spanned=65535)),
    ("I1", lambda s: zone(s, "Normal", free=-1)),
    ("I1", more_free_than_managed),
    ("I4", lambda s: zone(s, "Movable", free=s.zones[0, "Movable"].free - 1)),
    ("I5", lambda s: section(s, 33, pages=put(s.sections[33].pages, span(6000, 5), "pcp"))),
    ("I2", lambda s: zone(s, "Movable", present=65535)),
    ("I2", lambda s: zone(s, "Movable", managed=64511)),
    ("partition", lambda s: section(s, 33, pages={**s.sections[33].pages, "slab": span(5000, 1)})),
    ("partition", lambda s: section(s, 34, pages={MEMMAP: span(0, 512), FREE: span(512, 32255)})),
    ("I8", lambda s: section(s, 33, types={ISOLATE: 0b100})),
    ("I9", head_elsewhere),
    ("I11", lambda s: section(s, 35, memmap=None)),
    ("I13", lambda s: section(s, 36, memmap=Memmap("kernel", 1 << 30, ((1 << 30, 512),)))),
    ("I13", freed_memmap),
    ("I13", lost_head),
    ("I18", lambda s: block(s, 35, state="going-offline")),
    ("I18 section 33: online, but there is no memory33", lambda s: s.blocks.drop(33) and None),
    ("I18 section 33: online, but memory33 is offline", lambda s: block(s, 33, state="offline")),
    ("I16", lambda s: block(s, 35, nodes=(3,))),
    ("I16", lambda s: s.nodes.put(0, msgspec.structs.replace(s.nodes[0], online=False))),
    ("I24", lambda s: zone(s, "Movable", start=34 * 32768)),
    ("I24", lambda s: s.zones.put((0, "Movable"), s.zones[0, "Movable"].with_span(33 * 32768, 65536 + 32768))),
    ("I17", lambda s: s.resources.drop(4 << 30) and None),
    ("I17", lambda s: s.resources.put(5 << 29, Resource(5 << 29, 5 << 30, "System RAM"))),
    ("group", lambda s: s.groups.put(0, msgspec.structs.replace(s.groups[0], present_movable=1))),
    ("group", lambda s: s.groups.put(0, msgspec.structs.replace(s.groups[0], blocks=9))),
]


@pytest.mark.parametrize(("name", "spoil"), BREAKS, ids=[f"{at}-{name}" for at, (name, _) in enumerate(BREAKS)])
def test_a_broken_invariant_is_named(name: str, spoil: Callable[[State], None]) -> None:
    machine = sound()
    spoil(state_of(machine))
    found = machine.check()
    assert any(name in sentence for sentence in found), found


def test_i14_memory_that_is_managed_nowhere_is_noticed() -> None:
    """I5 and I2 the other way round: an online block that no zone counts."""
    machine = sound()
    state = state_of(machine)
    zone(state, "Movable", present=32768, managed=32256, free=state.zones[0, "Movable"].free - 32256)
    assert any(sentence.startswith("I") for sentence in machine.check())


@pytest.mark.parametrize("model", MODELS)
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
    (sentence,) = [text for text in machine.check() if text.startswith("I4")]
    assert sentence.startswith("I4 zone Movable of node 0: 5 free pages are counted, the free lists hold ")
