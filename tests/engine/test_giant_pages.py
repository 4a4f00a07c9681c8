"""The 1 GiB question: when memmap heads leave no range whole, the RFC's three ways out are named, and tried where they can be."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, Verdict, boot_machine, describe_verdict, parse_script, plain, why_not
from altmap.engine.memory.state import state_of

from .asking import said, words

GIB = 1 << 30


def guest(memmap_on_memory: str, size: str = "4G", online: str = "online_kernel") -> Machine:
    machine = boot_machine([(0, 0, "2G")], memmap_on_memory=memmap_on_memory)
    blocks = {"4G": "32-63", "8G": "32-95"}[size]
    for command in parse_script(f"add {size} at 4G\nonline {blocks} {online}", "set up"):
        machine.apply(command, check=True)
    return machine


def ask(machine: Machine, count: int) -> Verdict:
    return why_not(machine, *parse_script(f"hugepages {count} of 1G", "question"))


def test_the_three_ways_out_are_named() -> None:
    text = plain(describe_verdict(ask(guest("Y"), 4)))
    assert "each block of 128M begins with 2M of its own memmap" in text
    for way in (
        "(a) bigger memory blocks: of 2G each would keep 1 of 2 such pages",
        "(b) low sections of the node hold the memmap of the others",
        "(c) memmap in kernel memory where such pages are wanted (memmap_on_memory=N)",
    ):
        assert way in text


def test_what_it_says_of_bigger_blocks_is_what_they_do() -> None:
    machine = boot_machine([(0, 0, "2G")], memmap_on_memory="Y", block_size="2G")
    for command in parse_script("add 8G at 4G\nonline 2-5 online_kernel\nhugepages 8 of 1G", "bigger"):
        assert machine.apply(command).ok
    assert sum(pfn >= 4 * GIB >> 12 for pfn in _giants(machine)) == 4


def _giants(machine: Machine) -> list[int]:
    """The first pfns of all huge pages of the machine."""
    return [*state_of(machine).hugepages]


@pytest.mark.parametrize("at", [0, 1])
def test_each_way_that_is_offered_makes_more_of_them(at: int) -> None:
    machine = guest("Y")
    remedy = ask(machine, 4).remedies[at]
    assert words(remedy).startswith(("(b) of the RFC", "(c) of the RFC")[at])
    now, then = machine.copy(), machine.copy()
    now.apply(*parse_script("hugepages 4 of 1G", "now"))
    for command in remedy.commands:
        then.apply(command, check=True)
    assert len(_giants(then)) > len(_giants(now))


def test_where_the_memmap_lies_in_kernel_memory_nothing_is_said_of_it() -> None:
    verdict = ask(guest("N"), 8)
    assert not any("RFC" in warning for warning in said(verdict.warnings))
