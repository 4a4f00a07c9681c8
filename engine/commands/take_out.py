"""remove and eject: memory goes away again."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.units import parse_bytes
from ..protocol.reasons.notes import MoreOfTheDevice, NoDeviceThere, Note, NothingThere
from .fields import Base
from .form import Form
from .row import Row, Steps, Work
from .shell import Person, Place, Stop, Unplug, monitor, reconfigure, step


class Remove(Base, tag="remove", frozen=True):
    """Remove `size` bytes of memory at address `start`, whose blocks are offline (try_remove_memory); bytes, or text like
    "4G"."""

    start: int | str
    size: int | str


class Eject(Base, tag="eject", frozen=True):
    """Take out the memory device with `size` bytes at address `start`, as the ACPI driver does: offline all its blocks, then
    remove them (acpi_memory_device_remove); bytes, or text like "4G"."""

    start: int | str
    size: int | str


def _remove(state: State, command: Remove, notes: list[Note]) -> Steps:
    from ..hotplug.remove import remove_memory

    start, size = parse_bytes(command.start), parse_bytes(command.size)
    page = state.geometry.page_size
    if start % page == 0 and not state.sections_of(start // page, size // page):
        notes.append(NothingThere(start))
    return remove_memory(state, start, size)


def _eject(state: State, command: Eject, notes: list[Note]) -> Steps:
    from ..hotplug.acpi_eject import bound, eject
    from ..hotplug.dlpar import remove_lmbs

    start, size = parse_bytes(command.start), parse_bytes(command.size)
    if not bound(state, start, size):
        notes.append(NoDeviceThere(start))
    notes += _rest_of_device(state, start, size)
    return (remove_lmbs if state.preset.ejects == "dlpar" else eject)(state, start, size)


def _rest_of_device(state: State, start: int, size: int) -> Iterator[Note]:
    """ACPI ejects whole devices: blocks of the same group, or of the same request, go along."""
    page = state.geometry.page_size
    first, pages = start // page, size // page
    ours = {block.id: block for block in state.range_blocks(first, pages)}
    named = {block.group for block in ours.values() if block.group is not None}
    groups = {number for number in named if not state.groups[number].dynamic}
    others = {block.id for block in state.blocks.values() if block.group in groups} if groups else set[int]()
    for request in state.requests_in(first, pages):
        if first <= request.start and request.start + request.pages <= first + pages:
            continue  # all of it goes
        along = state.range_blocks(request.start, request.pages)
        if any(block.id in ours and block.group is None for block in along):
            others |= {block.id for block in along}
    if more := len(others - ours.keys()):
        yield MoreOfTheDevice(more)


def _export(command: Remove | Eject, place: Place) -> Iterator[str]:
    ejected = isinstance(command, Eject)
    yield step((EJECT if ejected else REMOVE).form.write(command))
    start, size = parse_bytes(command.start), parse_bytes(command.size)
    dimm = place.dimms.get((start, size))
    part_of = next((n for (low, length), n in place.dimms.items() if low < start + size and start < low + length), None)
    if dimm is None and part_of is not None:
        if place.refused:
            return
        yield Stop(
            f"only a part of dimm{part_of}, which a real eject takes out as a whole: what follows would not be true"
        )
    elif dimm is not None:
        yield monitor(f"device_del dimm{dimm}", Unplug(dimm))
        yield monitor(f"object_del mem{dimm}")
    elif place.by_kmem:
        yield reconfigure("take the DAX device back from the system", "--mode=devdax")
    elif ejected:
        by_hand = "echo 1 > /sys/bus/acpi/devices/PNP0C80:NN/eject, NN being the number of its device"
        yield Person(f"not plugged in above: {by_hand}")
    else:
        yield Person("not plugged in above: the driver that added this memory removes it")


REMOVE: Final = Row(
    Remove,
    Form(Remove, "SIZE at START"),
    "remove memory whose blocks are offline, and its memmap with it",
    "remove 128M at 4G",
    _remove,
    _export,
    hotplug=True,
    work=Work(begin=16),
)
EJECT: Final = Row(
    Eject,
    Form(Eject, "SIZE at START"),
    "take a memory device out as the ACPI driver does: offline all its blocks, then remove them",
    "eject 128M at 4G",
    _eject,
    _export,
    hotplug=True,
    work=Work(begin=16),
)
