"""A machine that is captured late in its life: what no file says, and still must be right."""

from __future__ import annotations

import pytest

from .recording import names
from .replay import played

HIDDEN = {
    ("6.1/enomem_reserve_nomom", 6): "sections that a failed add left behind, without blocks, are in no file",
    ("6.12/enomem_reserve_nomom", 6): "sections that a failed add left behind, without blocks, are in no file",
    ("6.12/hwpoison", 7): "that an offline block has a poisoned page is in no file",
    ("6.12/hwpoison", 10): "that an offline block has a poisoned page is in no file",
    **{
        ("6.12/soft_offline_mom", step): "that an offline block has a poisoned page is in no file"
        for step in (12, 13, 16, 27)
    },
}


@pytest.mark.parametrize("name", names())
def test_one_capture_is_enough_to_tell_what_happens_next(name: str) -> None:
    """Groups, hot-added ranges and offline blocks' own memmaps follow from /proc/iomem and the parameter. Where in kernel
    memory a memmap lies is in no file, so whose free pages it becomes again is not judged."""
    missed = {}
    for transition in played(name).captured:
        misses = [miss for miss in transition.misses if "free pages" not in miss]
        if misses:
            missed[name, transition.number] = f"{transition}: {misses}"
    assert missed.keys() == {key for key in HIDDEN if key[0] == name}, "\n".join(missed.values())
