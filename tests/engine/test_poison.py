"""hard_offline_page and soft_offline_page, and what a poisoned page does to its block (the traces hwpoison)."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import (
    Allocate,
    Free,
    HotplugError,
    HugePages,
    Machine,
    Offline,
    Online,
    Outcome,
    Pin,
    Poison,
    VirtioMem,
    Write,
    sentence,
)
from altmap.engine.memory.section import put
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import MigrationFailed, PagePoisoned, PagesMigrated
from altmap.engine.protocol.reasons.notes import StaysInFreeArea
from altmap.engine.protocol.reasons.pages import StillPlugged
from altmap.engine.protocol.vocabulary import FREE, HUGE, MEMMAP, MOVABLE, PINNED, POISONED
from altmap.engine.snapshot import store

from .guests import FIRST, dimm, do, eject, guest, numbers, occupy, offline, online, refuse, told, two_nodes

MEMORY = "/sys/devices/system/memory"
HARD, SOFT = f"{MEMORY}/hard_offline_page", f"{MEMORY}/soft_offline_page"
MODELS = ("rfc-v2", "6.1", "6.12")


def two_blocks(model: str) -> Machine:
    """Two devices with their own memmap, online movable, as in the trace."""
    machine = guest("1G", model=model)
    for at in ("4G", "4224M"):
        dimm(machine, at=at)
    online(machine, 32, 33, kind="online_movable")
    return machine


def write(machine: Machine, path: str, data: str) -> Outcome:
    outcome = machine.apply(Write(path=path, data=data))
    assert machine.check() == []
    return outcome


@pytest.mark.parametrize(
    ("model", "again", "name"), [("6.1", "ok", "unknown page"), ("6.12", "EHWPOISON", "get hwpoison page")]
)
def test_the_trace(model: str, again: str, name: str) -> None:
    machine = two_blocks(model)
    total = numbers(machine, "Movable")
    assert write(machine, HARD, "0x102000000").ok
    assert write(machine, SOFT, "0x103000000").ok
    assert machine.sections[32].of(POISONED) == 1 << 0x2000 | 1 << 0x3000
    assert numbers(machine, "Movable") == (total[0] - 2, *total[1:]), "managed keeps them"
    offline(machine, 32)
    assert machine.apply(Online(block=32, type="online_movable")).result == again
    assert machine.check() == []

    outcome = write(machine, HARD, "0x108001000")
    assert (outcome.result, outcome.pfn) == ("EBUSY", 0x108001)
    assert outcome.log == (
        "Memory failure: 0x108001: unhandlable page.",
        f"Memory failure: 0x108001: recovery action for {name}: Ignored",
    )
    assert machine.sections[33].count(MEMMAP) == 512
    assert not machine.sections[33].of(POISONED)
    offline(machine, 33)
    outcome = machine.apply(Online(block=33, type="online_movable"))
    assert outcome.result == again, "though poisoning was refused"
    if again != "ok":
        assert machine.blocks[33].state == "offline"
        assert "hardware error" in sentence(outcome.reason)
    eject(machine, at="4224M")
    eject(machine)
    dimm(machine)
    assert online(machine, 32, kind="online_movable").ok, "another device, without the error"
    assert numbers(machine, "Movable")[0] == 32256


@pytest.mark.parametrize("model", MODELS)
def test_onlined_again_the_pages_are_sound_where_nobody_remembers(model: str) -> None:
    machine = two_blocks(model)
    write(machine, HARD, "0x102000000")
    offline(machine, 32)
    outcome = machine.apply(Online(block=32, type="online_movable"))
    assert outcome.ok is (model != "6.12")
    assert not machine.sections[32].of(POISONED)


@pytest.mark.parametrize("model", MODELS)
def test_a_second_error_in_a_page(model: str) -> None:
    machine = two_blocks(model)
    write(machine, HARD, "0x102000000")
    before = dict(machine.sections), dict(machine.zones)
    outcome = write(machine, HARD, "0x102000fff")  # anywhere in the page
    assert (outcome.result, outcome.pfn) == ("EHWPOISON", 0x102000)
    assert write(machine, SOFT, "0x102000000").ok, "there is nothing left to do"
    assert (dict(machine.sections), dict(machine.zones)) == before
    assert write(machine, HARD, "0x102001000").ok, "the next page"


def test_a_suspected_page_is_moved_and_its_place_given_up() -> None:
    machine = two_blocks("6.12")
    occupy(machine, FIRST + 1000, 10, MOVABLE)
    outcome = do(machine, Poison(address=(FIRST + 1003) << 12, soft=True))
    assert [(event.pages, event.from_pfn) for event in told(outcome, PagesMigrated)] == [(1, FIRST + 1003)]
    assert told(outcome, PagePoisoned) == [PagePoisoned(FIRST + 1003, "movable")]
    assert machine.sections[32].of(POISONED) == 1 << 1003
    assert sum(section.count(MOVABLE) for nr, section in machine.sections.items() if nr >= 32) == 10
    assert numbers(machine, "Movable")[0] == 64512 - 11
    assert write(machine, SOFT, hex((FIRST + 1003) << 12)).ok
    assert refuse(machine, Poison(address=(FIRST + 1003) << 12)).result == "EHWPOISON"


def test_an_error_takes_a_page_from_whoever_has_it() -> None:
    machine = two_blocks("6.12")
    occupy(machine, FIRST + 1000, 10, MOVABLE)
    outcome = do(machine, Poison(address=(FIRST + 1003) << 12))
    assert not told(outcome, PagesMigrated)
    assert outcome.log == (), "its words hang on who uses the page"
    assert machine.sections[32].count(MOVABLE) == 9
    assert numbers(machine, "Movable")[0] == 64512 - 10


@pytest.mark.parametrize("kind", ["slab", "kernel", "pagetable", "reserved", "vmemmap"])
def test_a_page_of_the_kernel_stays_in_use(kind: str) -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 1000, 1, kind)
    before = machine.sections[32].pages
    address = (FIRST + 1000) << 12
    assert refuse(machine, Poison(address=address, soft=True)).result == "EIO"
    assert not machine.sections[32].hwpoison
    assert refuse(machine, Poison(address=address)).result == "EBUSY"
    assert refuse(machine, Poison(address=address)).result == "EHWPOISON", "the flag stays"
    assert do(machine, Poison(address=address, soft=True)).events == ()
    assert machine.sections[32].pages == before


@pytest.mark.parametrize("zone", ["online_kernel", "online_movable"])
@pytest.mark.parametrize(("kind", "result"), [("kernel", "ok"), ("pagetable", "ok"), ("reserved", "EBUSY")])
def test_a_refused_page_keeps_no_block_from_going_offline_unless_it_is_reserved(
    zone: str, kind: str, result: str
) -> None:
    """has_unmovable_pages, __test_page_isolated_in_pageblock and __offline_isolated_pages pass over PG_hwpoison."""
    machine = guest("1G", model="6.1")
    dimm(machine)
    online(machine, 32, kind=zone)
    occupy(machine, FIRST + 1000, 1, kind)
    assert not machine.apply(Offline(block=32)).ok
    refuse(machine, Poison(address=(FIRST + 1000) << 12))
    assert machine.apply(Offline(block=32)).result == result
    assert machine.check() == []
    if result == "ok":
        online(machine, 32, kind=zone)
        assert not machine.sections[32].hwpoison


def test_only_offlining_passes_over_a_refused_page() -> None:
    machine = guest("1G", auto_online="online_kernel")
    do(machine, VirtioMem(start="4G", size="128M"))
    occupy(machine, FIRST + 1000, 1, "kernel")
    refuse(machine, Poison(address=(FIRST + 1000) << 12))
    assert refuse(machine, VirtioMem(start="4G", size=0)).reason == StillPlugged(2 << 20)


def test_a_refused_page_is_poisoned_when_the_kernel_frees_it() -> None:
    machine = two_blocks("6.1")
    occupy(machine, FIRST + 1000, 2, "kernel")
    refuse(machine, Poison(address=(FIRST + 1000) << 12))
    free = numbers(machine, "Movable")[0]
    do(machine, Free(size="8K", kind="unmovable", zone="Movable"))
    section = machine.sections[32]
    assert (section.of(POISONED), section.hwpoison) == (1 << 1000, 0)
    assert numbers(machine, "Movable")[0] == free + 1


def test_what_is_refused_is_saved() -> None:
    machine = two_blocks("6.1")
    refuse(machine, Poison(address=(FIRST + 1) << 12))
    saved = store.encode(state_of(machine), machine.origin, "m.json")
    state, _ = store.decode(saved, "m.json")
    assert state.sections[32].hwpoison == 1 << 1


def test_without_room_a_suspected_page_stays() -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 512, 32256, MOVABLE)
    for name in ("DMA", "DMA32"):
        occupy_all(machine, name)
    before = dict(machine.sections)
    outcome = refuse(machine, Poison(address=(FIRST + 1000) << 12, soft=True))
    assert outcome.result == "ENOMEM"
    assert "no room" in sentence(outcome.reason)
    assert dict(machine.sections) == before


def test_a_pinned_page_is_lost_to_an_error_and_not_moved_on_suspicion() -> None:
    machine = two_blocks("6.12")
    occupy(machine, FIRST + 1000, 1, PINNED)
    outcome = refuse(machine, Poison(address=(FIRST + 1000) << 12, soft=True))
    assert outcome.result == "EBUSY"
    assert not machine.blocks[32].hwpoison
    do(machine, Poison(address=(FIRST + 1000) << 12))


def test_a_suspected_page_stays_on_its_node() -> None:
    machine = two_nodes("2G", "2G")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 1000, 1, MOVABLE)
    do(machine, Poison(address=(FIRST + 1000) << 12, soft=True))
    assert sum(section.count(MOVABLE) for nr, section in machine.sections.items() if nr == 32) == 1


def occupy_all(machine: Machine, name: str) -> None:
    """Every free page of a zone is in use, whatever the watermarks say."""
    for section, owned in list(state_of(machine).zone_sections((0, name))):
        state_of(machine).set_kind(section, section.of(FREE) & owned, "kernel")
    state_of(machine).journal.take()


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize(
    ("address", "why"),
    [(0x200000000, "no section"), (0x110000000, "offline block"), (1 << 52, "beyond all memory")],
)
def test_where_there_is_no_online_page(soft: bool, address: int, why: str) -> None:
    machine = two_blocks("6.12")
    dimm(machine, at="4352M")  # block 34, offline
    expected = "EIO" if soft and why == "offline block" else "ENXIO"
    assert refuse(machine, Poison(address=address, soft=soft)).result == expected, why


@pytest.mark.parametrize("path", [HARD, SOFT])
def test_wrong_writes(path: str) -> None:
    machine = two_blocks("6.12")
    for data in ("here", "-1", "0x", "0x1g", "18446744073709551616"):
        assert write(machine, path, data).result == "EINVAL", data
    assert write(machine, path, "").ok
    with pytest.raises(HotplugError) as error:
        machine.read(path)
    assert error.value.errno == "EACCES"
    assert write(machine, path, f"{(FIRST + 7000) << 12}\n").ok, "decimal, and with its line end"
    assert machine.sections[32].of(POISONED) == 1 << 7000
    assert write(machine, path, oct((FIRST + 7001) << 12).replace("o", "")).ok, "octal"
    assert machine.sections[32].of(POISONED) == 0b11 << 7000


def test_an_error_in_a_free_huge_page_dissolves_it() -> None:
    for soft in (False, True):
        machine = two_blocks("6.12")
        do(machine, HugePages(count=3))
        first = min(state_of(machine).hugepages)
        free = numbers(machine, "Movable")[0]
        do(machine, Poison(address=(first + 5) << 12, soft=soft))
        assert len(state_of(machine).hugepages) == 2
        section = machine.sections[first // 32768]
        assert section.of(POISONED) == 1 << (first + 5) % 32768
        assert sum(section.count(HUGE) for section in machine.sections.values()) == 1024
        assert numbers(machine, "Movable")[0] == free + 511


def test_a_suspected_huge_page_in_use_moves_whole_and_leaves_the_pool() -> None:
    machine = two_blocks("6.12")
    do(machine, HugePages(count=3), Allocate(size="2M", kind="huge"))
    (used,) = [pfn for pfn, page in state_of(machine).hugepages.items() if page.used]
    outcome = do(machine, Poison(address=(used + 5) << 12, soft=True))
    assert [(event.pages, event.from_pfn) for event in told(outcome, PagesMigrated)] == [(512, used)]
    assert sorted(page.used for page in state_of(machine).hugepages.values()) == [False, True]
    section = machine.sections[used // 32768]
    assert section.of(POISONED) == 1 << (used + 5) % 32768


def test_without_a_free_huge_page_a_fresh_one_takes_its_place() -> None:
    machine = two_blocks("6.12")
    do(machine, HugePages(count=1), Allocate(size="2M", kind="huge"))
    (used,) = state_of(machine).hugepages
    do(machine, Poison(address=used << 12, soft=True))
    ((target, page),) = state_of(machine).hugepages.items()
    assert target != used
    assert page.used


def test_an_error_in_a_huge_page_in_use_frees_the_rest_of_it() -> None:
    machine = two_blocks("6.12")
    do(machine, HugePages(count=2), Allocate(size="2M", kind="huge"), HugePages(count=0))
    assert sum(state_of(machine).surplus.values()) == 1
    (used,) = state_of(machine).hugepages
    free = numbers(machine, "Movable")[0]
    do(machine, Poison(address=used << 12))
    assert not state_of(machine).hugepages
    assert sum(state_of(machine).surplus.values()) == 0
    assert numbers(machine, "Movable")[0] == free + 511


def test_poison_in_the_way_of_a_gigantic_page() -> None:
    """A range with a poisoned page cannot become a huge page, and offlining steps over it."""
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine, "1G")
    online(machine, *range(32, 40), kind="online_kernel")
    do(machine, Poison(address="4500M"), HugePages(count=1, size="1G"))
    assert not state_of(machine).hugepages
    assert told(offline(machine, 35), MigrationFailed) == []


def test_pinned_pages_in_the_same_block_are_what_stops_it_not_the_poison() -> None:
    machine = two_blocks("6.1")
    do(
        machine,
        Poison(address=(FIRST + 600) << 12),
        Allocate(size="1M", zone="Movable"),
        Pin(size="4K", zone="Movable", short=True),
    )
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EINTR"
    assert outcome.pfn != FIRST + 600


def test_a_hole_in_a_section_has_struct_pages() -> None:
    """Recordings soft_offline of both kernels, pfn 0 and the hole below 1 MiB: reserved, so in use by the kernel."""
    machine = guest("1G")
    section = machine.sections[0]
    state_of(machine).sections.put(0, msgspec.structs.replace(section, pages=put(section.pages, 1, "absent")))
    state_of(machine).journal.take()
    assert machine.apply(Poison(address=0, soft=True)).result == "EIO"
    assert machine.apply(Poison(address=0)).result == "EBUSY"


@pytest.mark.parametrize(
    ("model", "soft", "said"),
    [
        ("5.9", True, True),
        ("5.10", True, False),
        ("5.10", False, True),
        ("5.11", False, False),
        ("rfc-v2", True, True),
    ],
)
def test_kernels_that_leave_a_poisoned_page_in_its_free_area_are_told_apart(model: str, soft: bool, said: bool) -> None:
    machine = two_blocks(model)
    pfn = state_of(machine).block_range(33)[0] + 5000
    outcome = do(machine, Poison(address=pfn << 12, soft=soft))
    assert [note.pfn for note in outcome.notes if isinstance(note, StaysInFreeArea)] == [pfn] * said
    assert not refuse(machine, Poison(address=1 << 12)).notes, "it is no free page"
