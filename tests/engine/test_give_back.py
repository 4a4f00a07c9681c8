"""Give back N: which blocks go together, each judged on the machine as those before it leave it; and what holds the rest."""

from __future__ import annotations

import pytest
from altmap.engine import (
    Add,
    BadInput,
    Machine,
    Offline,
    Online,
    asked_by_size,
    boot_machine,
    describe_give_back,
    give_back,
    open_machine,
    parse_bytes,
    parse_script,
    plain,
)

GIB = 1 << 30


def power_partition() -> Machine:
    """An LPAR of 16 GiB in LMBs of 256 MiB, with movable pages strewn over them and kernel pages at the start."""
    machine = boot_machine([(0, 0, "16G")], arch="ppc64le-radix-64k", model="6.12", block_size="256M")
    script = "allocate 9G movable node 0 random seed 3\nallocate 64M unmovable node 0"
    for command in parse_script(script, "use"):
        machine.apply(command, check=True)
    return machine


def rehearsed(machine: Machine, size: str, node: int | None = None) -> None:
    """What it answers is what the commands do, one after the other, and the machine is as it was before."""
    before = machine.copy()
    plan = give_back(machine, parse_bytes(size), node)
    for command in plan.commands:
        outcome = before.apply(command)
        assert outcome.ok
        assert outcome.certainty == ("not known" if command.block in plan.unsure else "yes")
    assert before.check() == []
    assert plan.size == len(plan.blocks) * machine.geometry.block_size
    assert (plan.answer == "yes") == (plan.sure >= parse_bytes(size))


def test_blocks_that_each_could_go_do_not_all_go_together() -> None:
    machine = power_partition()
    alone = sum(machine.why_not(command).ok for command in give_back(machine, 16 * GIB).commands)
    plan = give_back(machine, 16 * GIB)
    assert plan.answer == "no"
    assert alone >= len(plan.blocks)
    assert 4 * GIB < plan.size < 8 * GIB  # what is free, and no more
    assert any(held.result == "EINTR" and held.kind == "movable" for held in plan.held)
    assert sum(len(held.blocks) for held in plan.held) + len(plan.blocks) == 64


@pytest.mark.parametrize("size", ["256M", "2560M", "3G", "16G"])
def test_the_answer_is_what_the_commands_do(size: str) -> None:
    rehearsed(power_partition(), size)


@pytest.mark.parametrize(
    "name", ["firecracker-24g", "numa-guest", "mixed-guest", "small-guest", "arm64-guest", "block2g-guest"]
)
def test_the_answer_holds_on_every_bundled_machine(name: str) -> None:
    for size in ("1G", "100G"):
        rehearsed(open_machine(name), size)


def test_a_size_that_is_no_multiple_of_blocks_takes_one_more() -> None:
    plan = give_back(power_partition(), parse_bytes("2500M"))
    assert (plan.answer, len(plan.blocks)) == ("yes", 10)


def test_movable_memory_goes_first_and_a_node_keeps_to_itself() -> None:
    machine = boot_machine([(0, 0, "1G"), (1, 8 * GIB, "1G")], auto_online="offline")
    machine.apply(Add(start=16 * GIB, size=GIB, node=1), check=True)
    for block in range(128, 136):
        machine.apply(Online(block=block, type="online_movable"), check=True)
    assert set(give_back(machine, GIB, 1).blocks) == set(range(128, 136))
    assert set(give_back(machine, GIB // 2, 0).blocks) <= set(range(8))


def test_what_holds_the_rest_is_named_with_its_first_page() -> None:
    machine = open_machine("firecracker-24g")
    text = plain(describe_give_back(give_back(machine, 24 * GIB)))
    assert text.startswith("offline 24G: no; 3.25G can go for sure, and at most 3.75G may, by the counters\n")
    assert "132 blocks  16.5G  EBUSY, reserved since boot, the first at 0x220000000 (memory68-199)" in text
    assert "25 blocks  3.125G  EBUSY, slab pages of the kernel" in text
    assert "4 blocks  512M  EBUSY, page tables" in text


def test_boot_memory_that_the_architecture_keeps_is_told_as_that() -> None:
    plan = give_back(boot_machine([(0, GIB, "1G")], arch="arm64-4k"), GIB)
    assert (plan.answer, plan.blocks, plan.most) == ("no", (), 0)
    assert {held.result for held in plan.held} == {
        "EPERM",
        "EBUSY",
    }  # EBUSY: the pages that the boot reserved come first
    assert plain(describe_give_back(plan)).startswith("offline 1G: no, not one block can go\n")


def test_asking_changes_nothing() -> None:
    machine = power_partition()
    before = machine.copy()
    give_back(machine, 4 * GIB)
    assert (machine.blocks, machine.zones, machine.sections) == (before.blocks, before.zones, before.sections)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("offline 40G", (40 * GIB, None)),
        ("offline 2560M node 1", (2560 << 20, 1)),
        ("offline 1.5GiB", (3 * GIB // 2, None)),
        ("40 GiB", (40 * GIB, None)),
        ("40G node 1", (40 * GIB, 1)),
        ("chmem -d 2560M", (2560 << 20, None)),
        ("chmem --disable 1G", (GIB, None)),
        ("offline 2Gi", (2 * GIB, None)),
        ("offline 2G on node 1", (2 * GIB, 1)),
        ("give back 2G node1", (2 * GIB, 1)),
        ("offline all", (None, None)),
        ("offline all of node 1", (None, 1)),
        ("offline node1", (None, 1)),
        ("40", None),
        ("offline 40", None),
        ("offline memory40", None),
        ("offline 40-43", None),
        ("online 40G", None),
        ("offline", None),
    ],
)
def test_a_size_is_told_from_blocks(line: str, asked: object) -> None:
    assert asked_by_size(line) == asked


@pytest.mark.parametrize("line", ["offline 40G nodes 1", "offline 40G 1", "offline 40G node x", "offline 40G node"])
def test_what_stands_behind_a_size_is_a_node(line: str) -> None:
    with pytest.raises(BadInput, match=r"write: offline SIZE \[node NODE\]"):
        asked_by_size(line)


def test_a_size_of_nothing_and_a_node_that_is_not_there_are_refused() -> None:
    machine = open_machine("small-guest")
    with pytest.raises(BadInput, match="above 0"):
        give_back(machine, 0)
    with pytest.raises(BadInput, match="there is no node 9"):
        give_back(machine, GIB, 9)


def test_blocks_that_hang_on_unseen_pages_are_marked_in_their_order() -> None:
    text = plain(describe_give_back(give_back(open_machine("firecracker-24g"), 4 * GIB)))
    assert "  offline 1-23\n  offline 37-38  # not known\n" in text
    assert "  offline 64-66\n" in text


def test_all_that_is_online_is_asked_for_as_its_size() -> None:
    machine = power_partition()
    assert give_back(machine, None) == give_back(machine, 16 * GIB)
    for block in list(machine.blocks):
        machine.apply(Offline(block=block))
    online = [block for block in machine.blocks.values() if block.state == "online"]
    assert give_back(machine, None).wanted == len(online) * machine.geometry.block_size
