"""What a real machine needs to place a memmap so, kernel by kernel."""

from __future__ import annotations

import pytest
from altmap.engine import sentence
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.vocabulary import Caller, Placement
from altmap.engine.questions.availability import availability

from .guests import guest

MIB = 1 << 20


@pytest.mark.parametrize(
    ("model", "mode", "size", "caller", "placement", "words"),
    [
        ("6.12", "N", 256, "acpi", None, "as it is"),
        ("6.12", "N", 256, "acpi", "boot", "as it is"),
        ("6.12", "N", 256, "acpi", "block", "memmap_on_memory=Y at boot"),
        ("6.12", "Y", 256, "acpi", "block", "as it is"),
        ("6.12", "Y", 256, "acpi", "boot", "memmap_on_memory=N at boot"),
        ("6.12", "Y", 256, "balloon", "boot", "as it is"),
        ("6.12", "Y", 256, "balloon", "block", "in no released kernel (balloon does not ask for it)"),
        ("6.1", "Y", 256, "acpi", "boot", "as it is"),
        ("6.1", "Y", 128, "acpi", "block", "as it is"),
        ("6.1", "Y", 256, "acpi", "block", "from Linux 6.8 on"),
        ("6.1", "N", 128, "dax", "block", "from Linux 6.9 on"),
        ("6.12", "Y", 256, "acpi", "range", "in no released kernel (RFC v2)"),
        ("6.12", "Y", 256, "acpi", "sections", "in no released kernel (RFC option b)"),
        ("rfc-v2", "N", 256, "acpi", "range", "in no released kernel (RFC v2)"),
        ("rfc-v2", "N", 256, "acpi", "block", "from Linux 6.8 on"),
        ("rfc-v2", "N", 256, "acpi", "boot", "in every released kernel"),
    ],
)
def test_what_it_takes(
    model: str, mode: str, size: int, caller: Caller, placement: Placement | None, words: str
) -> None:
    state = state_of(guest(model=model, memmap_on_memory=mode))
    assert sentence(availability(state, size * MIB, caller, placement)) == words
