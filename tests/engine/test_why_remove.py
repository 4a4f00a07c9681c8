"""Why memory is not removed or ejected, and what goes first."""

from __future__ import annotations

from altmap.engine import Eject, Offline, Remove, sentence

from .asking import BLOCK, ask, blockers, said, typed, words
from .guests import FIRST, dimm, guest, occupy, online, two_nodes


def test_removing_online_memory_offers_to_offline_it_first() -> None:
    machine = guest()
    dimm(machine, "1G")
    online(machine, 33, 34, 36, kind="online_movable")
    verdict = ask(machine, Remove(start="4G", size="1G"))
    assert verdict.result == "EBUSY"
    assert blockers(verdict) == {"online": (3, 33 * BLOCK)}
    assert sentence(verdict.blockers[0].detail) == "memory33-34, memory36"
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
    assert "memory33-95" in said(verdict.warnings)[0]


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
    assert "online memory32-35 with online_movable" in words(verdict.remedies[1])


def test_eject_that_works_says_what_goes() -> None:
    machine = two_nodes("2G")
    dimm(machine, "256M", node=1)
    verdict = ask(machine, Eject(start="4G", size="256M"))
    assert said(verdict.effects) == ("memory32-33 go away", "node 1 goes offline")


def test_a_part_of_a_block_is_not_ejected() -> None:
    machine = guest()
    dimm(machine, "128M", at="4G")
    online(machine, 32)
    verdict = ask(machine, Eject(start="4G", size="64M"))
    assert verdict.blockers[0].kind == "misaligned"
    assert ["eject 128M at 0x100000000"] in typed(verdict)
