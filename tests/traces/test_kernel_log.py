"""The lines that memory hotplug writes to the kernel log, against the recorded ones."""

from __future__ import annotations

import re

import pytest

from engine import Add

from .exempt import EXEMPT, NOT_YET_STEPS
from .recording import names
from .replay import is_hotplug, replay

TOPICS = {
    "adding": r"Block size .*|add_memory failed|vmemmap alloc failure: order:\d+, mode:\S+",
    "offlining": r"Offlined Pages \d+|memory offlining .*|memory memory\d+: Offline failed.|page dumped because: unmovable page",
    "zonelists": r"Fallback order for Node \d+: [\d ]*\d|Built \d+ zonelists, mobility grouping on|Policy zone: \w+",
}
"""Chance is left out: the name of the task, and the total of free pages above the watermarks."""


def own(lines: list[str], succeeded: bool) -> list[str]:
    """The lines of the device that was plugged in last: the ACPI driver of 6.12 first tries again those that failed before,
    and each failure ends with "add_memory failed"."""
    ends = [at + 1 for at, line in enumerate(lines) if line == "add_memory failed"]
    if not succeeded:
        ends = ends[:-1]
    return lines[ends[-1] :] if ends else lines


@pytest.mark.parametrize("topic", TOPICS)
def test_the_log_is_the_kernels(topic: str) -> None:
    wrong: list[str] = []
    for t in (t for name in names() for t in replay(name)):
        if is_hotplug(t.command) and (t.trace, t.number) not in EXEMPT.keys() | NOT_YET_STEPS:
            real, mine = (re.findall(TOPICS[topic], "\n".join(log)) for log in (t.action.kernel_log, t.outcome.log))
            if real != mine:
                wrong.append(f"{t.trace} step {t.number}, {t.command}:\n  kernel {real}\n  model  {mine}")
    assert not wrong, f"{len(wrong)} logs differ:\n" + "\n".join(wrong[:8])
