"""The highest address that memory can be added at: which limit that is, in each kernel, and when it is not known."""

from __future__ import annotations

import pytest
from altmap.engine import Add, Machine, Outcome, boot_machine, open_machine, sentence
from altmap.engine.protocol.events import AddressDoubted
from altmap.engine.protocol.reasons.adding import BehindMem, BeyondAddresses, Unaligned
from altmap.engine.protocol.reasons.remedies import AddAtTop
from altmap.engine.protocol.reasons.unknown import HighestAddress
from altmap.engine.protocol.vocabulary import Caller

from .guests import guest, told

TIB = 1 << 40
TOP = 64 * TIB


def add(machine: Machine, at: int, size: int | str = "1G", caller: Caller = "acpi") -> Outcome:
    return machine.apply(Add(start=at, size=size, caller=caller))


def doubts(outcome: Outcome) -> list[HighestAddress]:
    return [event.reason for event in told(outcome, AddressDoubted)]


@pytest.mark.parametrize(
    ("model", "result"), [("5.10", "EINVAL"), ("5.11", "EINVAL"), ("5.12", "E2BIG"), ("6.12", "E2BIG")]
)
def test_an_add_of_nothing(model: str, result: str) -> None:
    """Since 5.12 the range is looked at first, and an empty one is none that can be had; before, it is not whole blocks."""
    outcome = add(guest(model=model), 4 << 30, 0)
    assert outcome.result == result
    assert isinstance(outcome.reason, BeyondAddresses if result == "E2BIG" else Unaligned)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            "6.12",
            "Hotplug memory [0x400000000000-0x400040000000] exceeds maximum addressable range [0x0-0x3fffffffffff]",
        ),
        (
            "5.10",
            "Hotplugged memory exceeds maximum addressable address, range=0x400000000000-0x40003fffffff, maximum=",
        ),
        ("5.4", "at which this kernel does not look"),
    ],
)
def test_each_kernel_says_it_in_its_words(model: str, words: str) -> None:
    outcome = add(guest(model=model), TOP)
    assert outcome.result == "E2BIG"
    said = sentence(outcome.reason)
    assert words in said
    assert "MAX_PHYSMEM_BITS" in said
    assert "5-level" in said


@pytest.mark.parametrize(
    ("model", "options", "result"),
    [
        ("5.0", "mem=2G", "ok"), ("5.1", "mem=2G", "E2BIG"), ("5.4", "mem=2G", "E2BIG"), ("5.5", "mem=2G", "E2BIG"),
        ("5.6", "mem=2G", "ok"), ("6.12", "mem=2G", "ok"), ("5.4", "", "ok"), ("5.4", "mem=0x200000000", "ok"),
        ("5.4", "mem=nopentium", "ok"), ("5.4", "mem=0", "ok"),
    ],
)  # fmt: skip
def test_mem_limits_added_memory_on_x86_from_5_1_to_5_5(model: str, options: str, result: str) -> None:
    machine = boot_machine([(0, 0, "1G")], model=model, options=options)
    outcome = add(machine, 4 << 30)
    assert outcome.result == result
    assert result == "ok" or isinstance(outcome.reason, BehindMem)
    if result != "ok":
        assert "behind mem=0x80000000" in sentence(outcome.reason)
        assert add(machine, 4 << 30, caller="balloon").certainty == "not known"  # Hyper-V's, or Xen's
        assert add(machine, 16 << 30, caller="pmem").ok
    arm = boot_machine([(0, "1G", "1G")], model=model, options=options, arch="arm64-4k")
    assert add(arm, 4 << 30).ok


def test_before_5_5_nobody_knows() -> None:
    outcome = add(guest(model="5.4"), TOP)
    assert doubts(outcome) == [HighestAddress("unchecked", TOP)]
    assert outcome.certainty == "not known"


@pytest.mark.parametrize(
    ("arch", "model", "limit"),
    [
        ("arm64-4k", "6.12", "linear map"),
        ("ppc64le-radix-64k", "6.12", "MAX_PHYSMEM_BITS"),
        ("s390x", "6.12", "MAX_PHYSMEM_BITS"),
    ],
)
def test_each_architecture_names_its_limit(arch: str, model: str, limit: str) -> None:
    machine = boot_machine([(0, 0, "2G")], arch=arch, model=model)
    outcome = add(machine, machine.geometry.max_address)
    assert isinstance(outcome.reason, BeyondAddresses)
    assert (outcome.reason.limit, outcome.reason.wider) == (limit, 0)


@pytest.mark.parametrize(
    ("model", "options", "doubted"),
    [("6.10", "", True), ("6.12", "", True), ("6.14", "", True), ("6.15", "", False), ("6.12", "nokaslr", False)],
)
def test_kaslr_may_trim_the_direct_map(model: str, options: str, doubted: bool) -> None:
    """To the memory of the boot, in whole TiB, and 10 TiB more; since 6.15 not where PCI_P2PDMA is built in."""
    machine = guest(model=model, options=options)
    outcome = add(machine, 20 * TIB)
    assert outcome.ok
    assert doubts(outcome) == ([HighestAddress("KASLR", 11 * TIB)] if doubted else [])
    assert outcome.certainty == ("not known" if doubted else "yes")
    assert not doubts(add(machine, 10 * TIB)), "below that it is sure"


def test_a_captured_machine_may_have_5_level_page_tables() -> None:
    machine = open_machine("firecracker-24g")
    outcome = add(machine, TOP)
    assert outcome.result == "E2BIG"
    assert doubts(outcome) == [HighestAddress("5-level", TOP)]
    assert outcome.certainty == "not known"
    assert not doubts(add(machine, 1 << 52)), "beyond 52 bits no page table reaches"


def test_the_top_is_offered_and_the_highest_address_that_is_sure() -> None:
    machine = guest()
    tops = [r for r in machine.why_not(Add(start=TOP, size="1G")).remedies if isinstance(r.does[0], AddAtTop)]
    assert [r.certainty for r in tops] == ["not known", "yes"]
    assert [machine.apply(r.commands[0]).certainty for r in tops] == ["not known", "yes"]
