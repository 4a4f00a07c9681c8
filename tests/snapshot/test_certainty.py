"""How sure an answer is about a captured machine: nothing is a yes that was not seen, nothing a no that is not proven."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from altmap.engine import (
    Add,
    Allocate,
    Eject,
    HugePages,
    Machine,
    Offline,
    Online,
    Outcome,
    Poison,
    Remove,
    boot_machine,
    capture,
    open_machine,
    save_machine,
)
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import OfflineFailed, RangeDoubted
from altmap.engine.protocol.reasons.effects import MemmapHeldBy
from altmap.engine.snapshot.fold import alike

from .trees import BLOCK, ram, tree

CAPTURE = Path(__file__).parents[2] / "fixtures" / "captures" / "firecracker-24g.tar.xz"
NORMAL = dict.fromkeys(range(32, 40), "Normal")
"""Eight blocks in zone Normal, from 4 GiB on."""
SLAB, BUDDY, LRU = 1 << 7, 1 << 10, 1 << 5


def told(machine: Machine, block: int) -> str:
    """How sure it is that a block goes offline, or does not."""
    outcome = machine.apply(Offline(block=block))
    machine.undo()
    assert outcome.certainty == "not known" or (outcome.certainty == "yes") is outcome.ok
    hangs = outcome.assumed or any(isinstance(event, RangeDoubted) for event in outcome.events)
    assert (outcome.certainty == "not known") is bool(hangs)
    return outcome.certainty


def all_told(machine: Machine) -> dict[int, str]:
    """The same of every block."""
    return {block: told(machine, block) for block in sorted(machine.blocks)}


def captured(root: Path, *arguments: Any, **files: Any) -> Machine:
    """A sound machine from a made-up tree, which answers the same once it was saved and opened again."""
    machine = capture(tree(root / "tree", *arguments, **files))
    assert machine.check() == []
    save_machine(machine, root / "saved.json")
    saved = open_machine(root / "saved.json")
    assert all_told(saved) == all_told(machine)
    return machine


@pytest.fixture(scope="module")
def with_pages() -> Machine:
    """The real machine that is bundled, captured by root."""
    return capture(CAPTURE)


@pytest.fixture(scope="module")
def without_pages(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The same at the same moment, as any user sees it."""
    folder = tmp_path_factory.mktemp("capture")
    with tarfile.open(CAPTURE) as old, tarfile.open(folder / "tree.tar", "w") as new:
        for member in old:
            if "kpageflags" not in member.name and "kpagecount" not in member.name:
                content = old.extractfile(member)
                new.addfile(member, io.BytesIO(content.read()) if content is not None else None)
    return capture(folder / "tree.tar")


@pytest.fixture(scope="module")
def truth(with_pages: Machine) -> dict[int, str]:
    """How sure it is of every block, whose pages were seen."""
    return all_told(with_pages)


@pytest.fixture(scope="module")
def guessed(without_pages: Machine) -> dict[int, str]:
    """The same where they were not."""
    return all_told(without_pages)


def test_no_confident_answer_about_unseen_pages_is_wrong(truth: dict[int, str], guessed: dict[int, str]) -> None:
    """Block by block, against what the pages themselves say."""
    assert set(truth.values()) == {"yes", "no", "not known"}
    for block, answer in guessed.items():
        assert answer in ("not known", truth[block]) or truth[block] == "not known", block
    assert [block for block in range(32, 200) if guessed[block] == "yes"] == []
    assert [guessed[block] for block in range(1, 24)] == ["not known"] * 23
    assert guessed[0] == "no"  # in two zones


def test_seen_pages_decide(with_pages: Machine, truth: dict[int, str]) -> None:
    assert [truth[block] for block in range(1, 24)] == ["yes"] * 23
    assert [block for block in range(32, 200) if truth[block] == "yes"] == [64, 65, 66]
    assert [block for block in range(32, 200) if truth[block] == "not known"] == [37, 38, 40, 48]
    assert [with_pages.sections[block].unseen.bit_count() for block in (37, 48, 64)] == [260, 84, 0]


def test_a_saved_capture_answers_as_its_tree(
    tmp_path: Path,
    with_pages: Machine,
    without_pages: Machine,
    truth: dict[int, str],
    guessed: dict[int, str],
) -> None:
    for machine, answers in ((with_pages, truth), (without_pages, guessed)):
        packed, plain = (tmp_path / name for name in ("m.json.gz", "m.msgpack"))
        save_machine(machine, packed)
        save_machine(machine, plain)
        saved = open_machine(packed)
        assert alike(state_of(open_machine(plain)), state_of(saved))
        assert all_told(saved) == answers


