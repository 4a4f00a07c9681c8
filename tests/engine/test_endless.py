"""Offlines and ejects that never end: slab pages of order 0 since 6.14, and whatever only a signal would end."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import (
    Add,
    Compact,
    Eject,
    Machine,
    Offline,
    Online,
    Outcome,
    Remove,
    Write,
    boot_machine,
    describe_verdict,
    machine_bytes,
    plain,
    read_machine,
    sentence,
)
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.units import GIB
from altmap.engine.protocol.reasons import NeverEnds
from altmap.engine.protocol.reasons.taking import Backoff, FrozenSlab, LockHeld, Pinned, Unmovable
from altmap.engine.protocol.vocabulary import PINNED, SLAB

from .guests import FIRST, dimm, occupy, online

PAGE = FIRST + 0x418


def with_slab(model: str, frozen: bool = True, kind: str = "online_kernel") -> Machine:
    """A DIMM of two blocks, the first online with one slab page in it, which is of order 0 or part of a larger one."""
    machine = boot_machine([(0, 0, "1G")], model=model)
    dimm(machine, "256M")
    online(machine, 32, kind=kind)
    state = state_of(machine)
    occupy(machine, PAGE, 1, SLAB)
    if frozen:
        section = state.sections[32]
        state.sections.put(32, msgspec.structs.replace(section, frozen=1 << PAGE - FIRST))
    assert machine.check() == []
    return machine


def result(outcome: Outcome) -> tuple[str, object]:
    return outcome.result, outcome.reason


@pytest.mark.parametrize("model", ["6.1", "6.13", "6.14", "7.3"])
def test_a_slab_page_of_order_0_passes_isolation_since_6_14(model: str) -> None:
    machine = with_slab(model)
    outcome = machine.apply(Offline(block=32))
    if model in ("6.14", "7.3"):
        assert result(outcome) == ("EINTR", Backoff(FrozenSlab(PAGE)))
    else:
        assert result(outcome) == ("EBUSY", Unmovable(PAGE, SLAB, ()))
    assert machine.blocks[32].state == "online"
    assert machine.check() == []


def test_a_larger_slab_page_and_one_that_other_kernel_pages_join_are_refused_as_ever() -> None:
    assert result(with_slab("7.3", frozen=False).apply(Offline(block=32))) == ("EBUSY", Unmovable(PAGE, SLAB, ()))
    machine = with_slab("7.3")
    occupy(machine, PAGE + 5, 1, "pagetable")
    assert result(machine.apply(Offline(block=32))) == ("EBUSY", Unmovable(PAGE + 5, "pagetable", ()))


def test_an_eject_never_ends_and_holds_the_hotplug_lock() -> None:
    """As recorded on 7.3: the block stays going-offline, without its head; nothing of the other block changed."""
    machine = with_slab("7.3")
    before = machine.zones[0, "Normal"]
    outcome = machine.apply(Eject(start="4G", size="256M"))
    assert result(outcome) == ("HANGS", NeverEnds(32, Backoff(FrozenSlab(PAGE))))
    assert (machine.blocks[32].state, machine.blocks[33].state) == ("going-offline", "offline")
    assert machine.valid_zones(32) == "Normal Movable"
    after = machine.zones[0, "Normal"]
    assert (after.present, after.managed, after.spanned) == (before.present - 512, before.managed, before.spanned)
    assert after.free == before.free - (32768 - 512 - 1)
    assert machine.check() == []
    for command in (
        Add(start="8G", size="128M"),
        Online(block=33),
        Offline(block=1),
        Remove(start=33 * GIB // 8, size="128M"),
        Eject(start="4G", size="256M"),
        Write(path="/sys/devices/system/memory/memory33/state", data="online"),
    ):
        assert result(machine.apply(command)) == ("HANGS", LockHeld(32)), command
    junk = Write(path="/sys/devices/system/memory/memory33/state", data="junk")
    assert machine.apply(junk).result == "EINVAL"
    assert machine.apply(Compact()).ok
    machine.go_to(2)
    assert machine.apply(Online(block=33)).ok, "before the eject nothing waits"


def test_a_machine_whose_lock_is_held_can_be_saved_and_is_still_waiting() -> None:
    machine = with_slab("7.3")
    machine.apply(Eject(start="4G", size="256M"))
    again = read_machine(machine_bytes(machine, "it.json"), "it.json")
    assert again.check() == []
    assert result(again.apply(Online(block=33))) == ("HANGS", LockHeld(32))
    here = again.outlook(1)
    assert (here.answer, here.result, here.reason, here.blockers) == ("no", "HANGS", LockHeld(32), ())
    assert state_of(again).sections[32].frozen == 1 << PAGE - FIRST


@pytest.mark.parametrize("model", ["6.1", "6.12", "7.3"])
def test_an_eject_of_what_only_a_signal_would_end_never_ends(model: str) -> None:
    """ACPI's thread gets no signals: a pinned page keeps it for ever, on every kernel since 4.15."""
    machine = boot_machine([(0, 0, "1G")], model=model)
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, PAGE, 1, PINNED)
    assert result(machine.apply(Eject(start="4G", size="128M"))) == ("HANGS", NeverEnds(32, Backoff(Pinned(PAGE))))
    assert machine.check() == []


def test_the_rfcs_kernel_gives_up_after_a_while_and_so_does_its_eject() -> None:
    machine = boot_machine([(0, 0, "1G")], model="rfc-v2")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, PAGE, 1, PINNED)
    assert machine.apply(Eject(start="4G", size="128M")).result == "EBUSY"
    assert machine.blocks[32].state == "online"


def test_why_warns_before_what_would_hang_and_says_how_to_end_it() -> None:
    machine = with_slab("7.3")
    said = plain(describe_verdict(machine.why_not(Offline(block=32))))
    assert "memory32 reads going-offline" in said
    assert "timeout 10 sh -c 'echo offline > /sys/devices/system/memory/memory32/state'" in said
    ejected = machine.why_not(Eject(start="4G", size="256M"))
    assert (ejected.result, ejected.answer) == ("HANGS", "no")
    assert "one would see no answer at all" in plain(describe_verdict(ejected))
    assert "a signal can end" in " ".join(map(sentence, ejected.warnings))
    machine.apply(Eject(start="4G", size="256M"))
    waiting = machine.why_not(Online(block=33))
    assert waiting.result == "HANGS"
    assert "hotplug lock" in sentence(waiting.reason)


@pytest.mark.parametrize(("model", "kept"), [("6.16", False), ("6.17", True)])
def test_since_6_17_pageblocks_keep_their_types_through_an_offline_that_fails(model: str, kept: bool) -> None:
    machine = boot_machine([(0, 0, "1G")], model=model)
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    state = state_of(machine)
    occupy(machine, FIRST + 0x4000, 1, "pagetable")
    section = state.sections[32]
    types = {**section.types, "Unmovable": section.types.get("Unmovable", 0) | 0b110, "Reclaimable": 0b1000}
    state.sections.put(32, msgspec.structs.replace(section, types=type(section.types)(types)))
    had = state.sections[32].types
    assert offline_refused(machine)
    assert (state.sections[32].types == had) is kept


def offline_refused(machine: Machine) -> bool:
    return machine.apply(Offline(block=32)).result == "EBUSY"
