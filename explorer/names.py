"""Memory blocks by name, many of them in few words."""

from __future__ import annotations

from collections.abc import Iterable

from . import facts


def block_names(blocks: Iterable[int]) -> str:
    """``memory32-39, memory48``: every block is in it, unlike in the explorer's short form."""
    return ", ".join(
        f"memory{first}" + (f"-{first + count - 1}" if count > 1 else "") for first, count in facts.runs(blocks)
    )
