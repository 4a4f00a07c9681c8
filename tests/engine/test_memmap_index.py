"""Whose struct pages lie where is found without a walk, and is what a walk finds."""

from __future__ import annotations

from random import Random

import pytest
from altmap.engine import Add, Command, Eject, Machine, Offline, Online, Ram, Remove, boot_machine
from altmap.engine.memory.section import Section
from altmap.engine.memory.state import State, state_of
from altmap.engine.mm.memmap_index import memmap_owners
from altmap.engine.protocol.vocabulary import PLACEMENTS

BLOCK = 128 << 20


def walked(state: State, start: int, pages: int) -> list[Section]:
    """The owners, by looking at all sections; as many pages as whole sections."""
    return [
        section
        for _, section in sorted(state.sections.items())
        if section.memmap is not None
        and any(
            pfn < start + pages and start < pfn + count
            for pfn, count in (*section.memmap.chunks, *section.memmap.tables)
        )
    ]


@pytest.mark.parametrize("model", ["rfc-v2", "6.12"])
def test_the_owners_of_memmap_are_those_that_a_walk_finds_after_any_command_and_undo(model: str) -> None:
    machine: Machine = boot_machine([Ram(0, 0, "1G")], model=model)
    state, chance = state_of(machine), Random(7)
    size = machine.geometry.pages_per_section
    hosted = 0
    for _ in range(60):
        number = chance.randrange(32, 40)
        start = number * BLOCK
        commands: list[Command] = [
            Add(
                start=start, size=chance.choice((1, 2, 4)) * BLOCK, node=0, placement=chance.choice((None, *PLACEMENTS))
            ),
            Online(block=number, type="online_movable"),
            Offline(block=number),
            Remove(start=start, size=BLOCK),
        ]
        machine.apply(chance.choice(commands))
        if chance.random() < 0.2:
            machine.undo()
        for nr in {*state.sections, number}:
            owners = memmap_owners(state, nr * size, size)
            assert owners == walked(state, nr * size, size)
            hosted += len(owners)
        assert memmap_owners(state, 0, 1 << 50) == walked(state, 0, 1 << 50)
    assert hosted > 100


def test_an_eject_of_more_than_any_machine_has_looks_only_at_what_is_there() -> None:
    machine = boot_machine([Ram(0, 0, "1G")], model="6.12")
    machine.apply(Add(start=32 * BLOCK, size=2 * BLOCK, node=0, placement="range"), check=True)
    outcome = machine.apply(Eject(start=32 * BLOCK, size=1 << 62))
    assert machine.check() == []
    assert outcome.result == "ok"
