"""remove-lmbs: a POWER partition gives back so much memory, wherever it lies."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.errors import BadInput
from ..protocol.reasons import HotplugError
from ..protocol.reasons.notes import Note
from ..protocol.reasons.taking import NoLmbs
from .fields import Base
from .form import Form
from .row import Row, Steps
from .shell import Person, Place, step


class RemoveLmbs(Base, tag="remove_lmbs", frozen=True):
    """Remove `count` LMBs of a POWER partition, any that can go (dlpar_memory_remove_by_count)."""

    count: int


def _run(state: State, command: RemoveLmbs, notes: list[Note]) -> Steps:
    from ..hotplug.dlpar import remove_count

    if command.count < 1:
        raise BadInput(f"{command.count} LMBs cannot be removed; give 1 or more")
    if state.preset.ejects != "dlpar":
        raise HotplugError("ENODEV", NoLmbs(state.geometry.arch))
    return remove_count(state, command.count)


def _export(command: RemoveLmbs, place: Place) -> Iterator[str]:
    yield step(ROW.form.write(command))
    yield Person(f"take it out at the partition's management console, or with drmgr -c mem -r -q {command.count}")


ROW: Final = Row(
    RemoveLmbs,
    Form(RemoveLmbs, "COUNT"),
    "remove so many LMBs (logical memory blocks) of a POWER partition, any that can go, as DLPAR does",
    "remove-lmbs 4",
    _run,
    _export,
    hotplug=True,
)
