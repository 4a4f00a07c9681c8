"""online and offline: a memory block comes into use, or leaves it."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from ..memory.state import State
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import ONLINE_TYPES, OnlineType
from ..sysfs.paths import MEMORY
from .fields import Base
from .form import Choice, Form
from .row import Row, Steps
from .shell import Place, echo


class Online(Base, tag="online", frozen=True):
    """Online the memory block ``memoryN`` whose number is `block`. `type` chooses the zone: "online_kernel",
    "online_movable", or "online", which leaves it to the kernel's policy."""

    block: int
    type: OnlineType = "online"


class Offline(Base, tag="offline", frozen=True):
    """Offline the memory block ``memoryN`` whose number is `block` (offline_pages)."""

    block: int


@cache
def _set_state() -> Callable[[State, int, str], Steps]:
    from ..sysfs.block_files import set_state

    return set_state


@cache
def _go_on() -> Callable[[State], Steps]:
    from ..hotplug.virtio_mem import go_on  # it brings all that adds memory

    return go_on


def _online(state: State, command: Online, notes: list[Note]) -> Steps:
    yield from _set_state()(state, command.block, command.type)
    if state.virtio_mem:
        yield from _go_on()(state)


def _offline(state: State, command: Offline, notes: list[Note]) -> Steps:
    return _set_state()(state, command.block, "offline")


def _export_online(command: Online, place: Place) -> Iterator[str]:
    yield echo(f"{MEMORY}/memory{command.block}/state", command.type)


def _export_offline(command: Offline, place: Place) -> Iterator[str]:
    yield echo(f"{MEMORY}/memory{command.block}/state", "offline")


_TYPES: Final = (
    *((word, word) for word in ONLINE_TYPES),
    ("kernel", "online_kernel"),
    ("movable", "online_movable"),
)
ONLINE: Final = Row(
    Online,
    Form(Online, "BLOCKS", Choice("type", _TYPES, always=True)),
    "online blocks, one command each: their pages join a zone and its free lists",
    "online 32-39 movable",
    _online,
    _export_online,
    hotplug=True,
)
OFFLINE: Final = Row(
    Offline,
    Form(Offline, "BLOCKS"),
    "offline blocks, one command each: isolate, migrate, take out; or EBUSY, with the page in the way",
    "offline memory32",
    _offline,
    _export_offline,
    signals=True,
    hotplug=True,
)
