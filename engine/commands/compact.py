"""compact: pages that are in use are moved together."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.errors import BadInput
from ..protocol.reasons.notes import Note
from ..sysfs.paths import NODE
from .fields import Base
from .form import Form, Option
from .row import Row, Steps, Work, known_node
from .shell import Place, echo, no_line


class Compact(Base, tag="compact", frozen=True):
    """Compact the memory of a node, or of all nodes without one (compact_memory). With `zone` and `order` only that zone is
    compacted, until it has a free area of ``2**order`` pages."""

    node: int | None = None
    zone: str | None = None
    order: int = -1


def _run(state: State, command: Compact, notes: list[Note]) -> Steps:
    from ..mm.compaction import triggers

    if command.node is not None:
        known_node(state, command.node)
    if command.zone is not None:
        key = (command.node or 0, command.zone)
        if key not in state.zones:
            raise BadInput(f"node {key[0]} has no zone {key[1]}")
        return triggers.compact_zone(state, key, command.order)
    if command.node is None:
        return triggers.compact_memory(state)
    return triggers.compact_node(state, command.node)


def _export(command: Compact, place: Place) -> Iterator[str]:
    if command.zone is not None:
        yield no_line(_FORM.write(command))
    elif command.node is not None:
        yield echo(f"{NODE}/node{command.node}/compact", "1")
    else:
        yield echo("/proc/sys/vm/compact_memory", "1")


_FORM: Final = Form(Compact, "", Option("node"), Option("zone"), Option("order"))
ROW: Final = Row(
    Compact,
    _FORM,
    "compact the memory of a node or of all, or a zone until it has a free area of an order",
    "compact node 0",
    _run,
    _export,
    work=Work(begin=512, each=3),
)
