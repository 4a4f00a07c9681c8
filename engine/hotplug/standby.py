"""Standby memory of s390 that is configured block by block since 6.19: /sys/firmware/memory/memoryN (drivers/s390/char).

Until it is configured, a block of it is no memory block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from ..kernels.memmap_on_memory import memmap_on_memory_support
from ..memory.state import State
from ..numbers.kstrtobool import kstrtobool
from ..protocol.events import Event
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import ConfiguredAlready, NoMemmapOnMemory, NotABoolean
from ..protocol.reasons.taking import NotOffline
from ..protocol.vocabulary import Placement
from .add import AddRequest, add_memory
from .remove import remove_memory

Steps = Iterator[Event]
_FILE: Final = r"/sys/firmware/memory/memory([0-9]{1,8})/(config|memmap_on_memory)"


def read(state: State, path: str) -> str | None:
    """The text of one of the files; None for any other path."""
    if (found := _file_of(state, path)) is None:
        return None
    number, name = found
    return "01"[number in state.blocks if name == "config" else _carries(state, number)] + "\n"


def writer(state: State, path: str) -> Callable[[str], Steps] | None:
    """What a text that is written to one of the files does; None for any other path."""
    found = _file_of(state, path)
    return None if found is None else partial(_write, state, *found)


def _file_of(state: State, path: str) -> tuple[int, str] | None:
    """The block and the name of one of the files; None for any other path. How much standby memory there is, no one says."""
    match = re.fullmatch(_FILE, path)
    if match is None or not state.model.firmware_memory or not state.preset.standby:
        return None
    number = int(match[1])
    return (number, match[2]) if (number + 1) * state.geometry.block_size <= state.geometry.max_address else None


def _write(state: State, number: int, name: str, text: str) -> Steps:
    """Configure a block or take it back, or say whether it is to carry its own memmap, which is settled when it is configured.
    Raises `HotplugError`: EBUSY for a block that is online, or configured already; EOPNOTSUPP where none can carry a memmap."""
    if (wanted := kstrtobool(text)) is None:
        raise HotplugError("EINVAL", NotABoolean(text))
    size, there = state.geometry.block_size, state.blocks.get(number)
    if name == "memmap_on_memory":
        if there is not None:
            raise HotplugError("EBUSY", ConfiguredAlready(number))
        if wanted and not _supported(state):
            raise HotplugError("EOPNOTSUPP", NoMemmapOnMemory())
        state.standby.put(number, wanted)
    elif wanted and there is None:
        placement: Placement | None = None if _carries(state, number) else "boot"
        node = min(state.nodes, default=0)
        yield from add_memory(state, AddRequest(number * size, size, node, "sclp", placement))
    elif not wanted and there is not None:
        if there.state != "offline":
            raise HotplugError("EBUSY", NotOffline(number), state.block_range(number)[0])
        yield from remove_memory(state, number * size, size)


def _carries(state: State, number: int) -> bool:
    """Does a block carry its own memmap, or will it?"""
    if (block := state.blocks.get(number)) is not None:
        return block.head > 0
    return state.standby.get(number, _supported(state))


def _supported(state: State) -> bool:
    return memmap_on_memory_support(state.geometry, state.model, state.settings.memmap_on_memory).reason is None
