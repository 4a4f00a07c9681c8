"""compact: pages that are in use are moved together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..sysfs.hotplug_files import NODE
from .base import Base
from .form import Form, Option
from .row import Row
from .shell import Place, echo, no_line


class Compact(Base, tag="compact", frozen=True):
    """Compact the memory of a node, or of all; with `zone` and `order` one zone until it has a free area of that order."""

    node: int | None = None
    zone: str | None = None
    order: int = -1


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
    _export,
)
