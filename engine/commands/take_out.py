"""remove and eject: memory goes away again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..numbers.units import parse_bytes
from .base import Base
from .form import Form
from .row import Row
from .shell import Monitor, Place, comment


class Remove(Base, tag="remove", frozen=True):
    """Remove a range whose blocks are offline (try_remove_memory)."""

    start: int | str
    size: int | str


class Eject(Base, tag="eject", frozen=True):
    """Take a memory device out, as the ACPI driver does: offline all its blocks, then remove them."""

    start: int | str
    size: int | str


def _export(command: Remove | Eject, place: Place) -> Iterator[str]:
    ejected = isinstance(command, Eject)
    yield comment((EJECT if ejected else REMOVE).form.write(command))
    start, size = parse_bytes(command.start), parse_bytes(command.size)
    dimm = place.dimms.get((start, size))
    part_of = next((n for (low, length), n in place.dimms.items() if low < start + size and start < low + length), None)
    if dimm is None and part_of is not None:
        if place.refused:
            return
        yield comment(
            f"only a part of dimm{part_of}, which a real eject takes out as a whole: what follows would not be true"
        )
        yield "exit 1"
    elif dimm is not None:
        yield Monitor(f"device_del dimm{dimm}")
        yield Monitor(f"object_del mem{dimm}")
    elif ejected:
        by_hand = "echo 1 > /sys/bus/acpi/devices/PNP0C80:NN/eject, NN being the number of its device"
        yield comment(f"not plugged in above: {by_hand}")
    else:
        yield comment("not plugged in above: the driver that added this memory removes it")


REMOVE: Final = Row(
    Remove,
    Form(Remove, "SIZE at START"),
    "remove memory whose blocks are offline, and its memmap with it",
    "remove 128M at 4G",
    _export,
)
EJECT: Final = Row(
    Eject,
    Form(Eject, "SIZE at START"),
    "take a memory device out as the ACPI driver does: offline all its blocks, then remove them",
    "eject 128M at 4G",
    _export,
)
