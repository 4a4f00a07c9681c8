"""What a failed add leaves behind: sections whose memmap the page tables still show, and no block for them."""

from __future__ import annotations

import pytest
from altmap.engine.protocol.events import SectionsLeaked

from .recording import Observation, number
from .replay import Transition, played


def leaked(seen: Observation) -> list[int]:
    """Sections of 32768 pages with a mapped memmap and without a block."""
    blocks = {number(name) for name in seen["blocks"]}
    return [
        start // 32768 for start, first, *_ in seen["vmemmap"] if first is not None and start // 32768 not in blocks
    ]


def the_step(name: str, wanted: int) -> Transition:
    (transition,) = [t for t in played(name).transitions if t.number == wanted]
    return transition


@pytest.mark.parametrize(("name", "count"), [("6.1/enomem_reserve_nomom", 25), ("6.12/enomem_reserve_nomom", 31)])
def test_as_many_sections_are_leaked_as_the_kernel_leaked(name: str, count: int) -> None:
    transition = the_step(name, 2)
    assert transition.action.answer == transition.outcome.result == "ENOMEM"
    (leak,) = [event for event in transition.outcome.events if isinstance(event, SectionsLeaked)]
    assert leaked(transition.action.after) == list(range(leak.first, leak.first + leak.count))
    assert leak.count == count
    assert leak.pages == 512 * count
