"""What the RFC's own kernel, 4.13 with the six patches, prints and returns, and what it does not have yet."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import (
    Add,
    Offline,
    Online,
    Remove,
    VirtioMem,
    boot_machine,
    open_machine,
    sentence,
    why_not,
    worth_knowing,
)
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import BlockCreated, NotifierCalled, PlacementChosen
from altmap.engine.protocol.reasons import HugePageStays, TimeOver, TriesOver
from altmap.engine.protocol.reasons.placement import VetoDropsBlocks
from altmap.engine.protocol.reasons.taking import HoldsMemmap, NoRoomElsewhere, Pinned, UsedAfterUnmap
from altmap.engine.protocol.reasons.worth import NoBlock, OfflineBlocks

from .guests import FIRST, dimm, do, guest, occupy, online, populated, refuse, remove, told

RFC, POSTED = "rfc-v2", "rfc-v2-as-posted"


# -- offlining ends ----------------------------------------------------------------------------------------------------


def test_a_page_that_is_held_is_tried_until_the_time_is_over() -> None:
    """migrate_pages counts it as left, which is no error; after 120 s EAGAIN."""
    machine = guest("1G", model=RFC)
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 0x20E, 1, "pinned")
    outcome = refuse(machine, Offline(block=32))
    assert (outcome.result, outcome.reason) == ("EAGAIN", TimeOver(Pinned(FIRST + 0x20E), 120))
    assert outcome.log[-1] == "memory offlining [mem 0x100000000-0x107ffffff] failed"


def test_an_error_of_a_migration_is_returned_when_it_came_five_times() -> None:
    machine = guest("1G", model=RFC)
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 512, 32768 - 512, "movable")
    for key in [key for key in state_of(machine).zones if key[1] != "Movable"]:
        zone = state_of(machine).zones[key]
        for section, owned in list(state_of(machine).zone_sections(key)):
            state_of(machine).set_kind(section, section.of("free") & owned, "kernel")
        assert state_of(machine).zones[key].free < zone.free
    outcome = refuse(machine, Offline(block=32))
    assert (outcome.result, type(outcome.reason)) == ("ENOMEM", TriesOver)
    assert isinstance(outcome.reason, TriesOver)
    assert isinstance(outcome.reason.cause, NoRoomElsewhere | HugePageStays)
    assert outcome.reason.tries == 5


def test_a_refused_isolation_says_nothing_in_the_log() -> None:
    """4.13 returns before the line that later kernels print, and dumps no page."""
    machine = guest("1G", model=RFC)
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 9000, 1, "reserved")
    state = state_of(machine)
    state.model = msgspec.structs.replace(state.model, movable_shortcut=False)
    outcome = refuse(machine, Offline(block=32))
    assert (outcome.result, outcome.log) == ("EBUSY", ())


# -- blocks that are memmap alone ---------------------------------------------------------------------------------------


def test_a_block_of_memmap_alone_onlines_no_page_and_nobody_is_told() -> None:
    """online_pages rebuilds zonelists and sends MEM_ONLINE only for pages; the next block is the zone's first."""
    machine = boot_machine([(0, 0, "1G")], model=RFC)
    dimm(machine, "10G", caller="acpi")
    outcome = online(machine, 32)
    assert [call.action for call in told(outcome, NotifierCalled)] == ["MEM_GOING_ONLINE"]
    assert not any("zonelists" in line for line in outcome.log)
    assert populated(machine) == {(0, "DMA"), (0, "DMA32")}
    assert machine.blocks[32].state == "online"
    outcome = online(machine, 33)
    assert [call.action for call in told(outcome, NotifierCalled)] == ["MEM_GOING_ONLINE", "MEM_ONLINE"]
    assert any("zonelists" in line for line in outcome.log)


@pytest.mark.parametrize(("model", "shown"), [(RFC, False), ("5.15", False), ("5.16", True), ("6.1", True)])
def test_the_fallback_order_is_logged_since_5_16(model: str, shown: bool) -> None:
    machine = guest("1G", model=model)
    dimm(machine)
    assert any(line.startswith("Fallback order") for line in online(machine, 32).log) is shown


