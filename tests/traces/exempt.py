"""What is not held against the engine, and why: the only places where it may differ from a recording."""

from __future__ import annotations

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
