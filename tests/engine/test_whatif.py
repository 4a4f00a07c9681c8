"""What if: the numbers come out of comparing, and the machine stays what it is."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Add, BadInput, Machine, boot_machine, sentence
from altmap.engine.commands import Allocate
from altmap.engine.kernels.notifier_chain import Notifier
from altmap.engine.memory.state import State, clone, state_of
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.protocol.reasons.taking import Vetoed
from altmap.engine.questions.compare import Alternative, Comparison, MemmapShare, MemoryTotals, compare
from altmap.explorer.comparison_table import comparison_text

from .guests import dimm, do, guest, online, read_back, two_nodes

GIB = 1 << 30
PAGE = 4096


def pictured(state: State) -> dict[str, dict[Any, Any]]:
    """Every table, by name."""
    return {table.name: dict(table) for table in state.tables}


def asked(machine: Machine, request: Add, **how: Any) -> Comparison:
    """Compare, and see that the machine is what it was and that the answer can be written down."""
    before, kept = pictured(state_of(machine)), (state_of(machine).geometry, state_of(machine).model)
    comparison = compare(machine, request, **how)
    assert pictured(state_of(machine)) == before
    assert (state_of(machine).geometry, state_of(machine).model) == kept
    assert state_of(machine).journal.changes == []
    assert read_back(comparison) == comparison
    assert comparison_text(comparison).isascii()
    return comparison


def row(comparison: Comparison, **wanted: Any) -> Alternative:
    """The one row with these fields."""
    (found,) = [r for r in comparison.alternatives if all(getattr(r, name) == value for name, value in wanted.items())]
    return found


# -- numbers that are known ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "small", "large", "huge", "pool", "boot"),
    [(2, 0, 0, 1, 1, 2), (4, 0, 0, 2, 3, 4), (8, 0, 0, 4, 7, 8), (10, 0, 0, 5, 9, 10), (16, 0, 0, 8, 15, 16)],
)
def test_gigantic_pages_by_block_size_and_placement(
    size: int, small: int, large: int, huge: int, pool: int, boot: int
) -> None:
    machine = two_nodes("4G")
    request = Add(start="8G", size=size * GIB, node=1)
    upstream = asked(
        machine, request, placements=("block", "boot"), block_sizes=("128M", "1G", "2G"), online="online_kernel"
    )
    rfc = asked(machine, request, placements=("range", "boot"), models=("rfc-v2",), online="online_kernel")

    def gigantic(found: Alternative) -> int:
        return found.online.huge[GIB]

    assert gigantic(row(upstream, block_size=128 << 20, placement="block")) == small
    assert gigantic(row(upstream, block_size=GIB, placement="block")) == large
    assert gigantic(row(upstream, block_size=2 * GIB, placement="block")) == huge
    assert gigantic(row(rfc, placement="range")) == pool
    assert {gigantic(r) for r in (*upstream.alternatives, *rfc.alternatives) if r.placement == "boot"} == {boot}


def test_movable_memory_has_no_gigantic_pages_but_small_huge_ones() -> None:
    found = asked(two_nodes("4G"), Add(start="8G", size="2G", node=1), placements=("boot",))
    assert found.alternatives[0].online.huge == {2 << 20: 1024, GIB: 0}
    assert found.before.huge == {2 << 20: 0, GIB: 0}


def test_one_block_in_numbers() -> None:
    """128 MiB with its own memmap: MemTotal grows by 129024 kB; in boot memory by 131072 kB, less 2048 kB at once."""
    request = Add(start="8G", size="128M", node=1)
    found = asked(two_nodes("4G"), request, placements=("block", "boot"), online="online_kernel")
    own, boot = found.alternatives
    assert (own.online.total - found.before.total) * 4 == 129024
    assert own.added.total == boot.added.total == found.before.total
    assert (boot.online.total - found.before.total) * 4 == 131072
    assert own.added.free - boot.added.free == 512
    assert (own.memmap, boot.memmap) == ((MemmapShare("self", 1, 512),), (MemmapShare("kernel", 0, 512),))
    assert own.largest_run * PAGE == 126 << 20
    assert boot.largest_run * PAGE == 128 << 20
    assert (own.online.huge[2 << 20], boot.online.huge[2 << 20]) == (63, 64)
    assert (own.waste, boot.waste, own.off_node, boot.off_node) == (0, 0, 0, 512)


def test_forced_padding_is_waste() -> None:
    """ppc64 with 64K pages, 256 MiB blocks: 4 pages of memmap, 32 taken."""
    machine = boot_machine([(0, 0, "4G")], arch="ppc64le-radix-64k", memmap_on_memory="force")
    found = asked(machine, Add(start="4G", size="1G"), placements=("block",)).alternatives[0]
    assert (found.blocks, found.memmap_pages, found.waste) == (4, 128, 112)


def test_a_device_goes_movable_as_far_as_the_ratio_allows() -> None:
    """8 GiB at boot, ratio 301: 24 GiB go movable, 25 GiB do not."""
    machine = guest("8G")
    for size, movable in ((24, 24), (25, 0)):
        plan = asked(machine, Add(start="32G", size=size * GIB)).plan
        assert plan.result == "ok"
        assert plan.movable_pages * PAGE == movable * GIB
        assert plan.kernel_pages * PAGE == (size - movable) * GIB
        assert plan.largest_pages * PAGE == 24 * GIB
        assert (plan.ratio, plan.numa_aware) == (301, True)
    assert "are above" in sentence(plan.reason)
    machine.write("/sys/module/memory_hotplug/parameters/auto_movable_ratio", "200")
    assert asked(machine, Add(start="32G", size="1G")).plan.largest_pages * PAGE == 16 * GIB


def test_no_plan_where_there_is_no_such_policy() -> None:
    plan = asked(guest("4G", model="rfc-v2"), Add(start="8G", size="1G"), placements=()).plan
    assert (plan.result, plan.movable_pages) == ("EINVAL", 0)
    refused = asked(guest("4G"), Add(start="2G", size="1G"), placements=()).plan
    assert refused.result == "EEXIST"


# -- other models and block sizes ---------------------------------------------------------------------------------------


def test_other_nodes_memory_for_the_memmap_is_counted() -> None:
    found = asked(
        two_nodes("4G"), Add(start="8G", size="2G", node=1), placements=("boot", "range", "block", "sections")
    )
    boot = row(found, placement="boot")
    assert boot.off_node == boot.memmap_pages == 8192
    assert boot.memmap == (MemmapShare("kernel", 0, 8192),)
    assert boot.taken[0] == 8192 + boot.tables + boot.objects
    for other in ("range", "block", "sections"):
        inside = row(found, placement=other)
        assert (inside.off_node, inside.memmap_pages) == (0, 8192)
        assert inside.taken == {0: inside.tables + inside.objects}


def test_block_size_that_does_not_fit_is_the_kernels_refusal() -> None:
    found = asked(two_nodes("4G"), Add(start="8G", size="10G", node=1), placements=("block",), block_sizes=("2G", "4G"))
    fits, refused = found.alternatives
    assert (fits.result, fits.blocks, fits.removable) == ("ok", 5, ((4, 8),))
    assert refused.result == "EINVAL"
    assert "0x100000000" in sentence(refused.reason)
    assert refused.online == MemoryTotals()


def test_missing_memory_is_a_number() -> None:
    machine = guest("256M")
    found = asked(machine, Add(start="4G", size="16G"), placements=("boot", "block"))
    boot, own = found.alternatives
    assert boot.result == "ENOMEM"
    assert 0 < boot.missing < 65536
    assert (own.result, own.missing, own.blocks) == ("ok", 0, 128)


def test_each_model_does_what_it_does_by_itself() -> None:
    machine = guest("4G", memmap_on_memory="force")
    found = asked(machine, Add(start="8G", size="1G"), placements=(None,), models=("rfc-v2", "6.1", "6.12"))
    assert [r.memmap[0].on for r in found.alternatives] == ["self", "kernel", "self"]
    assert [r.removable for r in found.alternatives] == [((65, 71),), ((64, 71),), ((64, 71),)]
    demanded = asked(machine, Add(start="8G", size="1G"), placements=("block",), models=("6.1",)).alternatives[0]
    assert demanded.result == "EINVAL"


def test_what_can_be_removed_again() -> None:
    machine = two_nodes("4G")
    request = Add(start="8G", size="10G", node=1)
    found = asked(machine, request, placements=("range", "block"), models=("rfc-v2", "6.12"))
    pool = row(found, model="rfc-v2", placement="range")
    assert pool.removable == ((66, 143),)
    (stuck,) = pool.stuck
    assert (stuck.first, stuck.last, stuck.result) == (64, 65, "EBUSY")
    assert "holds the memmap of" in sentence(stuck.reason)
    own = row(found, model="6.12", placement="block")
    assert (own.removable, own.stuck, own.assured) == (((64, 143),), (), True)
    kernel = asked(machine, request, placements=("block",), online="online_kernel").alternatives[0]
    assert (kernel.removable, kernel.assured, kernel.zones) == (((64, 143),), False, {"Normal": 80})


def test_existing_heads_are_not_taken_for_free_memory() -> None:
    """Another block size drops the existing blocks, but neither their memmap nor their online pages."""
    machine = guest("4G")
    dimm(machine, "256M", at="4G")
    online(machine, 33, kind="online_kernel")
    kept = asked(machine, Add(start="8G", size="2G"), placements=("sections",)).alternatives[0]
    other = asked(machine, Add(start="8G", size="2G"), placements=("sections",), block_sizes=("1G",)).alternatives[0]
    assert kept.memmap == other.memmap == (MemmapShare("section", 0, 8192),)
    assert other.added.free == kept.added.free + (kept.objects - other.objects)
    assert (kept.blocks, other.blocks) == (16, 2)
    conflict = asked(machine, Add(start="4G", size="1G"), placements=("block",), block_sizes=("1G",)).alternatives[0]
    assert conflict.result == "EEXIST"


def test_blocks_that_go_online_by_themselves_wait_for_the_comparison() -> None:
    machine = guest("4G", auto_online="online")
    found = asked(machine, Add(start="8G", size="256M"), placements=("block",)).alternatives[0]
    assert found.added.total < found.online.total
    assert found.zones == {"Movable": 2}


def test_onlining_that_is_refused_is_the_result() -> None:
    machine = guest("4G")
    state = state_of(machine)
    state.chain = state.chain.with_subscriber(Notifier("driver", 0, Frozen({"MEM_GOING_ONLINE": "EPERM"})))
    compared = asked(machine, Add(start="8G", size="256M"), placements=("block",))
    found = compared.alternatives[0]
    assert found.result == "EPERM"
    assert found.reason == Vetoed("driver", "MEM_GOING_ONLINE")
    assert found.blocks == 2, "the add was done, onlining was refused"
    assert "EPERM, onlining: driver vetoed MEM_GOING_ONLINE" in comparison_text(compared)


def test_used_memory_counts() -> None:
    machine = two_nodes("4G")
    do(machine, Allocate(size="1G"))
    found = asked(machine, Add(start="8G", size="1G", node=1), placements=("block",))
    assert found.before.free == sum(zone.free for zone in machine.zones.values())
    assert found.alternatives[0].online.free - found.alternatives[0].added.free == 8 * 32256


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"models": ("4.4",)}, "rfc-v2"),
        ({"block_sizes": ("96M",)}, "power of two"),
        ({"block_sizes": ("64M",)}, "at least a section"),
        ({"block_sizes": ("big",)}, "not a size"),
    ],
)
def test_what_cannot_be_is_bad_input(how: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInput, match=word):
        compare(guest("1G"), Add(start="8G", size="1G"), **how)


# -- as text, and copies ------------------------------------------------------------------------------------------------


def test_table_names_every_number_and_fits() -> None:
    found = asked(
        two_nodes("4G"), Add(start="8G", size="4G", node=1), block_sizes=("128M", "2G", "8G"), online="online_kernel"
    )
    text = comparison_text(found, 80)
    table = [line for line in text.splitlines() if line.startswith(("model", "fits", "1G pages", "longest", "blocks"))]
    assert len(table) % 5 == 0
    assert all(len(line) <= 80 for line in table)
    assert text.splitlines()[0] == "add 4G at 0x200000000 node 1, then online_kernel"
    assert "8G boot, 6.12 8G range, 6.12 8G block, 6.12 8G sections: EINVAL, Block size" in text
    assert "In a kernel zone a block can be removed only until" in text
    assert "online_policy=auto-movable, ratio 301 %: 0 would go movable (0 blocks), 4G to a kernel zone" in text
    cells = {
        line.split("  ")[0]: line.split()[-1] for line in comparison_text(found, 1000).splitlines() if "  " in line
    }
    assert cells["longest free run"] == "-"
    assert "yes" in next(line for line in text.splitlines() if line.startswith("fits"))


def test_table_says_what_a_real_machine_needs_and_where_no_kernel_does_it() -> None:
    found = asked(guest("4G", memmap_on_memory="N"), Add(start="8G", size="1G"))
    assert [sentence(r.needs) for r in found.alternatives] == [
        "as it is",
        "in no released kernel (RFC v2)",
        "memmap_on_memory=Y at boot",
        "in no released kernel (RFC option b)",
    ]
    assert [r.placement for r in found.alternatives if r.chosen] == ["boot"]
    lines = {line.split("  ")[0]: line for line in comparison_text(found).splitlines()}
    assert lines["needs"].endswith("as it is   RFC v2 only    =Y at boot  RFC option b")
    assert "boot *" in lines["placement"]
    assert f"  {found.alternatives[0].online.huge[2 << 20]:,} " in lines["2M pages on node"]
    assert "," in lines["2M pages on node"]
    assert "RFC v2 only: in no released kernel (RFC v2)" in lines
    assert comparison_text(found, 80).count("placement ") == 1


def test_where_nothing_fits_the_reasons_are_all_there_is() -> None:
    text = comparison_text(asked(guest("4G"), Add(start="8G", size="200M")))
    short = comparison_text(asked(guest("1G", memmap_on_memory="N"), Add(start="8G", size="64G")))
    assert (short.count("ENOMEM, "), "auto-movable: ENOMEM, as above" in short) == (2, True)
    assert "None of these fits." in text
    assert "MemTotal online" not in text
    assert text.count("in whole blocks of 128M it would be 128M or 256M") == 1
    assert "are missing" in comparison_text(asked(guest("256M"), Add(start="8G", size="64G"), placements=("boot",)))


def test_all_alternatives_go_through_the_hands_of_who_waits() -> None:
    seen: list[int] = []

    def watched(ways: Any) -> Any:
        for way in ways:
            seen.append(len(ways))
            yield way

    found = asked(guest("1G"), Add(start="8G", size="1G"), models=("6.1", "6.12"), watched=watched)
    assert seen == [8] * 8 == [len(found.alternatives)] * 8


def test_clone_shares_values_and_nothing_else() -> None:
    machine = guest("1G")
    state = state_of(machine)
    copy = clone(state)
    assert pictured(copy) == pictured(state)
    assert all(copy.sections[nr] is section for nr, section in state.sections.items())
    copy.blocks.drop(3)
    copy.parameters.change(auto_online_blocks="online")
    assert 3 in state.blocks
    assert state.settings.auto_online_blocks == "offline"
    assert state.journal.changes == []
    assert len(copy.journal.changes) == 2
