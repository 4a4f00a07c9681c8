"""What is not held against the engine, and why: the only two places where a recording may differ from it."""

from __future__ import annotations

import re

EXEMPT: dict[tuple[str, int], str] = {
    ("6.1/enomem_reserve_nomom", 2): (
        "free pages: during the add the OOM killer took a process of 12303 pages, at a moment that other tasks chose"
    ),
    ("6.12/enomem_reserve_nomom", 2): (
        "free pages: during the add the OOM killer took a process of 12303 pages, at a moment that other tasks chose"
    ),
    ("6.12/enomem_add_mom", 4): (
        "free pages: between two observations the observer read 512 block folders that were new to it, which took 713 "
        "pages of slab"
    ),
}
"""Transitions that no model could know, by trace and step: these may differ, and must (else they are exempt for nothing)."""

NOT_YET = re.compile(r"/hugepages/|/proc/sys/vm/compact_memory$|/memory/(hard|soft)_offline_page$")
"""Files whose writes are not judged yet."""

NOT_YET_STEPS = {("6.12/hwpoison", 10)}
"""Transitions that follow from such a write: memory33 keeps a poisoned page."""
