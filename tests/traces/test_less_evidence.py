"""Recorded machines of which less was captured: what is said for sure is what the kernel did, whatever is missing."""

from __future__ import annotations

from typing import Final

import pytest
from altmap.engine import BadInput, capture

from .recording import MEMORY, PARAMETERS, ROOT, Recording, showing

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
    ("sys",),
    ("sys", PAGES),
    (MEMORY,),
    (PAGES, "proc/zoneinfo", "proc/iomem", "proc/version", "proc/cmdline"),
)
"""What is missing; `valid_zones` is that of every block."""
RECORDINGS: Final = (
    "6.1/dimm128_mom", "6.1/movablecore", "6.12/auto_movable_numa", "6.12/dimm1g_mom", "6.12/hwpoison",
    "6.12-arm64/dimm1g_nomom",
)  # fmt: skip


@pytest.mark.parametrize("name", RECORDINGS)
def test_what_is_sure_is_what_the_kernel_did(name: str) -> None:
    recording = Recording(name)
    sure, wrong = 0, list[str]()
    for turn, action in enumerate(one for one in recording.actions() if one.judged):
        for at in range(3):  # three of the kinds for each step, each in its turn
            missing = KINDS[(3 * turn + at) % len(KINDS)]
            try:
                with showing(recording.kernel) as show:
                    show(action.before, missing)
                    machine = capture(ROOT)
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


@pytest.mark.parametrize(
    ("name", "step", "missing"),
    [
        ("7.3/dimm128_mom", 6, ("proc/zoneinfo",)),  # larger pages without a flag, of who reads pages or the kernel's
        ("6.12/enomem_reserve_nomom", 6, ("proc/iomem",)),  # sections that a failed add left behind
        ("6.12-arm64/dimm1g_nomom", 8, ("sys", PAGES)),  # which memory was there at boot, where no file lists blocks
        ("6.12/remove_partial_nomom", 29, ("sys",)),
        ("6.12/auto_movable_numa", 18, ("sys", PAGES)),  # in which of zones that overlap a block is
        ("6.1/movable_migrate", 24, (PAGES, "proc/zoneinfo", "proc/iomem", "proc/version", "proc/cmdline")),
    ],
)
def test_what_was_once_sure_and_wrong_is_not_known(name: str, step: int, missing: tuple[str, ...]) -> None:
    recording = Recording(name)
    (action,) = [one for one in recording.actions() if one.number == step]
    with showing(recording.kernel) as show:
        show(action.before, missing)
        machine = capture(ROOT)
    assert machine.apply(action.command).certainty == "not known"
