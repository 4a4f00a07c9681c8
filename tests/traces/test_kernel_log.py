"""The lines that memory hotplug writes to the kernel log, against the recorded ones."""

from __future__ import annotations

import re

import pytest

from .exempt import EXEMPT, NOT_YET_STEPS
from .recording import names
from .replay import is_hotplug, replay

TOPICS = {
    "adding": r"Block size .*|add_memory failed|vmemmap alloc failure: order:\d+, mode:\S+",
    "offlining": r"Offlined Pages \d+|memory offlining .*|memory memory\d+: Offline failed.|page dumped because: unmovable page",
    "zonelists": r"Fallback order for Node \d+: [\d ]*\d|Built \d+ zonelists, mobility grouping on|Policy zone: \w+",
}
"""Chance is left out: the name of the task, and the total of free pages above the watermarks."""


@pytest.mark.parametrize("topic", TOPICS)
def test_the_log_is_the_kernels(topic: str) -> None:
    wrong: list[str] = []
    for t in (t for name in names() for t in replay(name)):
        if is_hotplug(t.command) and (t.trace, t.number) not in EXEMPT.keys() | NOT_YET_STEPS:
            real, mine = (re.findall(TOPICS[topic], "\n".join(log)) for log in (t.action.kernel_log, t.outcome.log))
            if real != mine:
                wrong.append(f"{t.trace} step {t.number}, {t.command}:\n  kernel {real}\n  model  {mine}")
    assert not wrong, f"{len(wrong)} logs differ:\n" + "\n".join(wrong[:8])
