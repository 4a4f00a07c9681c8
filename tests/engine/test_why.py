"""Why not: the answer is the one that the command itself gets, every remedy works, and asking changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from altmap.engine import (
    Add,
    BadInput,
    Command,
    Eject,
    Machine,
    Offline,
    Online,
    Remove,
    Write,
    boot_machine,
    bundled_machines,
    open_machine,
)
from altmap.engine.commands import Allocate, Free, HugePages, Pin
from altmap.engine.memory.state import State, state_of
from altmap.engine.questions.why import Verdict, describe_verdict, describe_verdicts, why_not
from altmap.engine.questions.why.verdict import lines

from .guests import FIRST, dimm, do, fill_zone, guest, occupy, online, read_back, two_nodes

BLOCK = 0x8000
"""Pages of a block of 128 MiB."""


def pictured(state: State) -> dict[str, dict[Any, Any]]:
    """Every table, by name."""
    return {table.name: dict(table) for table in state.tables}


def ask(machine: Machine, command: Command) -> Verdict:
    """Ask, and see that the machine is what it was, value by value; that the answer is true; and that the remedies work."""
    before, written = pictured(state_of(machine)), list(state_of(machine).journal.changes)
    verdict = why_not(machine, command)
    after = pictured(state_of(machine))
    assert after == before
    assert all(after[name][key] is value for name, table in before.items() for key, value in table.items())
    assert state_of(machine).journal.changes == written
    assert state_of(machine).section_numbers() == sorted(state_of(machine).sections)
    outcome = machine.apply(command)
    assert (verdict.result, verdict.reason, verdict.pfn) == (outcome.result, outcome.reason, outcome.pfn)
    assert verdict.taken == outcome.taken
    machine.undo()
    for remedy in verdict.remedies:
        assert remedy.words
        if not remedy.given:
            results = [machine.apply(step) for step in remedy.commands]
            assert [step.result for step in results] == ["ok"] * len(results)
            assert machine.check() == []
            for _ in results:
                machine.undo()
    assert bool(verdict.blockers) or verdict.ok
    assert read_back(verdict) == verdict
    assert (
        describe_verdict(verdict)
        .splitlines()[0]
        .endswith((verdict.but or "would succeed") if verdict.ok else f"no, {verdict.result}")
    )
    return verdict


def blockers(verdict: Verdict) -> dict[str, tuple[int, int | None]]:
    """Count and first pfn by kind."""
    return {blocker.kind: (blocker.count, blocker.first) for blocker in verdict.blockers}


def typed(verdict: Verdict) -> list[list[str]]:
    """The lines of each remedy."""
    return [list(lines(remedy.commands)) for remedy in verdict.remedies]


# -- offline ------------------------------------------------------------------------------------------------------------


def test_block_that_would_go_offline_says_where_its_pages_go() -> None:
    machine = two_nodes("2G")
    dimm(machine, node=1)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 0x1000, 100, "movable")
    verdict = ask(machine, Offline(block=32))
    assert verdict.ok
    assert verdict.effects == ("100 pages move to zone DMA32 of node 0",)
    assert verdict.warnings == ("node 1 has no memory left then",)
    assert not verdict.remedies


def test_kernel_pages_are_all_counted_not_only_the_first() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32)
    occupy(machine, FIRST + 0x1000, 3, "slab")
    occupy(machine, FIRST + 0x2000, 1, "kernel")
    occupy(machine, FIRST + 0x7000, 2, "pagetable")
    verdict = ask(machine, Offline(block=32))
    assert (verdict.result, verdict.pfn) == ("EBUSY", FIRST + 0x1000)
    assert blockers(verdict) == {
        "slab": (3, FIRST + 0x1000),
        "kernel": (1, FIRST + 0x2000),
        "pagetable": (2, FIRST + 0x7000),
    }
    freed, movable = verdict.remedies
    for part in ("3 slab pages (12K)", "1 kernel page (4K)", "2 page-table pages (8K)"):
        assert part in freed.given
    assert movable.commands == (Online(block=32, type="online_movable"), Offline(block=32))
    assert movable.given


def test_reserved_pages_have_no_remedy() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 0x1000, 1, "reserved")
    verdict = ask(machine, Offline(block=32))
    assert blockers(verdict) == {"reserved": (1, FIRST + 0x1000)}
    assert not verdict.remedies
    assert describe_verdict(verdict).endswith("No command clears it.\n")


def test_memmap_in_the_block_names_the_memory_to_take_out_first() -> None:
    machine = two_nodes("2G", memmap_on_memory="N")
    dimm(machine, "128M", at="4G", node=0)
    online(machine, 32, kind="online_kernel")
    dimm(machine, "2G", at="8G", node=1)
    assert machine.sections[32].of("vmemmap").bit_count() == 16 * 512
    verdict = ask(machine, Offline(block=32))
    assert blockers(verdict) == {
        "vmemmap": (16 * 512, FIRST),
        "slab": (26, FIRST + 16 * 512),
    }  # with its kernel objects
    assert "memory64-79" in verdict.blockers[0].detail
    assert typed(verdict)[0] == ["eject 2G at 0x200000000", "offline 32"]
    assert not verdict.remedies[0].given


def test_kernel_pages_of_programs_stay_when_the_memory_behind_others_is_taken_out() -> None:
    machine = two_nodes("2G", memmap_on_memory="N")
    dimm(machine, "128M", at="4G", node=0)
    online(machine, 32, kind="online_kernel")
    dimm(machine, "2G", at="8G", node=1)
    occupy(machine, FIRST + 0x7000, 5, "slab")
    verdict = ask(machine, Offline(block=32))
    assert blockers(verdict)["slab"] == (31, FIRST + 16 * 512)
    assert typed(verdict)[0] == ["eject 2G at 0x200000000", "offline 32"]
    assert "31 slab pages" in verdict.remedies[0].given


def test_what_a_failed_add_left_behind_is_taken_away_too() -> None:
    machine = guest("256M", model="6.1", memmap_on_memory="N")
    dimm(machine, "128M", at="4G")
    online(machine, 32, kind="online_kernel")
    failed = machine.apply(Add(start="8G", size="64G"))
    assert failed.result == "ENOMEM"
    assert machine.sections[32].of("vmemmap")
    verdict = ask(machine, Offline(block=32))
    assert "ranges without a block" in verdict.blockers[0].detail
    assert typed(verdict)[0][0].startswith("remove ")


def test_movable_pages_without_room_say_how_many_and_where_room_could_come_from() -> None:
    machine = two_nodes("2G")
    dimm(machine, "256M", node=1)
    online(machine, 32, 33, kind="online_movable")
    dimm(machine, "128M", at="16G", node=0)
    do(machine, Allocate(size="400M", node=0))
    fill_zone(machine, "DMA", 60)
    fill_zone(machine, "DMA32", 2000)
    do(machine, Allocate(size="96M", node=1, zone="Movable"))
    verdict = ask(machine, Offline(block=32))
    assert verdict.result == "EINTR"
    (blocker,) = verdict.blockers
    assert (blocker.kind, blocker.first) == ("movable", FIRST + 512)
    assert 20000 < blocker.count <= 24576
    onlining, freeing = verdict.remedies
    assert onlining.words == "online memory128 of node 0 first, to make room"
    pages = int(freeing.words.split()[1])
    assert pages >= blocker.count
    freed = freeing.commands[0]
    assert isinstance(freed, Free)
    assert (freed.node, freed.zone) == (0, "DMA32")
    assert pages * 4096 <= int(freed.size or 0) < pages * 4096 + (1 << 20)


def test_pinned_pages_and_missing_room_are_told_apart() -> None:
    machine = two_nodes("2G")
    dimm(machine, "256M", node=1)
    online(machine, 32, 33, kind="online_movable")
    dimm(machine, "128M", at="16G", node=0)
    fill_zone(machine, "DMA", 60)
    fill_zone(machine, "DMA32", 2000)
    do(machine, Allocate(size="96M", node=1, zone="Movable"), Pin(size="1M", node=1, zone="Movable"))
    verdict = ask(machine, Offline(block=32))
    assert set(blockers(verdict)) == {"pinned", "movable"}
    assert blockers(verdict)["pinned"] == (256, FIRST + 512)
    assert typed(verdict) == [["unpin all node 1 zone Movable", "online 128 online_movable", "offline 32"]]


def test_pages_of_the_kernel_inside_the_movable_zone_are_found() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 0x3000, 5, "slab")
    verdict = ask(machine, Offline(block=32))
    assert (verdict.result, blockers(verdict)) == ("EINTR", {"slab": (5, FIRST + 0x3000)})


def test_huge_pages_in_use_are_given_back_by_the_remedy() -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    online(machine, 32, 33, kind="online_movable")
    do(machine, HugePages(count=600), Allocate(size="1G", kind="huge"))
    fill_zone(machine, "DMA32", 1000)
    inside = [block for block in (32, 33) if any(s.of("huge") for s in state_of(machine).block_sections(block))]
    assert inside
    verdict = ask(machine, Offline(block=inside[0]))
    assert not verdict.ok
    assert "huge" in blockers(verdict)
    assert any("hugepages" in line for line in typed(verdict)[0])


def test_rules_stand_without_pages() -> None:
    machine = guest()
    dimm(machine)
    assert ask(machine, Offline(block=32)).result == "EINVAL"
    assert ask(machine, Offline(block=99)).result == "ENOENT"
    assert ask(machine, Offline(block=0)).result == "EINVAL"
    verdict = ask(guest(arch="arm64-4k"), Offline(block=20))
    assert (verdict.result, blockers(verdict)) == ("EPERM", {"rule": (1, 20 * BLOCK)})


def test_hosts_of_other_memmaps_wait_for_their_guests() -> None:
    machine = guest()
    dimm(machine, placement="sections")
    online(machine, 32, kind="online_movable")
    dimm(machine, "1G", at="5G", placement="sections")
    for command in (Offline(block=32), Remove(start="4G", size="128M"), Eject(start="4G", size="128M")):
        verdict = ask(machine, command)
        assert blockers(verdict)["guest"] == (8, 40 * BLOCK)
        assert typed(verdict)[0][0] == "eject 1G at 0x140000000"


# -- remove and eject ---------------------------------------------------------------------------------------------------


def test_removing_online_memory_offers_to_offline_it_first() -> None:
    machine = guest()
    dimm(machine, "1G")
    online(machine, 33, 34, 36, kind="online_movable")
    verdict = ask(machine, Remove(start="4G", size="1G"))
    assert verdict.result == "EBUSY"
    assert blockers(verdict) == {"online": (3, 33 * BLOCK)}
    assert verdict.blockers[0].detail == "memory33-34, memory36"
    assert typed(verdict) == [["offline 33-34", "offline 36", "remove 1G at 0x100000000"]]


def test_removing_online_memory_names_the_pages_that_would_stop_that_too() -> None:
    machine = guest()
    dimm(machine, "256M")
    online(machine, 32, 33)
    occupy(machine, FIRST + BLOCK + 0x1000, 7, "slab")
    verdict = ask(machine, Remove(start="4G", size="256M"))
    assert blockers(verdict) == {"online": (2, FIRST), "slab": (7, FIRST + BLOCK + 0x1000)}


def test_rfc_pool_goes_after_all_that_hangs_on_it() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "10G")
    verdict = ask(machine, Remove(start="4G", size="128M"))
    assert blockers(verdict) == {"guest": (63, 33 * BLOCK)}
    first, second = verdict.remedies[0].commands
    assert isinstance(first, Eject)
    assert (first.start, first.size) == (33 << 27, 79 << 27)  # memory96-111 hang on memory33
    assert second == Remove(start=4 << 30, size=128 << 20)


def test_rfc_block_that_hosts_may_go_offline_with_a_warning() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "10G")
    online(machine, 32, 33, 34, kind="online_movable")
    verdict = ask(machine, Offline(block=32))
    assert verdict.ok
    assert "memory33-95" in verdict.warnings[0]


def test_6_1_removes_blocks_with_a_memmap_one_by_one() -> None:
    machine = guest(model="6.1")
    dimm(machine, at="4G")
    dimm(machine, at=(4 << 30) + (128 << 20))
    verdict = ask(machine, Remove(start="4G", size="256M"))
    assert verdict.result == "EINVAL"
    assert typed(verdict) == [["remove 128M at 0x108000000", "remove 128M at 0x100000000"]]


def test_blocks_with_and_without_a_memmap_go_separately() -> None:
    machine = guest()
    dimm(machine, "256M", at="4G")
    dimm(machine, "256M", at=(4 << 30) + (256 << 20), placement="boot")
    verdict = ask(machine, Eject(start="4G", size="512M"))
    assert verdict.result == "EINVAL"
    assert typed(verdict) == [["remove 256M at 0x110000000", "remove 256M at 0x100000000"]]


def test_removal_off_the_blocks() -> None:
    machine = guest()
    dimm(machine, "256M")
    verdict = ask(machine, Remove(start=(4 << 30) + (64 << 20), size="128M"))
    assert blockers(verdict) == {"misaligned": (64 << 20, FIRST + BLOCK // 2)}
    assert typed(verdict) == [["remove 256M at 0x100000000"]]


def test_eject_counts_what_stops_each_block() -> None:
    machine = guest()
    dimm(machine, "512M")
    online(machine, 32, 33, 34, 35)
    occupy(machine, FIRST + 0x1000, 2, "slab")
    occupy(machine, FIRST + 2 * BLOCK + 0x1000, 5, "slab")
    verdict = ask(machine, Eject(start="4G", size="512M"))
    assert blockers(verdict) == {"slab": (7, FIRST + 0x1000)}
    assert "online memory32-35 with online_movable" in verdict.remedies[1].words


def test_eject_that_works_says_what_goes() -> None:
    machine = two_nodes("2G")
    dimm(machine, "256M", node=1)
    verdict = ask(machine, Eject(start="4G", size="256M"))
    assert verdict.effects == ("memory32-33 go away", "node 1 goes offline")


# -- online -------------------------------------------------------------------------------------------------------------


def test_onlining_into_a_kernel_zone_is_warned_of() -> None:
    machine = guest()
    dimm(machine)
    verdict = ask(machine, Online(block=32))
    assert verdict.ok
    assert "memory32 goes to zone Normal of node 0" in verdict.effects[0]
    assert "32256 pages (126M) become usable" in verdict.effects
    assert "keeps a block from going offline" in verdict.warnings[0]
    assert verdict.remedies[0].commands == (Online(block=32, type="online_movable"),)


def test_onlining_as_movable_can_be_taken_back() -> None:
    machine = guest()
    dimm(machine)
    verdict = ask(machine, Online(block=32, type="online_movable"))
    assert verdict.effects[-1].startswith("it can be got back")
    assert not verdict.warnings
    assert not verdict.remedies


def test_too_much_movable_memory_is_warned_of() -> None:
    machine = guest("1G")
    dimm(machine, "4G")
    online(machine, *range(32, 56), kind="online_movable")
    verdict = ask(machine, Online(block=57, type="online_movable"))
    assert any("over 301 %" in warning for warning in verdict.warnings)


def test_online_block_is_offlined_to_go_elsewhere() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32)
    verdict = ask(machine, Online(block=32, type="online_movable"))
    assert typed(verdict) == [["offline 32", "online 32 online_movable"]]


# -- add ----------------------------------------------------------------------------------------------------------------


def test_add_that_fits_says_where_its_memmap_goes_and_what_that_costs() -> None:
    machine = two_nodes("2G", memmap_on_memory="N")
    verdict = ask(machine, Add(start="8G", size="1G", node=1))
    assert verdict.ok
    assert "4096 pages (16M) of memmap lie in kernel memory of node 0" in verdict.effects
    assert verdict.taken[0] > 4096
    assert any("off node" in warning for warning in verdict.warnings)
    assert any("which cannot go offline while this memory is there" in warning for warning in verdict.warnings)
    inside = ask(two_nodes("2G"), Add(start="8G", size="1G", node=1))
    assert "4096 pages (16M) of memmap lie in the added memory of node 1" in inside.effects
    assert not inside.warnings
    assert "memory64-71 appear, offline (auto_online_blocks=offline)" in inside.effects
    assert inside.effects[-1] == (
        "online puts memory64-71 into zone Normal, online_movable into zone Movable; "
        "from zone Movable alone memory can be got back for sure"
    )


def test_add_onlined_by_itself_says_where_to() -> None:
    verdict = ask(guest(auto_online="online"), Add(start="4G", size="256M"))
    assert "memory32-33 go online in zone Normal at once" in verdict.effects
    assert any("online_movable keeps it removable" in warning for warning in verdict.warnings)


def test_memmap_that_does_not_fit_says_how_many_pages_are_missing() -> None:
    machine = guest("256M", memmap_on_memory="N")
    verdict = ask(machine, Add(start="4G", size="16G"))
    assert verdict.result == "ENOMEM"
    (blocker,) = verdict.blockers
    assert blocker.kind == "missing"
    assert "65536 of memmap" in blocker.detail
    assert blocker.count == 65536 + 172 - int(blocker.detail.split(" have ")[1].split()[0])
    placements = [c.placement for remedy in verdict.remedies for c in remedy.commands if isinstance(c, Add)]
    assert placements == ["block", None, "range", "sections"]
    own, less, pool, low = (remedy.words for remedy in verdict.remedies)
    assert own == "another placement: with its memmap in each block's own head; memmap_on_memory=Y at boot"
    assert "add less" in less
    assert pool.endswith("; in no released kernel (RFC v2)")
    assert low.endswith("; in no released kernel (RFC option b)")


def test_memory_that_programs_hold_can_be_freed_for_the_memmap() -> None:
    machine = guest("256M", model="6.1")
    dimm(machine, at="16G")
    do(machine, Allocate(size="200M"))
    verdict = ask(machine, Add(start="4G", size="4G"))
    words = " | ".join(remedy.words for remedy in verdict.remedies)
    for text in ("online memory128 of node 0 in a kernel zone first", "block by block", "add less"):
        assert text in words
    script = typed(verdict)[0]
    assert script[0].startswith("free ")
    assert "free 5" in verdict.remedies[0].words


def test_add_in_the_way_of_another_goes_elsewhere() -> None:
    machine = guest()
    dimm(machine, "256M")
    verdict = ask(machine, Add(start="4G", size="128M"))
    assert blockers(verdict) == {"taken": (1, FIRST)}
    assert typed(verdict) == [["add 128M at 0x110000000 node 0"]]


def test_add_over_what_a_failed_add_left_behind() -> None:
    machine = guest("256M", memmap_on_memory="N")
    assert machine.apply(Add(start="4G", size="16G")).result == "ENOMEM"
    verdict = ask(machine, Add(start="4G", size="1G"))
    assert verdict.result == "EEXIST"
    assert blockers(verdict)["leaked"][0] == 8
    assert typed(verdict)[0][0].startswith("remove 1G at 0x100000000")


def test_add_off_the_blocks_is_rounded_and_says_which_blocks_would_do() -> None:
    machine = boot_machine([(0, 0, "4G")], block_size="1G")
    verdict = ask(machine, Add(start="8G", size="384M"))
    assert blockers(verdict) == {"misaligned": (384 << 20, 0x200000)}
    assert "with blocks of 128M this range would do" in verdict.blockers[0].detail
    assert typed(verdict) == [["add 1G at 0x200000000 node 0"]]


def test_add_to_a_node_that_cannot_be() -> None:
    verdict = ask(two_nodes("2G"), Add(start="8G", size="128M", node=5))
    assert typed(verdict) == [["add 128M at 0x200000000 node 1"]]
    both = ask(two_nodes("2G"), Add(start="8G", size="100M", node=5))
    assert len(both.blockers) == 2
    assert typed(both) == [["add 128M at 0x200000000 node 1"]]


def test_add_beyond_the_last_address() -> None:
    verdict = ask(guest(), Add(start=1 << 46, size="1G"))
    assert verdict.result == "E2BIG"
    assert typed(verdict)[0] == ["add 1G at 0x3fffc0000000 node 0"]


def test_placement_that_cannot_be_names_others() -> None:
    verdict = ask(guest(model="6.1"), Add(start="4G", size="1G", placement="block"))
    assert verdict.result == "EINVAL"
    single, fallback, *_ = typed(verdict)
    assert single[::7] == [f"add 128M at {at} node 0 placement block" for at in ("0x100000000", "0x138000000")]
    assert fallback == ["add 1G at 0x100000000 node 0 placement block fallback"]


# -- other commands -----------------------------------------------------------------------------------------------------


def test_writes_are_understood_as_what_they_do() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32)
    occupy(machine, FIRST + 0x1000, 3, "slab")
    base = "/sys/devices/system/memory/memory32"
    for write in (Write(path=f"{base}/state", data="offline\n"), Write(path=f"{base}/online", data="0")):
        assert blockers(ask(machine, write)) == {"slab": (3, FIRST + 0x1000)}
    assert ask(machine, Write(path=f"{base}/state", data="sideways")).result == "EINVAL"
    assert ask(machine, Write(path=f"{base}/state", data="online_movable")).result == "EINVAL"
    assert ask(machine, Write(path="/sys/devices/system/memory/auto_online_blocks", data="online")).ok


def test_fewer_huge_pages_than_asked_for_are_explained() -> None:
    machine = two_nodes("2G")
    dimm(machine, "4G", at="8G", node=1)
    online(machine, *range(64, 96), kind="online_kernel")
    verdict = ask(machine, HugePages(count=4, size="1G", node=1))
    assert verdict.ok
    assert describe_verdict(verdict).startswith("hugepages 4 of 1G node 1: the write succeeds, but gives 0 of 4\n")
    assert "the pool of node 1 has 0 pages of 1G then, of 4 asked for" in verdict.effects
    (blocker,) = verdict.blockers
    assert (blocker.kind, blocker.count, blocker.first) == ("memmap", 4, 64 * BLOCK)


@pytest.mark.parametrize(("data", "wanted"), [("0x4", 4), ("010", 8), ("4 5", 4), ("4\n", 4)])
def test_a_pool_is_asked_for_as_the_kernel_reads_the_number(data: str, wanted: int) -> None:
    verdict = ask(guest("1G"), Write(path="/proc/sys/vm/nr_hugepages", data=data))
    assert f"the pool of the machine has {wanted} pages of 2M then, of {wanted} asked for" in verdict.effects


def test_a_block_that_is_not_there_is_added_first() -> None:
    machine = guest()
    verdict = ask(machine, Online(block=99))
    assert (verdict.result, typed(verdict)) == ("ENOENT", [["add 128M at 0x318000000 node 0", "online 99 online"]])


def test_memory_is_added_for_what_does_not_fit() -> None:
    machine = guest("1G")
    ways = typed(ask(machine, Allocate(size="2G")))
    assert ways == [["add 2.125G at 0x100000000 node 0", "online 32-48 online_movable", "allocate 2G movable node 0"]]
    verdict = ask(guest("1G"), Allocate(size="900G"))
    assert verdict.remedies == ()


def test_a_part_of_a_block_is_not_ejected() -> None:
    machine = guest()
    dimm(machine, "128M", at="4G")
    online(machine, 32)
    verdict = ask(machine, Eject(start="4G", size="64M"))
    assert verdict.blockers[0].kind == "misaligned"
    assert ["eject 128M at 0x100000000"] in typed(verdict)


def test_nonsense_is_bad_input_and_changes_nothing() -> None:
    machine = guest()
    before = pictured(state_of(machine))
    with pytest.raises(BadInput):
        why_not(machine, Add(start="here", size="1G"))
    assert pictured(state_of(machine)) == before


def test_asking_in_the_middle_of_an_operation_leaves_it_alone() -> None:
    def run(curious: bool) -> tuple[str, dict[str, dict[Any, Any]]]:
        machine = guest()
        dimm(machine, "256M")
        online(machine, 32, 33, kind="online_movable")
        occupy(machine, FIRST + 0x1000, 3, "movable")
        steps = machine.steps(Offline(block=32))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value.result, pictured(state_of(machine))
            if curious:
                assert why_not(machine, Offline(block=33)).ok

    assert run(curious=True) == run(curious=False)


# -- whatever is asked --------------------------------------------------------------------------------------------------


def _mixed(model: str) -> Machine:
    machine = two_nodes("512M", "512M", model=model)
    dimm(machine, "512M", at="4G", node=0)
    dimm(machine, "256M", at="8G", node=1, placement="boot")
    dimm(machine, "384M", at="12G", node=1, placement="range")
    online(machine, 32, 33, kind="online_movable")
    online(machine, 34, 64, 65, 96)
    do(
        machine,
        Allocate(size="64M", node=0),
        Allocate(size="8M", kind="unmovable", node=1),
        Allocate(size="16M", node=1),
    )
    occupy(machine, 34 * BLOCK + 0x2000, 4, "pinned")
    return machine


def _every_command() -> list[Command]:
    blocks = [0, 2, 17, 32, 33, 34, 35, 64, 65, 96, 97, 98, 99]
    ranges = [("4G", "512M"), ("4G", "128M"), ("8G", "256M"), ("12G", "384M"), ("12G", "128M"), ("12G", "64M")]
    commands: list[Command] = [Offline(block=block) for block in blocks]
    commands += [Online(block=block, type=kind) for block in (35, 97, 34) for kind in ("online", "online_movable")]
    for how in (Remove, Eject):
        commands += [how(start=start, size=size) for start, size in ranges]
    commands += [Add(start=start, size="256M", node=1) for start in ("4G", "12G", "16G")]
    return [*commands, Add(start="16G", size="72G"), Add(start="16G", size="120G", node=1, placement="boot")]


@pytest.mark.parametrize("model", ["rfc-v2", "rfc-v2-as-posted", "6.1", "6.12"])
def test_every_answer_is_true_and_every_remedy_works(model: str) -> None:
    machine = _mixed(model)
    results = {ask(machine, command).result for command in _every_command()}
    assert {"ok", "EBUSY", "EINVAL", "EEXIST", "ENOMEM"} <= results


def test_answer_reads_as_text() -> None:
    machine = two_nodes("2G", memmap_on_memory="N")
    dimm(machine, "128M", at="4G", node=0)
    online(machine, 32, kind="online_kernel")
    dimm(machine, "2G", at="8G", node=1)
    assert describe_verdict(why_not(machine, Offline(block=32))) == (
        "offline 32: no, EBUSY\n"
        "  failure to isolate range: page 0x100000 is memmap of memory64\n"
        "  that is pfn 0x100000 (address 0x100000000)\n"
        "\n"
        "In the way:\n"
        "  count       first pfn      address  what\n"
        "  8192 pages   0x100000  0x100000000  memmap of other memory, in ordinary kernel pages: that of memory64-79\n"
        "  26 pages     0x102000  0x102000000  slab pages of the kernel\n"
        "\n"
        "What would clear it:\n"
        "  1. take out first the memory whose memmap and kernel objects lie here\n"
        "       eject 2G at 0x200000000\n"
        "       offline 32\n"
        "  2. online memory32 with online_movable instead: ZONE_MOVABLE takes no kernel pages (given that it is offline, as "
        "when it was plugged)\n"
        "       online 32 online_movable\n"
        "       offline 32\n"
    )


def test_the_page_that_the_kernel_names_need_not_be_the_lowest() -> None:
    machine = guest()
    dimm(machine, "128M", at="4G")
    online(machine, 32, kind="online_kernel")
    first = machine.blocks[32].head + FIRST
    occupy(machine, first + 3 * 512, 1, "kernel")
    text = describe_verdict(why_not(machine, Offline(block=32)))
    assert f"page {first + 1536:#x} is a kernel page\n  that is pfn" in text
    assert "not the lowest" not in text
    occupy(machine, FIRST + BLOCK - 5, 1, "kernel")
    text = describe_verdict(why_not(machine, Offline(block=32)))
    assert f"page {FIRST + BLOCK - 5:#x} is a kernel page" in text
    assert f"  2 pages   {first + 1536:#x}  {(first + 1536) << 12:#x}  kernel pages" in text
    assert "not the lowest: isolation looks at the first pageblock, then at the last, then at the rest" in text


def test_blocks_that_are_alike_are_told_once() -> None:
    machine = guest()
    dimm(machine, "512M", at="4G")
    online(machine, 33, 34)
    found = [why_not(machine, Offline(block=number)) for number in range(32, 38)]
    assert describe_verdicts(found) == (
        "offline 32: no, EINVAL\n  memory32 is offline already\n\nNo command clears it.\n\n"
        "offline 33-34 (2 blocks): yes, this would succeed\n\n"
        "offline 35: no, EINVAL\n  memory35 is offline already\n\nNo command clears it.\n\n"
        "offline 36-37 (2 blocks): no, ENOENT\n"
        "  each of memory36-37 does not exist\n\nNo command clears it.\n\n"
        "2 yes, 4 no; each is judged by itself, as if it were the only one\n"
    )
    again = describe_verdicts([why_not(machine, Online(block=number)) for number in (33, 34)])
    assert again.startswith("online 33-34 online (2 blocks): no, EINVAL\n  each of memory33-34 is online already\n")
    assert "       offline 33-34\n       online 33-34 online\n" in again
    assert describe_verdicts(found[:1]) == describe_verdict(found[0])


def test_long_scripts_are_shortened_and_blocks_in_a_row_share_a_line() -> None:
    commands: list[Command] = [Online(block=n, type="online_movable") for n in (3, 4, 5, 9)]
    commands += [Offline(block=10), Offline(block=11)]
    assert list(lines(commands)) == ["online 3-5 online_movable", "online 9 online_movable", "offline 10-11"]
    machine = guest(model="6.1")
    for number in range(20):
        dimm(machine, at=(4 << 30) + (number << 27))
    text = describe_verdict(why_not(machine, Remove(start="4G", size="2560M")))
    assert "... 14 more such lines ..." in text


# -- cost ---------------------------------------------------------------------------------------------------------------


def calls_of(ask_once: Callable[[], Verdict]) -> int:
    """How many functions of Python a question calls, once what is worked out only once is."""
    ask_once()
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        ask_once()
    finally:
        sys.setprofile(None)
    return counted


def test_one_block_of_a_terabyte_costs_as_much_as_one_of_a_gigabyte() -> None:
    costs = []
    for size in ("1G", "1T"):
        machine = boot_machine([(0, 0, "4G")], nodes=2, auto_online="online_movable")
        assert machine.apply(Add(start="64G", size=size, node=1)).ok
        asked = partial(why_not, machine, Offline(block=514))
        costs.append(calls_of(asked))
    assert len(machine.blocks) > 8192
    assert 100 < costs[0] < 10_000
    assert costs[1] < 1.1 * costs[0]


def test_the_first_block_of_a_kernel_zone_is_warned_of() -> None:
    """Recordings: 41 of 42 such blocks were not to be had again, 82 of 85 others were."""
    machine = boot_machine([(0, 0, "1G")])
    machine.apply(Add(start="4G", size="256M"))
    first = "it is the first block of zone Normal"
    assert any(first in warning for warning in machine.why_not(Online(block=32, type="online_kernel")).warnings)
    assert not any(first in warning for warning in machine.why_not(Online(block=32, type="online_movable")).warnings)
    machine.apply(Online(block=32, type="online_kernel"))
    assert not any(first in warning for warning in machine.why_not(Online(block=33, type="online_kernel")).warnings)


@pytest.mark.parametrize("name", sorted({machine.name for machine in bundled_machines()} - {"terabyte-server"}))
def test_why_not_everything_at_once(name: str) -> None:
    """The largest question that a machine can be asked: may all memory of a range go? (A terabyte's takes seconds.)"""
    machine = open_machine(name)
    resource = max((one for one in machine.resources.values() if one.ram), key=lambda one: one.end - one.start)
    unit = machine.geometry.block_size
    start, end = -(-resource.start // unit) * unit, resource.end // unit * unit
    for command in (Eject(start=start, size=end - start), Remove(start=start, size=end - start)):
        verdict = machine.why_not(command)
        assert not verdict.ok or name != "firecracker-24g"
        assert describe_verdict(verdict)
    assert machine.check() == []
