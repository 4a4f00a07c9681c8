"""Why a block does not go offline: every page in the way is counted, and what clears it is said."""

from __future__ import annotations

from altmap.engine import Add, Eject, Offline, Online, Remove, plain, sentence
from altmap.engine.commands import Allocate, Free, HugePages, Pin
from altmap.engine.memory.state import state_of
from altmap.engine.questions.why.words import describe_verdict

from .asking import BLOCK, ask, blockers, said, typed, words
from .guests import FIRST, dimm, do, fill_zone, guest, occupy, online, two_nodes


def test_block_that_would_go_offline_says_where_its_pages_go() -> None:
    machine = two_nodes("2G")
    dimm(machine, node=1)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 0x1000, 100, "movable")
    verdict = ask(machine, Offline(block=32))
    assert verdict.ok
    assert said(verdict.effects) == ("100 pages move to zone DMA32 of node 0",)
    assert said(verdict.warnings) == ("node 1 has no memory left then",)
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
        assert part in sentence(freed.given)
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
    assert plain(describe_verdict(verdict)).endswith("No command clears it.\n")


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
    assert "memory64-79" in sentence(verdict.blockers[0].detail)
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
    assert "31 slab pages" in sentence(verdict.remedies[0].given)


def test_what_a_failed_add_left_behind_is_taken_away_too() -> None:
    machine = guest("256M", model="6.1", memmap_on_memory="N")
    dimm(machine, "128M", at="4G")
    online(machine, 32, kind="online_kernel")
    failed = machine.apply(Add(start="8G", size="64G"))
    assert failed.result == "ENOMEM"
    assert machine.sections[32].of("vmemmap")
    verdict = ask(machine, Offline(block=32))
    assert "ranges without a block" in sentence(verdict.blockers[0].detail)
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
    assert words(onlining) == "online memory128 of node 0 first, to make room"
    pages = int(words(freeing).split()[1].replace(",", ""))
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
    do(machine, Allocate(size="96M", node=1, zone="Movable"), Pin(size="1M", node=1, zone="Movable", short=True))
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
