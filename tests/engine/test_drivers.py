"""Which kernels have which drivers: an add by one that came later is done, and said to be none of that kernel's."""

from __future__ import annotations

import pytest
from altmap.engine import VirtioMem
from altmap.engine.protocol.reasons.notes import NoDriverYet
from altmap.engine.protocol.vocabulary import Caller

from .guests import dimm, do, guest


@pytest.mark.parametrize(
    ("model", "caller", "since"),
    [
        ("rfc-v2", "dax", "5.1"),
        ("5.0", "dax", "5.1"),
        ("5.1", "dax", None),
        ("6.2", "cxl", "6.3"),
        ("6.3", "cxl", None),
        ("4.18", "acpi", None),
    ],
)
def test_an_add_by_a_driver_of_a_later_kernel_is_said(model: str, caller: Caller, since: str | None) -> None:
    outcome = dimm(guest(model=model), "1G", "8G", caller=caller)
    assert outcome.result == "ok"
    said = [note for note in outcome.notes if isinstance(note, NoDriverYet)]
    assert said == ([] if since is None else [NoDriverYet(caller, model, since)])


@pytest.mark.parametrize(("model", "since"), [("5.7", "5.8"), ("5.8", None)])
def test_virtio_mem_before_5_8_is_said(model: str, since: str | None) -> None:
    outcome = do(guest(model=model), VirtioMem(start="8G", size="1G"))
    assert [note.since for note in outcome.notes if isinstance(note, NoDriverYet)] == ([] if since is None else [since])
