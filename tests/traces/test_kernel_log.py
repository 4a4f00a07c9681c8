"""The lines that memory hotplug writes to the kernel log, against the recorded ones."""

from __future__ import annotations

import re

import pytest
from altmap.engine import Add

from .exempt import EXEMPT
from .recording import names, traced_names
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
    for t in (t for name in traced_names() for t in replay(name)):
        if is_hotplug(t.command) and (t.trace, t.number) not in EXEMPT:
            real, mine = (re.findall(TOPICS[topic], "\n".join(log)) for log in (t.action.kernel_log, t.outcome.log))
            if isinstance(t.command, Add):
                real = own(real, t.action.answer == "ok")
            if real != mine:
                wrong.append(f"{t.trace} step {t.number}, {t.command}:\n  kernel {real}\n  model  {mine}")
    assert not wrong, f"{len(wrong)} logs differ:\n" + "\n".join(wrong[:8])


def test_total_pages_are_those_above_the_high_watermarks() -> None:
    """nr_free_zone_pages: managed pages of all zones less their high watermarks; 600 pages of slack for the watermarks of
    guests whose small machines the model knows less well."""
    wrong: list[str] = []
    for t in (t for name in names() for t in replay(name)):
        real, mine = (re.findall(r"Total pages: (\d+)", "\n".join(log)) for log in (t.action.kernel_log, t.outcome.log))
        wrong += [
            f"{t.trace} step {t.number}: kernel {a}, model {b}"
            for a, b in zip(real, mine, strict=False)
            if abs(int(a) - int(b)) > 600
        ]
    assert not wrong, f"{len(wrong)} totals differ:\n" + "\n".join(wrong[:8])
