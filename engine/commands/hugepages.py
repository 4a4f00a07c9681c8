"""hugepages: a pool of huge pages is resized."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..numbers.units import KIB, parse_bytes
from ..sysfs.hotplug_files import NODE
from .base import Base
from .form import Form, Option
from .row import Row
from .shell import Place, echo


class HugePages(Base, tag="hugepages", frozen=True):
    """Bring the pool of huge pages of a size to `count`, on a node or on all (nr_hugepages)."""

    count: int
    size: int | str = "2M"
    node: int | None = None


def _export(command: HugePages, place: Place) -> Iterator[str]:
    folder = "/sys/kernel/mm/hugepages" if command.node is None else f"{NODE}/node{command.node}/hugepages"
    yield echo(f"{folder}/hugepages-{parse_bytes(command.size) // KIB}kB/nr_hugepages", str(command.count))


ROW: Final = Row(
    HugePages,
    Form(HugePages, "COUNT of SIZE", Option("node")),
    "bring the pool of huge pages of a size to so many, on a node or on all",
    "hugepages 4 of 2M",
    _export,
)
