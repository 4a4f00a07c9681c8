"""What differs between two machines, or in one machine before and after a command: as values, and in words.

Only what a kernel shows is compared, and the pinned pages of each block, which no kernel shows before it fails to move them:
not the names of the machines, not which pages are free, and not the place of a memmap that one of the two does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Generic, TypeVar

import msgspec

from ..machine import Machine
from ..memory.state import Holder, State, state_of
from ..mm.hugetlb.pool import sizes
from ..protocol.vocabulary import PINNED, BlockState, ZoneKey
from ..questions.narrate.words import block_names, node_names, section_names
from ..sysfs.paths import parameters
from ..sysfs.report import SectionReport, ZoneReport, block_report, section_report, zone_reports

K = TypeVar("K")
V = TypeVar("V")
_Fields = Mapping[str, object]


class PoolSeen(msgspec.Struct, frozen=True):
    """The hugetlb pool of a node: how many huge pages of `size` bytes it has in `total`, and how many of them are `free`."""

    size: int
    total: int
    free: int


class NodeSeen(msgspec.Struct, frozen=True):
    """What is compared of a node: see `Node`; and its pools, the smallest size first."""

    online: bool
    cpus: bool
    distance: tuple[int, ...]
    pools: tuple[PoolSeen, ...]


class BlockSeen(msgspec.Struct, frozen=True):
    """What is compared of a memory block: its files `state` and `valid_zones` in sysfs, its nodes, how many pages at its start
    hold its own `memmap`, whether a page of it had a hardware error (`poisoned`), and how many of its pages are `pinned`."""

    state: BlockState
    valid_zones: str
    nodes: tuple[int, ...]
    memmap: int
    poisoned: bool
    pinned: int


class ChangedValue(msgspec.Struct, frozen=True):
    """A parameter, or one of the numbers that make a machine what it is, by its `name` and as it is in the one machine and in
    the other, `before` and `after`: None where a machine has it not."""

    name: str
    before: str | int | None
    after: str | int | None


class Changed(msgspec.Struct, Generic[K, V], frozen=True):
    """A node, zone, block or section (`key`) as it is in the one machine and in the other, `before` and `after`: None where it
    is not there. `fields` are the names of what differs, none for what is new or gone."""

    key: K
    before: V | None
    after: V | None
    fields: tuple[str, ...] = ()


class Drift(msgspec.Struct, frozen=True):
    """All changes from one machine to another, each list ordered by key. The drift between equal machines is empty, and false.

    `machine`     kernel model, architecture and sizes; with another block size a number means another block
    `parameters`  what can be written, by the name of the file
    `nodes`       NUMA nodes, with their pools of huge pages
    `zones`       numbers of zones, in pages
    `blocks`      memory blocks
    `memmaps`     sections whose memmap lies elsewhere
    """

    machine: tuple[ChangedValue, ...] = ()
    parameters: tuple[ChangedValue, ...] = ()
    nodes: tuple[Changed[int, NodeSeen], ...] = ()
    zones: tuple[Changed[ZoneKey, ZoneReport], ...] = ()
    blocks: tuple[Changed[int, BlockSeen], ...] = ()
    memmaps: tuple[Changed[int, SectionReport], ...] = ()

    def __bool__(self) -> bool:
        return self != Drift()


def diff(before: Machine, after: Machine) -> Drift:
    """All that a kernel shows differently in `after` than in `before`; see `Drift`."""
    return drift(state_of(before), state_of(after))


def drift(before: State, after: State) -> Drift:
    """What changed from one state to another. Of two `glance`s at one machine it costs little more than the changes."""
    return Drift(
        machine=_values(_machine(before), _machine(after)),
        parameters=_values(parameters(before), parameters(after)),
        nodes=_changes(nodes_seen(before), nodes_seen(after)),
        zones=_changes(_zones(before), _zones(after)),
        blocks=_changes(*(_blocks(state, _touched_blocks(before, after)) for state in (before, after))),
        memmaps=_changes(*(_memmaps(state, _touched(before.sections, after.sections)) for state in (before, after))),
    )


# -- what is compared ---------------------------------------------------------------------------------------------------


def _machine(state: State) -> dict[str, str | int]:
    geometry = state.geometry
    return {
        "model": state.model.name,
        "arch": state.preset.name,
        "page_size": geometry.page_size,
        "section_size": geometry.section_size,
        "block_size": geometry.block_size,
    }


def nodes_seen(machine: Holder | State) -> dict[int, NodeSeen]:
    """What is compared of the nodes, by number."""
    state = state_of(machine)
    page_size = state.geometry.page_size
    counted = Counter((page.node, page.pages * page_size, page.used) for page in state.hugepages.values())

    def pool(node: int, size: int) -> PoolSeen:
        free = counted[node, size, False]
        return PoolSeen(size, free + counted[node, size, True], free)

    return {
        node.id: NodeSeen(node.online, node.cpus, node.distance, tuple(pool(node.id, size) for size in sizes(state)))
        for node in state.nodes.values()
    }


def _zones(state: State) -> dict[ZoneKey, ZoneReport]:
    return {(zone.node, zone.zone): zone for zone in zone_reports(state)}


def _touched(before: Mapping[K, object], after: Mapping[K, object]) -> set[K]:
    """The keys whose values are not the same object."""
    return {key for key in before.keys() | after.keys() if before.get(key) is not after.get(key)}


def _touched_blocks(before: State, after: State) -> set[int]:
    """Blocks that may look different. What an offline block says of the zones that it may go to follows from the zones,
    groups and parameters; all other blocks speak for themselves and their pages."""
    if (before.geometry, before.model) != (after.geometry, after.model):
        return {*before.blocks, *after.blocks}
    per_block = after.geometry.sections_per_block
    touched = _touched(before.blocks, after.blocks)
    touched |= {section // per_block for section in _touched(before.sections, after.sections)}
    if (before.zones, before.groups, before.settings) != (after.zones, after.groups, after.settings):
        touched |= {number for number, block in after.blocks.items() if block.state != "online"}
    return touched


def _blocks(state: State, numbers: Collection[int]) -> dict[int, BlockSeen]:
    return {number: block_seen(state, number) for number in numbers if number in state.blocks}


def block_seen(machine: Holder | State, number: int) -> BlockSeen:
    """What is compared of a block."""
    state = state_of(machine)
    block, seen = state.blocks[number], block_report(state, number)
    pinned = sum(section.count(PINNED) for section in state.block_sections(number))
    return BlockSeen(seen.state, seen.valid_zones, seen.nodes, block.head, block.hwpoison, pinned)


def _memmaps(state: State, numbers: Collection[int]) -> dict[int, SectionReport]:
    return {number: section_report(state, number) for number in numbers if number in state.sections}


# -- comparing ----------------------------------------------------------------------------------------------------------


def _values(before: Mapping[str, str | int], after: Mapping[str, str | int]) -> tuple[ChangedValue, ...]:
    names = sorted(before.keys() | after.keys())
    return tuple(
        ChangedValue(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def _changes(before: Mapping[K, V], after: Mapping[K, V]) -> tuple[Changed[K, V], ...]:
    found: list[Changed[K, V]] = []
    for key in sorted(before.keys() | after.keys()):  # type: ignore[type-var]  # numbers, or pairs of a number and a name
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            found.append(Changed(key, old, new))
        elif fields := _differing(_fields(old), _fields(new)):
            found.append(Changed(key, old, new, fields))
    return tuple(found)


def _differing(old: _Fields, new: _Fields) -> tuple[str, ...]:
    unknown = () if None not in (old.get("memmap_pfn", 0), new.get("memmap_pfn", 0)) else ("memmap_pfn",)
    return tuple(name for name in new if old[name] != new[name] and name not in unknown)


_NOT_COMPARED: Final[Mapping[type, Collection[str]]] = {ZoneReport: ("node", "zone"), SectionReport: ("node", "online")}


def _fields(seen: object) -> _Fields:
    """What is compared, by name."""
    names = type(seen).__struct_fields__  # type: ignore[attr-defined]  # all that is compared are Structs
    left_out = _NOT_COMPARED.get(type(seen), ())
    return {name: getattr(seen, name) for name in names if name not in left_out}


# -- in words -----------------------------------------------------------------------------------------------------------


def describe_drift(drift: Drift) -> str:
    """A drift as text: one line for each thing that changed, and for things in a row that changed alike."""
    return "\n".join(drift_lines(drift)) or "Nothing differs."


def drift_lines(drift: Drift) -> Iterator[str]:
    """The lines of `describe_drift`; none where nothing differs."""
    for value in (*drift.machine, *drift.parameters):
        yield f"{value.name}: {_changed(value.name, value.before, value.after)}"
    yield from _runs(drift.nodes, node_names)
    for change in drift.zones:
        node, zone = change.key
        yield f"zone {zone} of node {node}: {_words(change)}"
    yield from _runs(drift.blocks, block_names)
    yield from _runs(drift.memmaps, section_names)


def _runs(changes: Collection[Changed[int, V]], names: Callable[[Sequence[int]], str]) -> Iterator[str]:
    lines = [(change.key, _words(change)) for change in changes]
    for _, alike in groupby(enumerate(lines), key=lambda item: (item[1][1], item[1][0] - item[0])):
        run = [one for _, one in alike]
        yield f"{names([key for key, _ in run])}: {run[0][1]}"


def _words(change: Changed[K, V]) -> str:
    if change.before is None:
        return f"new, {_listed(change.after)}"
    if change.after is None:
        return f"gone, was {_listed(change.before)}"
    before, after = (_labelled(seen, change.fields) for seen in (change.before, change.after))
    pairs = {label: (before.get(label), after.get(label)) for label in {**before, **after}}
    return "; ".join(f"{label} {_changed(label, *pair)}" for label, pair in pairs.items() if pair[0] != pair[1])


def _listed(seen: object) -> str:
    """All that is known of a thing but its memmap's pfn, which is another one for each section."""
    labelled = _labelled(seen, [name for name in _fields(seen) if name != "memmap_pfn"])
    return ", ".join(f"{label} {_value(label, value)}" for label, value in labelled.items())


