"""hugepages: a pool of huge pages is resized."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.errors import BadInput
from ..numbers.units import KIB, format_bytes, parse_bytes
from ..protocol.reasons.notes import Note
from ..sysfs.paths import NODE
from .fields import Base
from .form import Form, Option
from .row import Row, Steps, Work, known_node
from .shell import Place, echo


class HugePages(Base, tag="hugepages", frozen=True):
    """Set the pool of huge pages of `size` bytes to `count` pages, on a node, or on all nodes without one (nr_hugepages). It
    succeeds even if fewer pages can be had; the events say how many there are."""

    count: int
    size: int | str = "2M"
    node: int | None = None


def _run(state: State, command: HugePages, notes: list[Note]) -> Steps:
    from ..mm.hugetlb import pool
    from ..mm.hugetlb.nr_hugepages import set_pool

    size = parse_bytes(command.size)
    if size not in pool.sizes(state):
        sizes = ", ".join(format_bytes(one) for one in pool.sizes(state))
        known = f"sizes are {sizes}" if sizes else f"a kernel of {state.preset.name} has none"
        raise BadInput(f"there are no huge pages of {format_bytes(size)} here; {known}")
    if command.node is not None:
        known_node(state, command.node)
    if command.count < 0:
        raise BadInput(f"a pool cannot hold {command.count} huge pages; give 0 or more")
    return set_pool(state, command.node, size, command.count)


def _export(command: HugePages, place: Place) -> Iterator[str]:
    folder = "/sys/kernel/mm/hugepages" if command.node is None else f"{NODE}/node{command.node}/hugepages"
    yield echo(f"{folder}/hugepages-{parse_bytes(command.size) // KIB}kB/nr_hugepages", str(command.count))


ROW: Final = Row(
    HugePages,
    Form(HugePages, "COUNT of SIZE", Option("node")),
    "bring the pool of huge pages of a size to so many, on a node or on all",
    "hugepages 4 of 2M",
    _run,
    _export,
    work=Work(begin=64, each=4),
)
