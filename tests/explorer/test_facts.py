"""What the explorer reads off a machine, and the words for it."""

from __future__ import annotations

import pytest
from altmap import engine
from altmap.engine import about_bytes
from altmap.explorer import facts
from altmap.explorer.picture.links import links_of
from altmap.explorer.tui import outcomes, places, words
from altmap.explorer.tui.outlooks import block_outlook
from altmap.explorer.tui.session import Batch

from .machines import DIMM, guest, numa, with_dimm


def test_memmap_in_the_block_itself() -> None:
    machine = with_dimm()
    place = facts.memmap_of(machine, 33)
    start = machine.geometry.block_start(33)
    assert place == ("self", ((start, 512),), (33,))
    assert words.memmap_place(machine, 33) == "in the block itself, pages 0-511"


def test_memmap_at_the_head_of_the_request() -> None:
    machine = with_dimm("rfc-v2")
    assert facts.memmap_of(machine, 35).hosts == (32,)
    assert "in memory32, at the head of its own add request" in words.memmap_place(machine, 35)
    assert links_of(machine).guests == {32: tuple(DIMM)}


def test_memmap_in_kernel_memory() -> None:
    machine = with_dimm(placement="boot")
    place = facts.memmap_of(machine, 32)
    assert place.on == "kernel"
    assert sum(count for _, count in place.chunks) == 512
    assert max(place.hosts) < 8
    assert "in kernel memory, in memory" in words.memmap_place(machine, 32)
    assert words.memmap_place(machine, 0) == "in kernel memory, taken at boot or unseen by the capture"


def test_memmap_in_low_sections() -> None:
    assert "in memory32, a low section of the node" in words.memmap_place(numa(), 44)


def test_blocks_of_several_sections() -> None:
    machine = engine.open_machine("block2g-guest")
    block = max(machine.blocks)
    assert len(facts.sections_of(machine, block)) == machine.geometry.sections_per_block > 1


def test_the_suggested_address_is_free_aligned_and_above_all() -> None:
    assert engine.suggested_address(guest(), 1 << 30) == 4 << 30
    machine = with_dimm()
    assert engine.suggested_address(machine, 1 << 30) == 5 << 30
    big = engine.open_machine("terabyte-server")
    at = engine.suggested_address(big, 1 << 40)
    assert at % big.geometry.block_size == 0
    assert at >= (max(big.blocks) + 1) * big.geometry.block_size
    assert big.apply(engine.Add(start=at, size="1G")).ok


def test_a_device_is_what_was_added_together() -> None:
    machine = with_dimm()
    assert machine.apply(engine.Add(start="5G", size="256M")).ok
    assert facts.device_of(machine, 34) == tuple(DIMM)
    assert facts.device_of(machine, 40) == (40, 41)
    assert facts.device_of(machine, 0) == ()


def test_device_memory_has_a_place_but_no_block() -> None:
    machine = guest()
    assert machine.apply(engine.Add(start="4G", size="256M", caller="pmem")).ok
    assert facts.ghosts(machine) == {32: "device", 33: "device"}
    assert engine.suggested_address(machine, 1) == (4 << 30) + (256 << 20)


def test_what_a_failed_add_left_behind_is_told_from_a_device() -> None:
    machine = engine.open_machine("tiny-guest")
    outcome = machine.apply(engine.Add(start="4G", size="16G", placement="boot"))
    assert outcome.result == "ENOMEM"
    assert set(facts.ghosts(machine).values()) == {"left"}


def test_equal_decisions_are_told_once() -> None:
    machine = guest()
    outcome = machine.apply(engine.VirtioMem(size="1G", start="8G", unit="2M"))
    said = outcomes.outcome_words(outcome, machine)
    assert said.count("memmap: ") == 1
    assert "262,144 pages plugged" in said


def test_totals_are_the_sums_of_the_zones() -> None:
    machine = with_dimm(movable=8)
    total, free = facts.totals(machine)
    assert total == 4096 * sum(zone.managed for zone in machine.zones.values())
    assert free == 4096 * sum(zone.free for zone in machine.zones.values())


def test_runs_and_names_of_blocks() -> None:
    assert facts.runs([5, 3, 4, 9]) == [(3, 3), (9, 1)]
    assert words.block_names([3]) == "memory3"
    assert words.block_names([3, 4, 9]) == "memory3-4, memory9"
    assert words.block_names([1, 3, 5, 7, 9]) == "memory1, memory3, memory5 and 2 more blocks"
    assert words.block_names([]) == ""


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (4096, "4K"),
        (919868 << 10, "898M"),
        (15616 << 10, "15.2M"),
        (3 << 30, "3G"),
        (2.95 * (1 << 30), "2.95G"),
    ],
)
def test_sizes_at_a_glance(size: float, text: str) -> None:
    assert about_bytes(int(size)) == text


def test_zones_of_an_offline_block_say_the_default() -> None:
    machine = with_dimm(movable=1)
    assert words.zones_of(machine, 33) == "Normal by default, or Movable"
    assert words.zones_of(machine, 32) == "Movable"


def test_an_add_is_told_with_its_placement_and_what_it_took() -> None:
    machine = guest()
    outcome = machine.apply(engine.Add(start="4G", size="1G", placement="boot"))
    badge, text = outcomes.batch_words(Batch("add", (outcome,)), machine)
    taken = outcome.taken[0]
    assert badge == "ok"
    assert text.startswith("add 1G at 0x100000000 node 0 placement boot; memmap in kernel memory, as asked; took ")
    assert f"{taken:,} pages" in text
    assert taken >= 8 * 512


def test_no_path_of_the_source_is_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = guest()
    engine.rename(machine, str(tmp_path_factory.getbasetemp() / "server.tar"), "")
    assert words.machine_name(machine) == "server.tar"
    engine.rename(machine, "/", "")
    assert words.machine_name(machine) == "this machine"


def test_a_zone_without_memory_is_no_place_and_those_that_have_some_are_named() -> None:
    with pytest.raises(places.NotThere, match="no memory is in a zone Movable; zones with memory are DMA, DMA32"):
        places.goals(guest(), "movable")


def test_what_a_block_that_is_not_known_hangs_on_is_said_beside_it() -> None:
    machine = engine.open_machine("numa-guest")
    assert block_outlook(machine, machine.outlook(2)).sentence == "no one saw 32,768 of its pages"
