"""Why memory is not added or put online, where its memmap would go, and what of it could be got back."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, Online, boot_machine, new_machine, open_machine, sentence
from altmap.engine.commands import Allocate
from altmap.engine.protocol.vocabulary import Caller

from tests.snapshot.trees import tree

from .asking import ask, blockers, said, typed, words
from .guests import FIRST, dimm, do, guest, online, two_nodes

# -- online -------------------------------------------------------------------------------------------------------------


def test_onlining_into_a_kernel_zone_is_warned_of() -> None:
    machine = guest()
    dimm(machine)
    verdict = ask(machine, Online(block=32))
    assert verdict.ok
    assert "memory32 goes to zone Normal of node 0" in said(verdict.effects)[0]
    assert "32,256 pages (126M) become usable" in said(verdict.effects)
    assert "keeps a block from going offline" in said(verdict.warnings)[0]
    assert verdict.remedies[0].commands == (Online(block=32, type="online_movable"),)


def test_onlining_as_movable_can_be_taken_back() -> None:
    machine = guest()
    dimm(machine)
    verdict = ask(machine, Online(block=32, type="online_movable"))
    assert said(verdict.effects)[-1].startswith("it can be got back")
    assert not said(verdict.warnings)
    assert not verdict.remedies


def test_too_much_movable_memory_is_warned_of() -> None:
    machine = guest("1G")
    dimm(machine, "4G")
    online(machine, *range(32, 56), kind="online_movable")
    verdict = ask(machine, Online(block=57, type="online_movable"))
    assert any("over 301 %" in warning for warning in said(verdict.warnings))


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
    assert "4,096 pages (16M) of memmap lie in kernel memory of node 0" in said(verdict.effects)
    assert verdict.taken[0] > 4096
    assert any("off node" in warning for warning in said(verdict.warnings))
    assert any("which cannot go offline while this memory is there" in warning for warning in said(verdict.warnings))
    inside = ask(two_nodes("2G"), Add(start="8G", size="1G", node=1))
    assert "4,096 pages (16M) of memmap lie in the added memory of node 1" in said(inside.effects)
    assert not said(inside.warnings)
    assert "memory64-71 appear, offline (auto_online_blocks=offline)" in said(inside.effects)
    assert said(inside.effects)[-1] == (
        "online puts memory64-71 into zone Normal, online_movable into zone Movable; "
        "from zone Movable alone memory can be got back for sure"
    )


def test_add_onlined_by_itself_says_where_to() -> None:
    verdict = ask(guest(auto_online="online"), Add(start="4G", size="256M"))
    assert "memory32-33 go online in zone Normal at once" in said(verdict.effects)
    assert any("online_movable keeps it removable" in warning for warning in said(verdict.warnings))


def test_memmap_that_does_not_fit_says_how_many_pages_are_missing() -> None:
    machine = guest("256M", memmap_on_memory="N")
    verdict = ask(machine, Add(start="4G", size="16G"))
    assert verdict.result == "ENOMEM"
    (blocker,) = verdict.blockers
    assert blocker.kind == "missing"
    assert "65,536 of memmap" in sentence(blocker.detail)
    assert blocker.count == 65536 + 172 - int(sentence(blocker.detail).split(" have ")[1].split()[0].replace(",", ""))
    placements = [c.placement for remedy in verdict.remedies for c in remedy.commands if isinstance(c, Add)]
    assert placements == ["block", None, "range", "sections"]
    own, less, pool, low = (words(remedy) for remedy in verdict.remedies)
    assert own == "another placement: with its memmap in each block's own head; memmap_on_memory=Y at boot"
    assert "add less" in less
    assert pool.endswith("; in no released kernel (RFC v2)")
    assert low.endswith("; in no released kernel (RFC option b)")


def test_memory_that_programs_hold_can_be_freed_for_the_memmap() -> None:
    machine = guest("256M", model="6.1")
    dimm(machine, at="16G")
    do(machine, Allocate(size="200M"))
    verdict = ask(machine, Add(start="4G", size="4G"))
    told = " | ".join(words(remedy) for remedy in verdict.remedies)
    for text in ("online memory128 of node 0 in a kernel zone first", "block by block", "add less"):
        assert text in told
    script = typed(verdict)[0]
    assert script[0].startswith("free ")
    assert "free 5" in words(verdict.remedies[0])


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
    assert "with blocks of 128M this range would do" in sentence(verdict.blockers[0].detail)
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


def test_a_block_that_is_not_there_is_added_first() -> None:
    machine = guest()
    verdict = ask(machine, Online(block=99))
    assert (verdict.result, typed(verdict)) == ("ENOENT", [["add 128M at 0x318000000 node 0", "online 99 online"]])


def test_the_first_block_of_a_kernel_zone_is_warned_of() -> None:
    """Recordings: 41 of 42 such blocks were not to be had again, 82 of 85 others were."""
    machine = boot_machine([(0, 0, "1G")])
    machine.apply(Add(start="4G", size="256M"))
    first = "it is the first block of zone Normal"
    assert any(first in warning for warning in said(machine.why_not(Online(block=32, type="online_kernel")).warnings))
    assert not any(
        first in warning for warning in said(machine.why_not(Online(block=32, type="online_movable")).warnings)
    )
    machine.apply(Online(block=32, type="online_kernel"))
    assert not any(
        first in warning for warning in said(machine.why_not(Online(block=33, type="online_kernel")).warnings)
    )


@pytest.mark.parametrize(
    ("caller", "arch"),
    [
        ("dlpar", "x86_64"),
        ("sclp", "ppc64le"),
        ("dlpar", "s390x"),
        ("acpi", "ppc64le"),
        ("acpi", "s390x"),
        ("balloon", "riscv64"),
    ],
)
def test_a_driver_of_another_architecture_is_told_as_that(caller: Caller, arch: str) -> None:
    def warned(arch: str) -> bool:
        verdict = ask(new_machine(["2G"], arch=arch), Add(start="8G", size="256M", caller=caller))
        return any(f"has no driver {caller}, which is" in warning for warning in said(verdict.warnings))

    assert warned(arch)
    assert not warned({"dlpar": "ppc64le", "sclp": "s390x", "acpi": "riscv64", "balloon": "arm64"}[caller])


def test_whether_blocks_go_online_by_themselves_is_nothing_to_dlpar(tmp_path: Path) -> None:
    """It onlines what it adds, so that no one need know auto_online_blocks."""
    folder = tree(tmp_path, dict.fromkeys(range(1, 9), "Normal"), version="Linux version 5.15.0 (builder) ppc64le")
    machine = open_machine(folder)
    callers: tuple[tuple[Caller, bool], ...] = ("dlpar", False), ("probe", True)
    for caller, guessed in callers:
        verdict = machine.why_not(Add(start="8G", size="256M", caller=caller))
        assert any("is a guess, as no file" in warning for warning in said(verdict.warnings)) is guessed
