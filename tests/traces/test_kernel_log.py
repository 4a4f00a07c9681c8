"""The lines that memory hotplug writes to the kernel log, against the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from altmap.engine import Add

from .exempt import EXEMPT
from .recording import Recording, names, traced_names
from .replay import is_hotplug, played

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


@pytest.mark.parametrize("name", traced_names())
def test_the_log_is_the_kernels(name: str) -> None:
    for t in played(name).transitions:
        if is_hotplug(t.command) and (t.trace, t.number) not in EXEMPT:
            for topic in TOPICS:
                real = _of(topic, t.action.kernel_log)
                if isinstance(t.command, Add):
                    real = own(real, t.action.answer == "ok")
                assert _of(topic, t.outcome.log) == real, f"{topic}: {t}"


def _of(topic: str, log: Iterable[str]) -> list[str]:
    return re.findall(TOPICS[topic], "\n".join(log))


def test_the_kernels_logged_every_topic() -> None:
    logs = [action.kernel_log for name in traced_names() for action in Recording(name).actions() if action.judged]
    lines = {topic: sum(len(_of(topic, log)) for log in logs) for topic in TOPICS}
    assert {topic: count for topic, count in lines.items() if count < 30} == {}


@pytest.mark.parametrize("name", names())
def test_total_pages_are_those_above_the_high_watermarks(name: str) -> None:
    """nr_free_zone_pages: managed pages of all zones less their high watermarks; 600 pages of slack for the watermarks of
    guests whose small machines the model knows less well."""
    for t in played(name).transitions:
        real, mine = (re.findall(r"Total pages: (\d+)", "\n".join(log)) for log in (t.action.kernel_log, t.outcome.log))
        for kernel, model in zip(real, mine, strict=True):
            assert abs(int(kernel) - int(model)) <= 600, t
