"""The tests of one recording run one after the other and in one process, so that it is played once and not kept for long."""

from __future__ import annotations

import pytest

from .recording import names

RECORDINGS = frozenset(names())


def recording_of(item: pytest.Item) -> str:
    """The recording that a test is about; nothing if it is about none or all."""
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get("name") if callspec else None
    return name if name in RECORDINGS else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if name := recording_of(item):
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=recording_of)
