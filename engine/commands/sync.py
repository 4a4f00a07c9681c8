"""sync: the real machine is looked at again."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..protocol.reasons.notes import Note
from .fields import Base
from .form import Form
from .row import Row, Steps
from .shell import Place, comment


class Sync(Base, tag="sync", frozen=True):
    """Take over whatever a newer capture shows, the folder or tar at the path `root`; what only the model knows stays. The
    notes of the outcome say how the two differed."""

    root: str


def _run(state: State, command: Sync, notes: list[Note]) -> Steps:
    from ..reading.observe import observe  # with all that reads a machine: only where one is read
    from ..rebuild.sync import sync

    notes.extend(sync(state, observe(command.root)))
    return iter(())


def _export(command: Sync, place: Place) -> Iterator[str]:
    yield comment(f"here the machine was read again from {command.root}")


ROW: Final = Row(
    Sync,
    Form(Sync, "ROOT"),
    "replace the machine by what a newer captured tree of it says, and tell what differs",
    "sync later.tar.xz",
    _run,
    _export,
)
