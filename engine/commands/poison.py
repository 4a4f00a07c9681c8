"""poison: a page has a hardware error."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.units import parse_bytes
from ..protocol.reasons.notes import Note, StaysInFreeArea
from ..sysfs.paths import MEMORY
from .fields import Base
from .form import Choice, Form
from .row import Row, Steps
from .shell import Place, echo


class Poison(Base, tag="poison", frozen=True):
    """A hardware error in the page at a physical address (memory_failure); with `soft` only a suspicion, on which the page
    is moved elsewhere first (soft_offline_page)."""

    address: int | str
    soft: bool = False


def _run(state: State, command: Poison, notes: list[Note]) -> Steps:
    from ..mm import memory_failure

    pfn = parse_bytes(command.address) // state.geometry.page_size
    left = ("none",) if command.soft else ("none", "suspected")
    if state.model.poison_leaves_buddy in left and memory_failure.is_free(state, pfn):
        notes.append(StaysInFreeArea(pfn))
    return (memory_failure.soft_offline if command.soft else memory_failure.hard_offline)(state, pfn)


def _export(command: Poison, place: Place) -> Iterator[str]:
    kind = "soft" if command.soft else "hard"
    yield echo(f"{MEMORY}/{kind}_offline_page", f"{parse_bytes(command.address):#x}")


ROW: Final = Row(
    Poison,
    Form(Poison, "ADDRESS", Choice("soft", (("soft", True),))),
    "the page at an address has a hardware error, or with soft is suspected of one",
    "poison 0x100000000",
    _run,
    _export,
)
