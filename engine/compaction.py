"""Compaction (being written)."""

from __future__ import annotations

from collections.abc import Iterator

from .events import Event
from .memmap import ZoneKey
from .state import State


def suitable(state: State, key: ZoneKey, order: int) -> bool:
    """Whether it makes sense to compact a zone for an order."""
    return False


def compact_zone(state: State, key: ZoneKey, order: int = -1) -> Iterator[Event]:
    """Compact one zone."""
    return iter(())


def compact_node(state: State, node: int) -> Iterator[Event]:
    """Compact one node."""
    return iter(())


def compact_memory(state: State) -> Iterator[Event]:
    """Compact everything."""
    return iter(())
