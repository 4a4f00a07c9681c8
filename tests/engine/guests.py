"""What the tests of the engine share: small machines, and short ways to ask them."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import msgspec
from altmap.engine import Add, Command, Eject, Machine, Offline, Online, Outcome, Remove, boot_machine, sentence
from altmap.engine.memory.section import Memmap, Section
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.protocol.vocabulary import FREE, MEMMAP, PCP

E = TypeVar("E")

FIRST = 0x100000
"""pfn of 4 GiB: where memory is added on an x86_64 guest with 4K pages, block 32."""

Numbers = tuple[int, int, int, int]


@cache
def booted(banks: tuple[tuple[int, int | str, int | str], ...], **options: Any) -> Machine:
    """The machine after its boot, to be copied."""
    return boot_machine(banks, **options)


def guest(ram: str = "4G", *, model: str = "6.12", **options: Any) -> Machine:
    """One node with so much memory from address 0 on, nothing added yet."""
    return booted(((0, 0, ram),), model=model, **options).copy()


def two_nodes(near: str = "2G", far: str = "", *, model: str = "6.12", nodes: int = 2, **options: Any) -> Machine:
    """Node 0 with memory at 0, node 1 with memory at 2 GiB or, without `far`, announced by firmware and empty."""
    banks = ((0, 0, near), (1, "2G", far)) if far else ((0, 0, near),)
    return booted(banks, model=model, nodes=nodes, **options).copy()


def do(machine: Machine, *commands: Command) -> Outcome:
    """Run commands that must work, and leave a sound machine; the outcome of the last."""
    assert commands
    for command in commands:
        outcome = machine.apply(command)
        assert outcome.ok, f"{command}: {outcome.result} {sentence(outcome.reason)}"
        assert machine.check() == []
    return outcome


def refuse(machine: Machine, command: Command) -> Outcome:
    """Run a command that must be refused, and leave a sound machine."""
    outcome = machine.apply(command)
    assert not outcome.ok, command
    assert outcome.reason is not None
    assert machine.check() == []
    return outcome


def dimm(machine: Machine, size: str | int = "128M", at: str | int = "4G", **how: Any) -> Outcome:
    """Plug a memory device in, as ACPI does unless `how` says otherwise."""
    return do(machine, Add(start=at, size=size, **how))


def online(machine: Machine, *blocks: int, kind: Any = "online") -> Outcome:
    """Online blocks that must go online."""
    return do(machine, *(Online(block=block, type=kind) for block in blocks))


def offline(machine: Machine, *blocks: int) -> Outcome:
    """Offline blocks that must go offline."""
    return do(machine, *(Offline(block=block) for block in blocks))


def remove(machine: Machine, size: str = "128M", at: str | int = "4G") -> Outcome:
    """Remove a range that must go."""
    return do(machine, Remove(start=at, size=size))


def eject(machine: Machine, size: str = "128M", at: str | int = "4G") -> Outcome:
    """Eject a device that must go."""
    return do(machine, Eject(start=at, size=size))


def numbers(machine: Machine, name: str, node: int = 0) -> Numbers:
    """free (with per-CPU lists), spanned, present and managed of a zone."""
    zone = machine.zones[node, name]
    return zone.free + zone.pcp, zone.spanned, zone.present, zone.managed


def populated(machine: Machine) -> set[tuple[int, str]]:
    """The zones that have pages."""
    return {key for key, zone in machine.zones.items() if zone.present}


def memmap(machine: Machine, section: int) -> Memmap:
    """Where the memmap of a section lies."""
    found = machine.sections[section].memmap
    assert found is not None
    return found


def heads(machine: Machine, *sections: int) -> int:
    """How many pages of some sections are memmap heads."""
    return sum(machine.sections[nr].count(MEMMAP) for nr in sections)


def placements(machine: Machine, first: int, count: int) -> set[str]:
    """On what the memmaps of `count` sections lie."""
    return {memmap(machine, nr).on for nr in range(first, first + count)}


def told(outcome: Outcome, kind: type[E]) -> list[E]:
    """The events of one kind."""
    return [event for event in outcome.events if isinstance(event, kind)]


def free_pages(machine: Machine) -> int:
    """Free pages of the whole machine."""
    return sum(zone.free + zone.pcp for zone in machine.zones.values())


def picture(machine: Machine) -> dict[str, dict[Any, Any]]:
    """Every table of a machine."""
    return {table.name: dict(table) for table in state_of(machine).tables}


def read_back(value: E) -> E:
    """What somebody has who reads the JSON of a value as its type: the same again."""

    def frozen(kind: Any, pairs: Any) -> Any:
        return Frozen(msgspec.convert(pairs, dict[kind.__args__], strict=False))  # type: ignore[misc]

    return msgspec.json.decode(msgspec.json.encode(value), type=type(value), dec_hook=frozen)


def occupy(machine: Machine, pfn: int, count: int, kind: Any) -> None:
    """Put `count` pages from a pfn on, free so far, to some use, as if a program or the kernel had taken them."""
    state_of(machine).change_pages(pfn, count, kind)
    state_of(machine).journal.take()


def fill_zone(machine: Machine, name: str, leave: int, kind: Any = "kernel", node: int = 0) -> None:
    """Take all but `leave` free pages of a zone."""
    state = state_of(machine)
    zone = state.zones[node, name]
    surplus = zone.free - leave
    for section, owned in list(state.zone_sections((node, name))):
        base = section.nr * state.geometry.pages_per_section
        for page in _free_runs(section, owned):
            count = min(page[1], surplus)
            if count > 0:
                state.change_pages(base + page[0], count, kind)
                surplus -= count
    state.journal.take()


def _free_runs(section: Section, owned: int) -> list[tuple[int, int]]:
    text = bin((section.of(FREE) | section.of(PCP)) & owned)[:1:-1]
    found, at = [], 0
    while (start := text.find("1", at)) >= 0:
        at = text.find("0", start)
        at = len(text) if at < 0 else at
        found.append((start, at - start))
    return found


def mixed(model: str = "6.12") -> Machine:
    """512 MiB added: blocks 32 and 33 Normal, 34 and 35 Movable."""
    machine = guest("1G", model=model)
    dimm(machine, "512M")
    online(machine, 32, 33, kind="online_kernel")
    online(machine, 34, 35, kind="online_movable")
    return machine


def count(machine: Machine, kind: Any, zone: str | None = None) -> int:
    """Pages of a kind in a zone, or in all of the machine."""
    return sum(
        (section.of(kind) & owned).bit_count()
        for section in machine.sections.values()
        for key, owned in section.zones
        if zone in (None, key[1])
    )
