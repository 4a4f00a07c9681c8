"""Recorded machines of which less was captured: what is said for sure is what the kernel did, whatever is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from altmap.engine import BadInput, capture

from .recording import MEMORY, PARAMETERS, Recording, Tree

PAGES: Final = "proc/kpageflags.runs.json"
KINDS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    (PAGES,),
    (PAGES, "proc/zoneinfo"),
    ("proc/zoneinfo",),
    (PAGES, "proc/buddyinfo", "proc/pagetypeinfo"),
    (PAGES, "proc/iomem"),
    ("proc/iomem",),
    (PAGES, "proc/version"),
    (PAGES, "proc/cmdline", PARAMETERS),
    (PAGES, "proc/cmdline", PARAMETERS, "proc/iomem"),
    (PAGES, "proc/vmstat"),
    (PAGES, f"{MEMORY}/auto_online_blocks", f"{MEMORY}/block_size_bytes"),
    (PAGES, "valid_zones"),
    ("valid_zones",),
    ("proc",),
    ("proc", PARAMETERS),
)
"""What is missing; `valid_zones` is that of every block."""
RECORDINGS: Final = (
    "6.1/dimm128_mom", "6.1/movablecore", "6.12/dimm1g_mom", "6.12/hwpoison", "6.12-arm64/dimm1g_nomom",
)  # fmt: skip


@contextmanager
def without(tree: Path, aside: Path, missing: tuple[str, ...]) -> Iterator[None]:
    """A tree lacks some files and folders meanwhile, which wait in a folder aside."""
    places = [f"{MEMORY}/memory*/valid_zones" if name == "valid_zones" else name for name in missing]
    found = [path for place in places for path in tree.glob(place)]
    for number, path in enumerate(found):
        path.rename(aside / str(number))
    try:
        yield
    finally:
        for number, path in enumerate(found):
            (aside / str(number)).rename(path)


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_is_sure_is_what_the_kernel_did(tmp_path: Path, name: str) -> None:
    recording = Recording(name)
    root, aside = tmp_path / "tree", tmp_path / "aside"
    root.mkdir()
    aside.mkdir()
    tree = Tree(root, recording.kernel)
    sure, wrong = 0, list[str]()
    for turn, action in enumerate(one for one in recording.actions() if one.judged):
        tree.show(action.before)
        for at in range(3):  # three of the kinds for each step, each in its turn
            missing = KINDS[(3 * turn + at) % len(KINDS)]
            try:
                with without(root, aside, missing):
                    machine = capture(root)
            except BadInput:
                continue  # it asks for the architecture
            assert machine.check() == []
            outcome = machine.apply(action.command)
            if outcome.certainty == "not known":
                continue
            sure += 1
            unseen = (
                action.answer == "EHWPOISON" and "proc" in missing
            )  # only meminfo tells that some page has an error
            if outcome.ok is not (action.answer == "ok") and not unseen:
                wrong.append(f"step {action.number} without {missing}: {outcome.result}, the kernel {action.answer}")
    assert wrong == []
    assert sure
