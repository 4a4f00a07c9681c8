"""What is said of a machine without being asked: offline blocks, too much movable memory, too little of the kernel's."""

from __future__ import annotations

from altmap.engine import Add, Advice, Machine, Online, boot_machine, parse_script, sentence, why_not, worth_knowing
from altmap.engine.protocol.reasons.worth import KernelMemoryLow, MemmapOffNode, OfflineBlocks, TopHeavy
from altmap.engine.questions.worth_knowing import news

from .asking import said

GIB = 1 << 30


def guest(auto_online: str = "offline") -> Machine:
    """1 GiB on a kernel without memmap_on_memory, as most have it."""
    return boot_machine([(0, 0, "1G")], model="6.1", memmap_on_memory="N", auto_online=auto_online)


def added(machine: Machine, gigabytes: int) -> Machine:
    """So many DIMMs of 1 GiB, from 4 GiB on."""
    for at in range(gigabytes):
        machine.apply(Add(start=(4 + at) * GIB, size=GIB), check=True)
    return machine


def of(machine: Machine, kind: type) -> Advice | None:
    return next((advice for advice in worth_knowing(machine) if isinstance(advice.fact, kind)), None)


def test_offline_blocks_come_first_with_the_line_that_brings_them() -> None:
    machine = added(guest(), 1)
    first = worth_knowing(machine)[0]
    assert isinstance(first.fact, OfflineBlocks)
    assert (first.fact.runs, first.fact.size, first.fact.online) == (((32, 39),), GIB, "online_movable")
    said = sentence(first.fact)
    assert said.startswith("memory32-39 (1G) are offline: no program can use them, and MemTotal does not count them")
    assert "auto_online_blocks=offline leaves that to you" in said
    for line in ("memory32/state", "auto_online_blocks"):
        assert f"`echo online_movable > /sys/devices/system/memory/{line}`" in said
    for command in first.commands:
        machine.apply(command, check=True)
    assert of(machine, OfflineBlocks) is None


def test_the_line_that_it_gives_is_a_line_of_a_script_too() -> None:
    machine = added(guest(), 1)
    advice = of(machine, OfflineBlocks)
    assert advice is not None
    line = sentence(advice.fact).split("`")[1]
    for command in parse_script(line, "advice"):
        machine.apply(command, check=True)
    assert machine.blocks[32].state == "online"


def test_what_the_kernel_zones_cannot_look_after_is_brought_to_them() -> None:
    machine = added(guest("online_movable"), 3)
    machine.write("/sys/devices/system/memory/auto_online_blocks", "offline")
    machine.apply(Add(start=16 * GIB, size=GIB), check=True)
    advice = of(machine, OfflineBlocks)
    assert advice is not None
    assert isinstance(advice.fact, OfflineBlocks)
    assert advice.fact.online == "online_kernel"


def test_an_automatic_online_is_not_told_to_reach_back() -> None:
    machine = added(guest(), 1)
    machine.write("/sys/devices/system/memory/auto_online_blocks", "online_movable")
    said = sentence(worth_knowing(machine)[0].fact)
    assert "auto_online_blocks=online_movable is for what is added from now on" in said


def test_movable_memory_beyond_the_safe_ratio_is_told_with_what_the_kernel_has_left() -> None:
    machine = added(guest("online_movable"), 2)
    assert of(machine, TopHeavy) is None
    advice = of(added_behind(machine, 38), TopHeavy)
    assert advice is not None
    assert isinstance(advice.fact, TopHeavy)
    assert advice.fact.movable == 40 * GIB
    kernel = [zone for zone in machine.zones.values() if zone.name != "Movable"]
    page = machine.geometry.page_size
    assert advice.fact.kernel == sum(zone.present for zone in kernel) * page
    assert advice.fact.free == sum(zone.free + zone.pcp for zone in kernel) * page
    said = sentence(advice.fact)
    assert "40G of movable memory stand against 1G in kernel zones (40:1, over 301 %," in said


def added_behind(machine: Machine, gigabytes: int) -> Machine:
    for at in range(gigabytes):
        machine.apply(Add(start=(100 + at) * GIB, size=GIB), check=True)
    return machine


def test_an_add_warns_of_both_and_offers_what_is_there_already() -> None:
    verdict = why_not(added(guest(), 1), Add(start=8 * GIB, size=GIB))
    assert any("memory32-39 (1G) are there already, and offline" in warning for warning in said(verdict.warnings))
    (remedy,) = verdict.remedies
    assert remedy.commands == tuple(Online(block=number, type="online_movable") for number in range(32, 40))
    verdict = why_not(guest("online_movable"), Add(start=4 * GIB, size=10 * GIB))
    assert any("10G of movable memory stand against 1G" in warning for warning in said(verdict.warnings))


def test_kernel_memory_near_nothing_is_told() -> None:
    machine = guest()
    assert of(machine, KernelMemoryLow) is None
    machine.apply(*parse_script("allocate 940M unmovable node 0", "use"), check=True)
    assert of(machine, KernelMemoryLow) is not None


def test_a_memmap_off_node_is_told() -> None:
    machine = boot_machine([(0, 0, "1G")], nodes=2, model="6.1", memmap_on_memory="N")
    machine.apply(Add(start=4 * GIB, size=GIB, node=1), check=True)
    advice = of(machine, MemmapOffNode)
    assert advice is not None
    assert advice.fact == MemmapOffNode(((32, 39),), 1, 0)


def test_news_are_what_was_not_so_before() -> None:
    machine = guest()
    before = worth_knowing(machine)
    assert [type(advice.fact) for advice in news(before, worth_knowing(added(machine, 1)))] == [OfflineBlocks]


def test_asking_changes_nothing() -> None:
    machine = added(guest("online"), 2)
    before = repr(worth_knowing(machine))
    assert repr(worth_knowing(machine)) == before
    assert machine.check() == []
