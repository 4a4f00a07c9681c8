"""Trees that contradict themselves, or say what no machine can have: each kind by itself, and a few at random."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from altmap.engine import BadInput, Sync, capture, open_machine, save_machine

from . import trial as trials
from .mutants import MEMORY, NODES

RANDOM = 64
"""Four of each tree; ``python -m tests.mutate`` tries thousands."""


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> list[trials.Base]:
    return trials.bases(tmp_path_factory.mktemp("trees"))


@pytest.fixture
def tree(every: list[trials.Base], tmp_path: Path) -> Path:
    """Sixteen blocks, eight of them hot-added: five in ZONE_NORMAL and three in ZONE_MOVABLE."""
    shutil.copytree(every[0].folder, tmp_path / "tree", symlinks=True)
    return tmp_path / "tree"


def say(path: str, text: str) -> Callable[[Path], None]:
    """Make a file say something."""

    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return change


def edit(path: str, pattern: str, text: str) -> Callable[[Path], None]:
    """Replace the last match of a pattern in a file."""

    def change(root: Path) -> None:
        before = (root / path).read_text()
        found = list(re.finditer(pattern, before, re.MULTILINE | re.DOTALL))[-1]
        (root / path).write_text(before[: found.start()] + text + before[found.end() :])

    return change


def link(path: str) -> Callable[[Path], None]:
    """Make a link that leads nowhere, as the kernel's do in a saved tree."""

    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to("../nowhere")

    return change