def _labelled(seen: object, names: Collection[str]) -> dict[str, object]:
    """Fields by the words that stand before their values; a pool has its files' names."""
    found: dict[str, object] = {}
    for name in names:
        value = getattr(seen, name)
        if name == "pools":
            for pool in value:
                found[f"nr_hugepages-{pool.size >> 10}kB"] = pool.total
                found[f"free_hugepages-{pool.size >> 10}kB"] = pool.free
        else:
            found[_LABELS.get(name, name)] = value
    return found


def _changed(label: str, before: object, after: object) -> str:
    words = f"{_value(label, before)} -> {_value(label, after)}"
    if type(before) is int and type(after) is int and label not in _ADDRESSES:
        words += f" ({after - before:+,})"
    return words


_LABELS: Final = {"memmap_on": "memmap in", "memmap": "memmap_pages", "pinned": "pinned_pages"}
_ADDRESSES: Final = ("start_pfn", "memmap_pfn")
_MEMMAP_ON: Final = {
    "self": "its own add request or block",
    "kernel": "kernel memory",
    "section": "another section",
    "none": "no place",
}


def _value(label: str, value: object) -> str:
    if value is None or value == ():
        return "none"
    if label in _ADDRESSES and isinstance(value, int):
        return f"{value:#x}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return _MEMMAP_ON.get(str(value), str(value)) if label == "memmap in" else str(value)
