"""What differs between two machines, or between a machine and a new capture of it: as values, and in words.

Only what a kernel shows is compared, and the pinned pages of each block, which no kernel shows before it fails to move them:
not the names of the machines, not which pages are free, and not the place of a memmap that one of the two does not know.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

from ..machine import Machine
from ..mm.hugetlb.pool import sizes
from ..protocol.vocabulary import PINNED
from ..sysfs.report import block_report, section_reports, zone_reports

Value = str | int | bool | tuple[int, ...] | None
Fields = dict[str, Value]


class Change(msgspec.Struct, frozen=True):
    """One thing that differs. `path` names it as sysfs does, as far as sysfs has it: "memory32/state",
    "node0/Normal/managed" (pages), "section32/memmap_on", "online_policy".

    A whole block, zone, node or memmap that is new or gone has all its fields on one side and None on the other.
    """

    path: str
    before: Value | Fields
    after: Value | Fields


class Drift(msgspec.Struct, frozen=True):
    """All changes from one machine to another, each list in the order of the numbers in its paths.

    `machine` are the kernel model, the architecture and the sizes; with another block size the same number means another
    block. Two equal machines have an empty drift.
    """

    machine: tuple[Change, ...] = ()
    parameters: tuple[Change, ...] = ()
    nodes: tuple[Change, ...] = ()
    zones: tuple[Change, ...] = ()
    blocks: tuple[Change, ...] = ()
    memmaps: tuple[Change, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, the machine's first."""
        return (*self.machine, *self.parameters, *self.nodes, *self.zones, *self.blocks, *self.memmaps)


def diff(before: Machine, after: Machine) -> Drift:
    """What changed from `before` to `after`."""
    return Drift(
        machine=_flat(_machine(before), _machine(after)),
        parameters=_flat(dict(before.settings), dict(after.settings)),
        nodes=_changes(_nodes(before), _nodes(after)),
        zones=_changes(_zones(before), _zones(after)),
        blocks=_changes(_blocks(before), _blocks(after)),
        memmaps=_changes(_memmaps(before), _memmaps(after)),
    )


# -- what is compared ---------------------------------------------------------------------------------------------------


def _machine(machine: Machine) -> Fields:
    geometry = machine.geometry
    return {
        "model": machine.model.name,
        "arch": machine.state.preset.name,
        "page_size": geometry.page_size,
        "section_size": geometry.section_size,
        "block_size": geometry.block_size,
    }


def _nodes(machine: Machine) -> dict[str, Fields]:
    nodes: dict[str, Fields] = {
        f"node{node.id}": {"online": node.online, "cpus": node.cpus, "distance": node.distance}
        for node in machine.nodes.values()
    }
    page_size = machine.geometry.page_size
    pools = Counter((page.node, page.pages * page_size, page.used) for page in machine.state.hugepages.values())
    for node in machine.nodes:
        for size in sizes(machine.state):
            free, used = pools[node, size, False], pools[node, size, True]
            nodes[f"node{node}"] |= {
                f"nr_hugepages-{size >> 10}kB": free + used,
                f"free_hugepages-{size >> 10}kB": free,
            }
    return nodes


def _zones(machine: Machine) -> dict[str, Fields]:
    return {
        f"node{zone.node}/{zone.zone}": {
            "start_pfn": zone.start_pfn,
            "spanned": zone.spanned,
            "present": zone.present,
            "managed": zone.managed,
            "free": zone.free,
        }
        for zone in zone_reports(machine.state)
    }


def _blocks(machine: Machine) -> dict[str, Fields]:
    blocks: dict[str, Fields] = {}
    for number, block in machine.blocks.items():
        seen = block_report(machine.state, number)
        blocks[f"memory{number}"] = {
            "state": seen.state,
            "valid_zones": seen.valid_zones,
            "nodes": seen.nodes,
            "memmap_pages": block.head,
            "poisoned": block.poisoned,
            "pinned_pages": sum(section.count(PINNED) for section in machine.state.block_sections(number)),
        }
    return blocks


def _memmaps(machine: Machine) -> dict[str, Fields]:
    return {
        f"section{number}": {"memmap_on": seen.memmap_on, "memmap_pfn": seen.memmap_pfn}
        for number, seen in section_reports(machine.state).items()
    }


