"""Where a person may put the memmap: low sections of the same node (the RFC's option b), with or without fallback (c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from altmap.engine import Add, Machine, Offline, Remove, boot_machine, sentence
from altmap.engine.memory.section import Memmap, Section
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.reasons.taking import HoldsMemmap

from tests.kernels import KERNELS

from .guests import FIRST, dimm, do, eject, guest, heads, memmap, numbers, offline, online, placements, refuse, remove

# -- option b: low sections of the same node ---------------------------------------------------------------------------


def hosting(model: str = "6.12") -> Machine:
    """1 GiB that hosts the memmap of 256 MiB at 16 GiB."""
    machine = guest(model=model)
    dimm(machine, "1G", placement="sections")
    dimm(machine, "256M", at="16G", placement="sections")
    return machine


@pytest.mark.parametrize("model", KERNELS)
def test_the_first_sections_host_for_the_rest_and_for_later_requests(model: str) -> None:
    machine = hosting(model)
    assert placements(machine, 32, 8) == {"self"}
    assert [memmap(machine, 32 + k).pfn for k in range(8)] == [FIRST + 512 * k for k in range(8)]
    assert placements(machine, 128, 2) == {"section"}
    assert [memmap(machine, 128 + k).pfn for k in range(2)] == [FIRST + 512 * (8 + k) for k in range(2)]
    assert heads(machine, 32) == 5120
    assert heads(machine, 128, 129) == 0


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_hosts_refuse_to_go_while_guests_exist_and_say_whose_memmap_they_hold(model: str) -> None:
    machine = hosting(model)
    online(machine, *range(32, 40), 128, 129, kind="online_movable")
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EBUSY"
    assert "memory128" in sentence(outcome.reason) or "more blocks" in sentence(outcome.reason)
    offline(machine, 128, 129)
    assert refuse(machine, Offline(block=32)).result == "EBUSY", "offline guests have a memmap too"
    remove(machine, "256M", at="16G")
    offline(machine, *range(32, 40))
    remove(machine, "1G")


def test_the_reason_names_the_guests_that_must_go_first() -> None:
    """Those outside the device: the device's own blocks go with it."""
    machine = hosting()
    online(machine, 32)
    assert refuse(machine, Offline(block=32)).reason == HoldsMemmap(32, (128, 129))


def test_an_offline_host_cannot_be_removed_before_its_guests() -> None:
    machine = hosting()
    outcome = refuse(machine, Remove(start="4G", size="1G"))
    assert outcome.result == "EBUSY"
    assert "memory128" in sentence(outcome.reason)
    eject(machine, "256M", at="16G")
    assert heads(machine, 32) == 4096, "the pages are the host's again"
    eject(machine, "1G")


def test_a_host_without_guests_is_like_any_other() -> None:
    machine = guest()
    dimm(machine, "1G", placement="sections")
    online(machine, *range(32, 40), kind="online_movable")
    offline(machine, 35)
    eject(machine, "1G")


@pytest.mark.parametrize(("model", "present"), [("6.12", 0), ("rfc-v2", -512)])
def test_pages_taken_from_an_online_host_are_no_longer_managed(model: str, present: int) -> None:
    machine = guest(model=model)
    dimm(machine, "1G", placement="sections")
    online(machine, 32, 33, kind="online_movable")
    before = numbers(machine, "Movable")
    dimm(machine, "128M", at="16G", placement="sections")
    after = numbers(machine, "Movable")
    assert [b - a for a, b in zip(before, after, strict=True)] == [-512, 0, present, -512]
    remove(machine, "128M", at="16G")
    assert numbers(machine, "Movable") == before


def test_hosts_are_of_the_same_node() -> None:
    machine = boot_machine([(0, 0, "4G")], nodes=2)
    dimm(machine, "1G", placement="sections")
    dimm(machine, "128M", at="16G", node=1, placement="sections")
    assert placements(machine, 128, 1) == {"self"}


def test_boot_memory_and_higher_sections_never_host() -> None:
    machine = guest()
    dimm(machine, "1G", at="32G", placement="sections")
    dimm(machine, "128M", at="16G", placement="sections")
    assert (memmap(machine, 128).on, memmap(machine, 128).pfn) == ("self", 128 * 32768)