def beyond_every_zone(root: Path) -> None:
    """Give a block a number above all others, and no zone of its own."""
    for folder in (MEMORY, f"{NODES}/node0"):
        os.rename(root / folder / "memory39", root / folder / "memory200")
    (root / MEMORY / "memory200" / "valid_zones").write_text("none\n")


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a node of a high number": (
        link(f"{MEMORY}/memory0/node5000"),
        "node5000 has a number beyond 4095, which no machine can have",
    ),
    "a folder of such a node": (say(f"{NODES}/node4096/meminfo", ""), "node4096 has a number beyond 4095"),
    "a block beyond any address": (say(f"{MEMORY}/memory300000000000/state", "online"), "lies beyond any address"),
}
NOTED: dict[str, tuple[Callable[[Path], None], str]] = {
    "distance": (
        say(f"{NODES}/node0/distance", "300\n"),
        "distance line 1: expected a number from 0 to 255, not '300'",
    ),
    "possible nodes": (
        say(f"{NODES}/possible", "0-65535\n"),
        "possible line 1: expected a number from 0 to 4095, not '65535'",
    ),
    "unknown zone": (
        say(f"{MEMORY}/memory32/valid_zones", "Foo\n"),
        "valid_zones of memory32 is 'Foo', a zone that altmap does not know; left out",
    ),
    "zone of devices": (say(f"{MEMORY}/memory32/valid_zones", "Device\n"), "valid_zones of memory32 is 'Device'"),
    "high memory": (say(f"{MEMORY}/memory32/valid_zones", "HighMem\n"), "valid_zones of memory32 is 'HighMem'"),
    "more present than spanned": (
        edit("proc/zoneinfo", r"spanned  [1-9]\d+", "spanned  7"),
        "present pages in a span of 7; it is left out",
    ),
    "a zone that begins too high": (
        edit("proc/zoneinfo", r"start_pfn: +[1-9]\d+", f"start_pfn: {(1 << 52) - 1}"),
        "and memory ends at 0x400000000; it is left out",
    ),
    "a zone of all pages": (
        edit(
            "proc/zoneinfo",
            r"spanned  [1-9]\d*\n +present  \d+\n +managed  \d+",
            "spanned {0}\npresent {0}\nmanaged {0}".format((1 << 52) - 1),
        ),
        "and memory ends at 0x400000000; it is left out",
    ),
    "too few managed pages": (
        edit("proc/zoneinfo", r"managed  [1-9]\d+", "managed  9"),
        "has 9 managed of 32,768 present pages by zoneinfo, and 32,256 of 32,768 by its blocks; these are taken",
    ),
    "memory of a container": (
        edit("proc/meminfo", r"MemTotal: +\d+", "MemTotal: 524288"),
        "meminfo says MemTotal 512M, and the zones of zoneinfo manage ",
    ),
    "a zone that is not there": (
        edit("proc/zoneinfo", r"Node 0, zone  Movable.*?(?=Node|\Z)", ""),
        "zoneinfo has no zone Movable of node 0; it is made of memory35",
    ),
    "no pool of huge pages": (
        say(f"{NODES}/node0/hugepages/hugepages-0kB/nr_hugepages", "3"),
        "node 0 has a pool of pages of 0, which are not huge pages; left out",
    ),
    "an odd pool of huge pages": (
        say(f"{NODES}/node0/hugepages/hugepages-3kB/nr_hugepages", "3"),
        "node 0 has a pool of pages of 3K, which are not huge pages; left out",
    ),
    "a kernel of many digits": (
        say("proc/version", f"Linux version {'9' * 5000}.1 x86_64\n"),
        "proc/version does not say the kernel",
    ),
    "memory everywhere": (
        edit("proc/iomem", r"^[0-9a-f]+-[0-9a-f]+ : System RAM", "0-ffffffffffffffff : System RAM"),
        "goes beyond 0x400000000000; it is left out",
    ),
    "memory twice": (
        edit("proc/iomem", r"\Z", "100000000-107ffffff : System RAM\n"),
        "System RAM at 100000000-107ffffff in iomem overlaps the one before it; it is left out",
    ),
    "orders of free areas": (
        edit("proc/buddyinfo", r"zone  Movable +\d+ +\d+", "zone Movable"),
        "buddyinfo tells of 9 orders in zone 0/Movable, and of 11 in another; it is left out",
    ),
    "a reserve of more pages than there can be": (
        edit("proc/zoneinfo", r"protection: \(0", f"protection: ({1 << 52}"),
        f"expected a number from 0 to {(1 << 52) - 1}, not '{1 << 52}'",
    ),
    "an online block where no zone is": (
        beyond_every_zone,
        "no zone of zoneinfo reaches memory200, and the state is not offline; taken for offline",
    ),
    "a node that is not online": (say(f"{NODES}/online", "1\n"), "node 0 is not online by its list, and has memory"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_capture_that_no_machine_can_be_is_refused(tree: Path, kind: str) -> None:
    change, sentence = REFUSED[kind]
    change(tree)
    with pytest.raises(BadInput, match=re.escape(sentence)):
        capture(tree)


@pytest.mark.parametrize("kind", NOTED)
def test_an_odd_value_is_noted_and_left_out(tree: Path, tmp_path: Path, kind: str) -> None:
    change, sentence = NOTED[kind]
    change(tree)
    machine = capture(tree)
    assert [note for note in machine.origin.notes if sentence in note], machine.origin.notes
    assert machine.check() == []
    assert set(machine.blocks) == {*range(8), *range(32, 48)} or len(machine.blocks) == 16
    save_machine(machine, tmp_path / "saved.msgpack")
    assert open_machine(tmp_path / "saved.msgpack").check() == []


def test_a_capture_that_agrees_with_itself_has_no_such_note(tree: Path) -> None:
    assert capture(tree).origin.notes == ()


@pytest.mark.parametrize("number", range(RANDOM))
def test_whatever_is_wrong_ends_well(every: list[trials.Base], tmp_path: Path, number: int) -> None:
    trials.trial(every[number % len(every)], f"suite/{number}", tmp_path / "mutant")


@pytest.mark.parametrize(
    ("base", "seed"),
    [
        ("6.1/movablecore without kpageflags", "2811/67"),
        ("6.1/hugetlb_2m without kpageflags", "2811/187"),
        ("6.1/hugetlb_2m", "nov28/246"),
        ("6.12/mixed_zones_mom without kpageflags, without version", "nov28/366"),
        ("6.12/mixed_zones_mom without kpageflags, /proc alone", "nov28b/1839"),
        ("6.12/virtio_mem_2m without kpageflags", "truth-a/5"),
        ("6.12/mixed_zones_mom", "truth-b/18"),
    ],
)
def test_what_went_wrong_once_ends_well(every: list[trials.Base], tmp_path: Path, base: str, seed: str) -> None:
    """Trees of long runs that were a fault."""
    trials.trial(next(one for one in every if one.name == base), seed, tmp_path / "mutant")


# -- a capture of another machine ---------------------------------------------------------------------------------------


def test_a_capture_of_other_sizes_is_another_machine(tree: Path) -> None:
    for name, wrong in (
        ("arm64-guest", "it is x86_64, this one is arm64"),
        ("block2g-guest", "its memory blocks are of 128M, those of this one of 2G"),
    ):
        machine = open_machine(name)
        blocks = dict(machine.blocks)
        with pytest.raises(BadInput, match=f"is a capture of another machine: {wrong}"):
            machine.apply(Sync(root=str(tree)))
        assert dict(machine.blocks) == blocks


@pytest.mark.parametrize("model", [None, "rfc-v2", "6.1"])
def test_a_capture_of_a_machine_of_the_same_sizes_is_taken_whole(tree: Path, model: str | None) -> None:
    for name in ("small-guest", "numa-guest", "firecracker-24g", "terabyte-server"):
        machine = open_machine(name, model=model)
        machine.apply(Sync(root=str(tree)))
        assert machine.check() == []
        assert set(machine.blocks) == set(capture(tree).blocks)
