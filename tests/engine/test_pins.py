"""Pages that someone holds: short pins and long-term ones, and what they do to offlining."""

from __future__ import annotations

import pytest
from altmap.engine import (
    Add,
    Allocate,
    Machine,
    Offline,
    Online,
    Pin,
    Unpin,
    boot_machine,
    parse_line,
    sentence,
)
from altmap.engine.protocol.events import MigrationFailed, PagesMigrated
from altmap.engine.protocol.reasons.pages import PinsFindNoRoom
from altmap.engine.protocol.vocabulary import PINNED

from .guests import (
    count,
    dimm,
    do,
    guest,
    mixed,
    offline,
    online,
    picture,
    refuse,
    told,
)

BLOCK = 32768


@pytest.mark.parametrize(
    ("model", "result", "words"),
    [("6.1", "EINTR", "signal"), ("6.12", "EINTR", "signal"), ("rfc-v2", "EAGAIN", "120 s")],
)
def test_a_pinned_page_keeps_its_block(model: str, result: str, words: str) -> None:
    machine = guest("1G", model=model)
    dimm(machine, "256M")
    online(machine, 32, 33, kind="online_movable")
    do(machine, Allocate(size="1M", zone="Movable"), Pin(size="64K", zone="Movable", short=True))
    assert count(machine, PINNED) == 16
    held = min(nr for nr in (32, 33) if machine.sections[nr].of(PINNED))
    before = dict(machine.zones)
    outcome = refuse(machine, Offline(block=held))
    assert outcome.result == result
    assert words in sentence(outcome.reason)
    assert "extra reference" in sentence(outcome.reason)
    assert [event.pfn for event in told(outcome, MigrationFailed)] == [outcome.pfn]
    assert outcome.pfn is not None
    assert machine.sections[held].of(PINNED) >> outcome.pfn % BLOCK & 1
    assert dict(machine.zones) == before
    do(machine, Unpin(zone="Movable"))
    assert count(machine, PINNED) == 0
    offline(machine, held)


def test_more_than_there_is_cannot_be_pinned() -> None:
    machine = mixed()
    before = picture(machine)
    assert refuse(machine, Pin(size="4K", zone="Movable", short=True)).result == "ENOMEM"
    do(machine, Allocate(size="1M", zone="Movable"))
    machine.undo()
    assert picture(machine) == before
    assert refuse(machine, Unpin(size="4K")).result == "ENOMEM"


def test_a_refused_pin_pins_nothing() -> None:
    machine = mixed()
    do(machine, Allocate(size="1M", zone="Movable"))
    before = picture(machine)
    assert refuse(machine, Pin(size="16M", zone="Movable", short=True)).result == "ENOMEM"
    assert picture(machine) == before
    do(machine, Pin(size="1M", zone="Movable", short=True))
    before = picture(machine)
    assert refuse(machine, Unpin(size="16M", zone="Movable")).result == "ENOMEM"
    assert picture(machine) == before


def movable_node(model: str) -> Machine:
    """Two nodes, the second of which has nothing but ZONE_MOVABLE, half in use."""
    machine = boot_machine([(0, 0, "1G")], nodes=2, model=model)
    do(machine, Add(start="8G", size="256M", node=1))
    do(machine, Online(block=64, type="online_movable"), Online(block=65, type="online_movable"))
    do(machine, Allocate(size="128M", node=1, zone="Movable"))
    return machine


@pytest.mark.parametrize(("model", "moves"), [("5.12", False), ("5.13", True), ("6.12", True)])
def test_long_term_pins_leave_zone_movable_since_5_13(model: str, moves: bool) -> None:
    """RDMA, VFIO: the pages are in a kernel zone of another node afterwards, and the block can go."""
    machine = movable_node(model)
    before = machine.zones[1, "Movable"].free
    outcome = machine.apply(Pin(size="64M", node=1)).expect_ok()
    assert [event.from_pfn // BLOCK for event in told(outcome, PagesMigrated)] == ([64] if moves else [])
    assert (machine.zones[1, "Movable"].free - before == 64 * 256) is moves
    outcome = machine.apply(Offline(block=64))
    assert outcome.result == ("ok" if moves else "EINTR")
    assert machine.check() == []


def test_short_pins_hold_their_pages_where_they_are() -> None:
    machine = movable_node("6.12")
    do(machine, Pin(size="64M", node=1, short=True))
    assert machine.apply(Offline(block=64)).result == "EINTR"
    assert parse_line("pin 64M node 1 short") == [Pin(size=64 << 20, node=1, short=True)]


def test_a_long_term_pin_without_room_in_kernel_zones_fails_and_changes_nothing() -> None:
    machine = movable_node("6.12")
    do(machine, Allocate(size=machine.zones[0, "DMA32"].free * 4096 - (80 << 20), kind="unmovable", zone="DMA32"))
    before = picture(machine)
    refused = refuse(machine, Pin(size="100M", node=1))
    assert refused.result == "ENOMEM"
    assert isinstance(refused.reason, PinsFindNoRoom)
    assert picture(machine) == before