def test_unseen_pages_of_a_kernel_zone_are_not_known(tmp_path: Path) -> None:
    """Not even where the counters leave no page for the kernel: they are of another moment, and approximate."""
    present = 8 * BLOCK
    for name, free in (("used", present - 9000), ("free", present)):
        machine = captured(tmp_path / name, NORMAL, zones={"Normal": (present, present, free)}, iomem=ram((32, 39)))
        assert set(all_told(machine).values()) == {"not known"}


def test_pages_that_the_boot_kept_refuse_in_zone_movable_too(tmp_path: Path) -> None:
    blocks = {**dict.fromkeys(range(32, 36), "Normal"), **dict.fromkeys(range(36, 40), "Movable")}
    zones = {"Normal": (4 * BLOCK, 4 * BLOCK - 2000, 60000), "Movable": (4 * BLOCK, 4 * BLOCK - 472, 120000)}
    for name, words in (("told", "movablecore=512M"), ("untold", None)):
        machine = captured(tmp_path / name, blocks, zones=zones, iomem=ram((32, 39)), cmdline=words)
        assert [told(machine, block) for block in range(36, 40)] == ["not known"] * 4


def test_hot_added_memory_in_zone_movable_is_a_yes(tmp_path: Path) -> None:
    """No page of it is unaccounted for, and ZONE_MOVABLE takes none of the kernel's."""
    blocks = {**NORMAL, **dict.fromkeys(range(64, 68), "Movable")}
    zones = {"Normal": (8 * BLOCK, 8 * BLOCK - 4000, 200000), "Movable": (4 * BLOCK, 4 * BLOCK, 3 * BLOCK)}
    machine = captured(tmp_path, blocks, zones=zones, iomem=ram((32, 39), (64, 67)), cmdline="quiet", movable=20000)
    assert [told(machine, block) for block in range(64, 68)] == ["yes"] * 4


def test_where_movable_pages_lie_matters_as_soon_as_room_is_short(tmp_path: Path) -> None:
    blocks = {**NORMAL, **dict.fromkeys(range(64, 68), "Movable")}
    zones = {"Normal": (8 * BLOCK, 8 * BLOCK - 4000, 100), "Movable": (4 * BLOCK, 4 * BLOCK, BLOCK - 1000)}
    machine = captured(
        tmp_path, blocks, zones=zones, iomem=ram((32, 39), (64, 67)), cmdline="quiet", movable=3 * BLOCK + 1000
    )
    assert "not known" in [told(machine, block) for block in range(64, 68)]


def test_memory_of_the_crash_kernel_and_the_kernel_s_image_never_go(tmp_path: Path) -> None:
    present = 8 * BLOCK
    inside = [(33 * BLOCK + 512, 100, "Kernel code"), (35 * BLOCK, 2 * BLOCK, "Crash kernel")]
    machine = captured(
        tmp_path,
        NORMAL,
        zones={"Normal": (present, present - 2 * BLOCK - 3000, 100000)},
        iomem=ram((32, 39), inside=inside),
    )
    answers = all_told(machine)
    assert [block for block, answer in answers.items() if answer == "no"] == [33, 35, 36]
    assert "yes" not in answers.values()
    refused = machine.apply(Offline(block=35))
    assert (refused.result, refused.pfn) == ("EBUSY", 35 * BLOCK)
    assert machine.sections[33].of("reserved") == (1 << 100) - 1 << 512


@pytest.mark.parametrize(("version", "answer"), [("x86_64", "no"), ("riscv64", "not known")])
def test_reserved_ranges_prove_where_they_cannot_be_the_initrd(tmp_path: Path, version: str, answer: str) -> None:
    """riscv lists all that memblock had reserved; the initrd's pages were given back since."""
    machine = captured(
        tmp_path,
        NORMAL,
        version=f"Linux version 6.12.9 (builder) {version}",
        zones={"Normal": (8 * BLOCK, 8 * BLOCK - 9000, 100000)},
        iomem=ram((32, 39), inside=[(34 * BLOCK, 4096, "Reserved")]),
    )
    assert told(machine, 34) == answer


def test_a_zone_of_one_block_proves_its_reserved_pages_by_numbers(tmp_path: Path) -> None:
    """What is present and not managed can lie nowhere else, unless a balloon may have taken it."""
    zones = {"Normal": (8 * BLOCK, 8 * BLOCK - 2000, 200000), "Movable": (BLOCK, BLOCK - 300, 30000)}
    blocks = {**NORMAL, 40: "Movable"}
    for name, vmstat, answer in (
        ("none", "nr_free_pages 1\n", "no"),
        ("flat", "balloon_inflate 700\nballoon_deflate 700\n", "no"),
        ("some", "balloon_inflate 900\nballoon_deflate 500\n", "not known"),
        ("unread", None, "not known"),
    ):
        machine = captured(
            tmp_path / name, blocks, zones=zones, iomem=ram((32, 40)), cmdline="movablecore=128M", vmstat=vmstat
        )
        assert told(machine, 40) == answer, name


