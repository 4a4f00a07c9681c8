"""A zone to compact, and what is told of its compaction."""

from __future__ import annotations

from random import Random

from altmap.engine import Compact, Machine
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import CompactionEnded, Event, PagesCompacted, ScannerMoved
from altmap.engine.protocol.vocabulary import FREE, MOVABLE, Kind, ZoneKey

from .guests import dimm, do, guest, online

MODELS = ("rfc-v2", "6.1", "6.12")
ZONE: ZoneKey = (0, "Movable")
BLOCK = 512
"""Pages of a pageblock."""


def plugged(size: str = "128M", *, model: str = "6.12", blocks: int = 1) -> Machine:
    """A guest whose ZONE_MOVABLE is one device, its head in place, nothing in use."""
    machine = guest(model=model)
    dimm(machine, size)
    online(machine, *range(32, 32 + blocks), kind="online_movable")
    return machine


def scatter(machine: Machine, key: ZoneKey = ZONE, kind: Kind = MOVABLE, seed: int = 1) -> None:
    """Put a random half of a zone's free pages to a use."""
    random = Random(seed)
    for section, owned in list(state_of(machine).zone_sections(key)):
        mask = random.getrandbits(machine.geometry.pages_per_section) & section.of(FREE) & owned
        state_of(machine).set_kind(section, mask, kind)
    state_of(machine).journal.take()


def masks(machine: Machine, key: ZoneKey, *kinds: Kind) -> list[int]:
    """The pages of some kinds, section by section."""
    return [section.of(kind) & owned for section, owned in state_of(machine).zone_sections(key) for kind in kinds]


def total(machine: Machine, key: ZoneKey, kind: Kind) -> int:
    return sum(mask.bit_count() for mask in masks(machine, key, kind))


def compacted(machine: Machine, key: ZoneKey = ZONE, order: int = -1) -> list[Event]:
    return list(do(machine, Compact(node=key[0], zone=key[1], order=order)).events)


def ended(events: list[Event]) -> CompactionEnded:
    last = events[-1]
    assert isinstance(last, CompactionEnded)
    return last


def moved(events: list[Event]) -> int:
    return sum(event.pages for event in events if isinstance(event, PagesCompacted))


def taken(events: list[Event], scanner: str) -> list[ScannerMoved]:
    return [
        event for event in events if isinstance(event, ScannerMoved) and event.scanner == scanner and event.isolated
    ]