# -- s390 as posted, and removal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", ["sclp", "acpi"])
def test_on_s390_the_veto_as_posted_loses_the_memory_blocks(caller: str) -> None:
    """`flags &= ~MHP_MEMMAP_FROM_RANGE` with an unparenthesised 1<<1 clears bit 0 as well."""
    machine = boot_machine([(0, 0, "4G")], arch="s390x", model=POSTED)
    before = set(machine.blocks)
    outcome = dimm(machine, "512M", at="8G", caller=caller)
    (chosen,) = told(outcome, PlacementChosen)
    assert (chosen.placement, chosen.reason) == ("boot", VetoDropsBlocks("s390x"))
    assert not told(outcome, BlockCreated)
    assert set(machine.blocks) == before
    assert refuse(machine, Online(block=32)).result == "ENOENT"
    assert any(isinstance(one.fact, NoBlock) and one.fact.what == "vetoed" for one in worth_knowing(machine))
    remove(machine, "512M", at="8G")


def test_on_s390_as_posted_a_virtio_mem_device_has_memory_without_blocks() -> None:
    machine = boot_machine([(0, 0, "4G")], arch="s390x", model=POSTED)
    before = set(machine.blocks)
    assert machine.apply(VirtioMem(start="8G", size="1G", unit="4M")).result == "ENOSPC"
    assert set(machine.blocks) == before
    assert machine.check() == []


def test_on_s390_the_intent_makes_blocks() -> None:
    machine = boot_machine([(0, 0, "4G")], arch="s390x", model=RFC)
    assert told(dimm(machine, "512M", at="8G", caller="sclp"), BlockCreated)


def test_to_remove_the_head_of_a_request_as_posted_crashes() -> None:
    machine = guest(model=POSTED)
    dimm(machine, "1G")
    outcome = machine.apply(Remove(start="4G", size="128M"))
    assert (outcome.result, outcome.reason) == ("OOPS", UsedAfterUnmap())


def test_to_remove_its_tail_as_posted_does_not() -> None:
    """The struct pages of those head pages are still there: they lie in the first section."""
    machine = guest(model=POSTED)
    dimm(machine, "1G")
    remove(machine, "256M", at=(4 << 30) + (6 << 27))
    assert machine.apply(Remove(start="4G", size="768M")).result == "OOPS"


def test_the_guard_of_the_mended_rfc_is_said_to_be_none_of_a_kernel() -> None:
    machine = guest(model=RFC)
    dimm(machine, "1G")
    outcome = refuse(machine, Remove(start="4G", size="128M"))
    assert isinstance(outcome.reason, HoldsMemmap)
    assert "no kernel looks" in sentence(outcome.reason)


# -- no parameter that came later ---------------------------------------------------------------------------------------


def test_it_has_no_parameter_that_came_later() -> None:
    machine = open_machine("small-guest", model=RFC)
    assert dict(machine.parameters) == {"auto_online_blocks": machine.settings.auto_online_blocks}
    assert set(guest().parameters) > {"memmap_on_memory", "online_policy"}


@pytest.mark.parametrize(("model", "knows"), [(RFC, False), ("4.18", False), ("5.6", False), ("5.7", True)])
def test_auto_online_blocks_knows_zones_since_5_7(model: str, knows: bool) -> None:
    machine = guest("1G", model=model)
    path = "/sys/devices/system/memory/auto_online_blocks"
    assert machine.write(path, "online_movable").result == ("ok" if knows else "EINVAL")
    do(machine, Add(start="4G", size="128M"))
    facts = [one.fact for one in worth_knowing(machine) if isinstance(one.fact, OfflineBlocks)]
    assert all(fact.by_itself is knows for fact in facts)


@pytest.mark.parametrize(
    ("size", "certainty", "said"),
    [
        ("128M", "not known", "takes whole sections, also into a part of a memory block"),
        ("64M", "no", "Section-unaligned hotplug range: start 0x4000000000, size 0x4000000"),
    ],
)
def test_an_add_of_less_than_a_block_is_not_refused_for_sure(size: str, certainty: str, said: str) -> None:
    """Linux 4.13 asks for whole sections (until ba325585230e), and the block would be there in part."""
    machine = open_machine("block2g-guest", model="rfc-v2")
    outcome = machine.apply(Add(start="256G", size=size))
    assert (outcome.result, outcome.certainty) == ("EINVAL", certainty)
    verdict = why_not(machine, Add(start="256G", size=size))
    assert said in "\n".join([*outcome.log, *map(sentence, verdict.unknown)])