def test_more_unmanaged_pages_than_all_other_blocks_hold_are_a_no(tmp_path: Path) -> None:
    present = 8 * BLOCK
    for managed, answer in ((BLOCK - 1, "no"), (BLOCK, "not known")):
        machine = captured(
            tmp_path / answer, NORMAL, zones={"Normal": (present, managed, managed // 2)}, iomem=ram((32, 39))
        )
        assert set(all_told(machine).values()) == {answer}


@pytest.mark.parametrize(("release", "answer"), [("4.19.0", "no"), ("5.5.19", "no"), ("5.6.1", "not known")])
def test_the_kernel_s_own_word_counts_as_long_as_it_looked_at_pages(tmp_path: Path, release: str, answer: str) -> None:
    machine = captured(
        tmp_path,
        NORMAL,
        version=f"Linux version {release} (builder) x86_64",
        zones={"Normal": (8 * BLOCK, 8 * BLOCK - 100, 200000)},
        iomem=ram((32, 39)),
        removable={35: 0},
    )
    assert told(machine, 35) == answer
    assert told(machine, 36) == "not known"
    if answer == "no":
        assert machine.apply(Offline(block=35)).result == "EBUSY"


def test_boot_memory_of_arm64_never_goes_though_no_one_counted_its_zones(tmp_path: Path) -> None:
    blocks = {number: "DMA" if number < 4 else "Normal" for number in range(1, 10)}
    for name, iomem in (("image", ram((1, 9), inside=[(BLOCK + 512, 7000, "Kernel code")])), ("bare", ram((1, 9)))):
        machine = captured(
            tmp_path / f"{name}-", blocks, version="Linux version 6.1.0-28-arm64 (builder) aarch64", iomem=iomem
        )
        assert set(all_told(machine).values()) == {"no"}
        assert machine.apply(Offline(block=5)).result == "EPERM"


def test_without_zoneinfo_nothing_is_known_of_a_machine_that_may_give_memory_back(tmp_path: Path) -> None:
    machine = captured(tmp_path, {**NORMAL, 40: "Movable"}, iomem=ram((32, 40)), cmdline="memhp_default_state=offline")
    assert set(all_told(machine).values()) == {"not known"}
    added = machine.apply(Add(start="16G", size="128M"))
    assert (added.result, added.certainty) == ("ok", "not known")
    assert machine.apply(Allocate(size="600T")).certainty == "not known"
    assert machine.apply(Remove(start="16G", size="128M")).certainty == "yes"
    assert machine.apply(Online(block=99)).certainty == "no"


# -- pages without flags ------------------------------------------------------------------------------------------------


def plain(*counts: int) -> list[tuple[int, int, int, int]]:
    """kpageflags of the eight blocks: so many pages of each show no flag, the others are free."""
    found: list[tuple[int, int, int, int]] = []
    for number, count in enumerate(counts, 32):
        start = number * BLOCK
        found += [(start, count, 0, 0)] if count else []
        found += [(start + count, BLOCK - count, BUDDY, 0)]
    return found


@pytest.mark.parametrize(
    ("counts", "pcp", "answers"),
    [
        ((60, 40, 0, 0, 0, 0, 0, 0), 100, {"yes"}),
        ((60, 40, 0, 0, 0, 0, 0, 0), 99, {"yes", "not known"}),
        ((60, 40, 0, 0, 0, 0, 0, 0), 50, {"yes", "not known", "no"}),
        ((60, 0, 0, 0, 0, 0, 0, 0), 0, {"yes", "no"}),
    ],
)
def test_pages_without_flags_are_on_the_lists_or_the_kernel_s(
    tmp_path: Path, counts: tuple[int, ...], pcp: int, answers: set[str]
) -> None:
    present = 8 * BLOCK
    machine = captured(
        tmp_path,
        NORMAL,
        zones={"Normal": (present, present, present - sum(counts))},
        iomem=ram((32, 39)),
        pcp=pcp,
        pages=plain(*counts),
    )
    found = all_told(machine)
    assert set(found.values()) == answers
    assert {found[block] for block in range(34, 40)} == {"yes"}
    if pcp == 50:
        assert found[32] == "no"  # 60 pages, and the lists have 50


def test_one_page_that_was_seen_is_enough_for_a_no(tmp_path: Path) -> None:
    present = 8 * BLOCK
    pages = [(34 * BLOCK + 700, 1, SLAB, 0), (35 * BLOCK + 700, 1, LRU, 1)]
    machine = captured(
        tmp_path, NORMAL, zones={"Normal": (present, present - 900, 200000)}, iomem=ram((32, 39)), pages=pages
    )
    assert (told(machine, 34), told(machine, 35)) == ("no", "not known")


# -- machines of the engine, and what was rehearsed ---------------------------------------------------------------------


def test_a_machine_that_was_made_up_is_known(tmp_path: Path) -> None:
    machine = boot_machine([(0, 0, "2G"), (0, "4G", "2G")], nodes=2)
    save_machine(machine, tmp_path / "made.json")
    for made in (machine, open_machine(tmp_path / "made.json")):
        answers = all_told(made)
        assert set(answers.values()) == {"yes", "no"}
        assert answers[32] == "no"  # the kernel's pages lie at the low end
        assert answers[33] == "yes"
        assert made.apply(Add(start="16G", size="128M")).certainty == "yes"
        assert made.apply(Poison(address="64M")).certainty in ("yes", "no")


def unseen_guest(root: Path) -> Machine:
    """Eight unseen blocks of boot memory, and two of a device behind them, online and offline."""
    machine = captured(
        root,
        NORMAL,
        zones={"Normal": (8 * BLOCK, 8 * BLOCK - 900, 200000)},
        iomem=ram((32, 39)),
        cmdline="memhp_default_state=offline",
    )
    assert machine.apply(Add(start="16G", size="256M")).ok
    assert machine.apply(Online(block=128, type="online_kernel")).ok
    return machine


def test_what_the_rehearsal_made_itself_is_known(tmp_path: Path) -> None:
    machine = unseen_guest(tmp_path)
    assert machine.apply(Offline(block=128)).certainty == "yes"


def test_a_rehearsal_goes_on_and_says_what_it_assumed(tmp_path: Path) -> None:
    machine = unseen_guest(tmp_path)
    outcome = machine.apply(Offline(block=34))
    assert (outcome.result, outcome.certainty) == ("ok", "not known")
    (assumed,) = outcome.assumed
    assert (assumed.pfn, assumed.pages, assumed.node, assumed.zone, assumed.unseen) == (
        34 * BLOCK, BLOCK, 0, "Normal", BLOCK,
    )  # fmt: skip
    assert machine.apply(Online(block=34)).certainty == "yes"
    assert machine.apply(Offline(block=34)).certainty == "yes"


def test_where_the_rehearsal_put_a_memmap_among_unseen_pages_is_a_guess(tmp_path: Path) -> None:
    machine = unseen_guest(tmp_path)
    assert machine.sections[33].count("vmemmap") == 1024
    outcome = machine.apply(Offline(block=33))
    assert (outcome.result, outcome.certainty) == ("EBUSY", "not known")


def test_which_block_the_memmap_of_an_add_would_hold_is_said_to_be_a_guess(tmp_path: Path) -> None:
    (held,) = (
        it
        for it in unseen_guest(tmp_path).why_not(Add(start="32G", size="256M")).warnings
        if isinstance(it, MemmapHeldBy)
    )
    assert held.guessed
    sure = open_machine("firecracker-24g").why_not(Add(start="32G", size="256M", placement="boot"))
    assert [it.guessed for it in sure.warnings if isinstance(it, MemmapHeldBy)] == [False]


def test_what_becomes_of_an_unseen_page_is_not_known(tmp_path: Path) -> None:
    machine = unseen_guest(tmp_path)
    for soft in (False, True):
        assert machine.apply(Poison(address=33 * BLOCK << 12, soft=soft)).certainty == "not known"
        machine.undo()
    assert machine.apply(Poison(address=129 * BLOCK << 12)).certainty == "no"  # offline: ENXIO


def test_pools_of_huge_pages_hang_on_what_compaction_would_find(tmp_path: Path) -> None:
    machine = unseen_guest(tmp_path)
    assert machine.apply(HugePages(count=1000)).certainty == "not known"


def test_an_eject_is_refused_for_sure_by_the_block_that_was_seen(tmp_path: Path) -> None:
    """What was assumed of another block of the device does not matter then."""
    blocks = {**NORMAL, **dict.fromkeys((64, 65), "Normal")}
    present = 10 * BLOCK
    for name, seen, answer in (("slab", [(65 * BLOCK + 9, 1, SLAB, 0)], "no"), ("none", None, "not known")):
        machine = captured(
            tmp_path / name,
            blocks,
            zones={"Normal": (present, present - 900, 200000)},
            iomem=ram((32, 39), (64, 65)),
            pages=seen,
        )
        outcome = machine.apply(Eject(start=64 * BLOCK << 12, size="256M"))
        assert outcome.certainty == answer
        assert outcome.assumed
        assert bool(list(failures(outcome))) is (answer == "no")


def failures(outcome: Outcome) -> Iterator[OfflineFailed]:
    """Blocks that would not go."""
    return (event for event in outcome.events if isinstance(event, OfflineFailed))