def test_a_full_host_is_passed_over() -> None:
    """A block whose pages are all in use has no room for guests; its own request's next section has."""
    machine = guest()
    dimm(machine, "256M", placement="sections")
    online(machine, 32, kind="online_movable")
    section = machine.sections[32]
    state_of(machine).set_kind(section, section.of("free"), "movable")
    state_of(machine).journal.take()
    dimm(machine, "128M", at="16G", placement="sections")
    assert memmap(machine, 128).pfn == 33 * 32768


# -- option c: with or without fallback --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "placement"), [("s390x", "range"), ("ia64", "range"), ("arm64-16k", "block"), ("ia64", "block")]
)
@pytest.mark.parametrize(("fallback", "result"), [(True, "ok"), (False, "EINVAL"), (None, "EINVAL")])
def test_a_demand_that_cannot_be_met(arch: str, placement: Any, fallback: bool | None, result: str) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch, model="6.1" if arch == "ia64" else "6.12")
    size = machine.geometry.block_size
    before = dict(machine.sections), dict(machine.resources)
    outcome = machine.apply(Add(start="64G", size=size, placement=placement, fallback=fallback))
    assert outcome.result == result
    if result == "ok":
        first = (64 << 30) // machine.geometry.section_size
        assert placements(machine, first, 1) == {"kernel"}
    else:
        assert "placed as asked" in sentence(outcome.reason)
        assert (dict(machine.sections), dict(machine.resources)) == before
    assert machine.check() == []


def test_without_fallback_a_caller_that_asks_in_vain_is_refused() -> None:
    """6.12 alone would silently take kernel memory."""
    machine = boot_machine([(0, "1G", "2G")], arch="arm64-16k", model="6.12")
    outcome = refuse(machine, Add(start="8G", size="128M", fallback=False))
    assert outcome.result == "EINVAL"
    dimm(machine, "128M", at="8G", fallback=True)


def every(machine: Machine, where: str) -> bool:
    return placements(machine, 32, 2) == {where}


@pytest.mark.parametrize("model", KERNELS)
@pytest.mark.parametrize(
    ("placement", "holds"),
    [
        ("boot", lambda m: every(m, "kernel")),
        ("range", lambda m: every(m, "self") and memmap(m, 33).pfn == FIRST + 512),
        ("sections", lambda m: every(m, "self") and memmap(m, 33).pfn == FIRST + 512),
    ],
)
def test_a_person_may_choose_any_placement_under_any_model(
    model: str, placement: Any, holds: Callable[[Machine], bool]
) -> None:
    machine = guest(model=model)
    dimm(machine, "256M", placement=placement)
    assert holds(machine)
    online(machine, 32, 33)
    offline(machine, 33, 32)


def test_a_person_may_choose_blocks_with_the_parameter_off_and_under_the_rfc() -> None:
    for model, mode in (("rfc-v2", "N"), ("6.12", "N"), ("6.12", "Y")):
        machine = guest(model=model, memmap_on_memory=mode)
        dimm(machine, "256M", placement="block")
        assert [machine.blocks[block].head for block in (32, 33)] == [512, 512]
        online(machine, 32, 33)
        eject(machine, "256M")


@pytest.mark.parametrize("mode", ["N", "Y"])
@pytest.mark.parametrize(("size", "result"), [("128M", "ok"), ("256M", "EINVAL")])
def test_the_rules_of_a_kernel_hold_whatever_its_parameter(mode: str, size: str, result: str) -> None:
    machine = guest(model="6.1", memmap_on_memory=mode)
    outcome = machine.apply(Add(start="8G", size=size, placement="block"))
    assert outcome.result == result
    if result != "ok":
        assert "256M is not exactly one memory block of 128M" in sentence(outcome.reason)


def test_a_section_that_was_left_behind_keeps_its_memmap_and_its_block_has_no_head() -> None:
    """The RFC's kernel tolerates sections that an add which failed left there."""
    machine = guest("1G", model="rfc-v2")
    state_of(machine).sections.put(33, Section(33, 0, memmap=Memmap("kernel")))
    state_of(machine).journal.take()
    do(machine, Add(start="4G", size="384M", placement="block"))
    assert [machine.blocks[number].head for number in (32, 33, 34)] == [512, 0, 512]
    assert machine.sections[33].memmap == Memmap("kernel")
    online(machine, 32, 33, 34)
    assert machine.check() == []