# -- comparing ----------------------------------------------------------------------------------------------------------


def _flat(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[Change, ...]:
    names = sorted(before.keys() | after.keys())
    return tuple(Change(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n))


def _changes(before: Mapping[str, Fields], after: Mapping[str, Fields]) -> tuple[Change, ...]:
    different = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    changes: list[Change] = []
    for name in sorted(different, key=_natural):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            changes.append(Change(name, old, new))
            continue
        for field in dict.fromkeys((*old, *new)):
            unknown = field == "memmap_pfn" and None in (old[field], new[field])
            if old.get(field) != new.get(field) and not unknown:
                changes.append(Change(f"{name}/{field}", old.get(field), new.get(field)))
    return tuple(changes)


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts memory9 before memory10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


# -- in words -----------------------------------------------------------------------------------------------------------


class _Told(NamedTuple):
    """A block, zone, node, memmap or setting, and its changes in words."""

    name: str
    words: str


def describe(drift: Drift) -> str:
    """The drift in words, one line for each thing that changed, and for consecutive ones that changed alike."""
    lines: list[str] = []
    for changes in (drift.machine, drift.parameters, drift.nodes, drift.zones, drift.blocks, drift.memmaps):
        told = [
            _Told(thing, "; ".join(_words(change) for change in group)) for thing, group in groupby(changes, key=_thing)
        ]
        for _, alike in groupby(enumerate(told), key=_position):
            run = [thing for _, thing in alike]
            lines.append(f"{_names(run)}: {run[0].words}")
    return "\n".join(lines) or "Nothing differs."


def _is_whole(change: Change) -> bool:
    return isinstance(change.before, dict) or isinstance(change.after, dict)


def _thing(change: Change) -> str:
    """What a change is a change of: the path without the field."""
    return change.path if _is_whole(change) else change.path.rpartition("/")[0] or change.path


def _words(change: Change) -> str:
    if isinstance(change.after, dict):
        return f"new, {_listed(change.after)}"
    if isinstance(change.before, dict):
        return f"gone, was {_listed(change.before)}"
    thing, _, field = change.path.rpartition("/")
    before, after = change.before, change.after
    words = f"{_value(field, before)} -> {_value(field, after)}"
    if type(before) is int and type(after) is int and field not in _ADDRESSES:
        words += f" ({after - before:+d})"
    return f"{_label(field)} {words}" if thing else words


def _label(field: str) -> str:
    return "memmap in" if field == "memmap_on" else field


def _listed(fields: Fields) -> str:
    """All fields but the memmap's pfn, which is another one for each section."""
    return ", ".join(f"{_label(name)} {_value(name, value)}" for name, value in fields.items() if name != "memmap_pfn")


_ADDRESSES: Final = ("start_pfn", "memmap_pfn")
_MEMMAP_ON: Final = {
    "self": "its own add request or block",
    "kernel": "kernel memory",
    "section": "another section",
    "none": "no place",
}


def _value(field: str, value: Value) -> str:
    if value is None or value == ():
        return "none"
    if field in _ADDRESSES and isinstance(value, int):
        return f"{value:#x}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return _MEMMAP_ON.get(str(value), str(value)) if field == "memmap_on" else str(value)


_NUMBERED: Final = re.compile(r"(memory|section|node)(\d+)")
_NAMES: Final = {"memory": ("memory{}", "blocks"), "section": ("section {}", "sections"), "node": ("node {}", "nodes")}


def _names(run: list[_Told]) -> str:
    numbered = _NUMBERED.fullmatch(run[0].name)
    if numbered is None:
        node, slash, zone = run[0].name.partition("/")
        return f"zone {zone} of node {node.removeprefix('node')}" if slash else node
    name, plural = _NAMES[numbered[1]]
    first = int(numbered[2])
    if len(run) == 1:
        return name.format(first)
    return f"{name.format(first)} to {name.format(first + len(run) - 1)} ({len(run)} {plural})"


def _position(entry: tuple[int, _Told]) -> tuple[str, str, int]:
    """The same for things with consecutive numbers and the same words, and for no others."""
    at, told = entry
    numbered = _NUMBERED.fullmatch(told.name)
    return (told.words, numbered[1], int(numbered[2]) - at) if numbered else ("", told.name, -at)
