"""The files of a memory block: what each reads as, and what a write to `state` or `online` does (drivers/base/memory.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from ..hotplug.offline import offline_block
from ..hotplug.online import online_block
from ..hotplug.without import without_hotplug
from ..hotplug.zone_policy import valid_zones
from ..memory.block import Block
from ..memory.state import State
from ..mm import page_isolation
from ..numbers.kstrtobool import kstrtobool
from ..protocol.events import Event
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import AlreadySo, NoSuchBlock, NotABoolean, NotAmong
from ..protocol.vocabulary import ONLINE_TYPES
from .paths import MEMORY, NUMBER

Steps = Iterator[Event]
_BLOCK: Final = rf"{MEMORY}/memory{NUMBER}/(\w+)"


def read(state: State, path: str) -> str | None:
    """The text of a file of a block; None for a path that is none. Raises `HotplugError` ENOENT where there is no such block."""
    match = re.fullmatch(_BLOCK, path)
    if match is None:
        return None
    block, reader = block_at(state, int(match[1])), _READERS.get(match[2])
    return None if reader is None else reader(state, block) + "\n"


def writer(state: State, path: str) -> Callable[[str], Steps] | None:
    """What a text that is written to a file of a block does; None for a path that is none, or that is only read. Raises
    `HotplugError` ENOENT where there is no such block."""
    match = re.fullmatch(_BLOCK, path)
    if match is None or match[2] not in _WRITERS:
        return None
    write, block = _WRITERS[match[2]], block_at(state, int(match[1]))
    return lambda data: write(state, block, data.removesuffix("\n"))


def block_at(state: State, number: int) -> Block:
    """A memory block. Raises `HotplugError` ENOENT where there is none, or none that files tell of."""
    if (lacking := without_hotplug(state)) is not None:
        raise HotplugError("ENOENT", lacking)
    if (block := state.blocks.get(number)) is None:
        raise HotplugError("ENOENT", NoSuchBlock(number))
    return block


def of_block(state: State, number: int, name: str) -> str:
    """The text of a file of a memory block, without its line end. Raises `HotplugError` ENOENT where there is no such block."""
    return _READERS[name](state, block_at(state, number))


_READERS: Final[Mapping[str, Callable[[State, Block], str]]] = {
    "state": lambda state, block: block.state,
    "online": lambda state, block: "0" if block.state == "offline" else "1",
    "removable": lambda state, block: "01"[_removable(state, block)],
    "phys_index": lambda state, block: f"{block.id:08x}",
    "phys_device": lambda state, block: "0",
    "valid_zones": valid_zones,
}
"""The files of a block, by name."""


def _removable(state: State, block: Block) -> bool:
    """Before 5.6 the pages are looked at by the rules of isolation (is_mem_section_removable)."""
    if state.model.removable_looks and block.state == "offline":
        return True
    if not state.preset.can_remove(state.model.release):
        return False
    if not state.model.removable_looks:
        return True
    start, pages = state.block_range(block.id)
    return page_isolation.first_unmovable(state, state.block_sections(block.id), start, pages) is None


def set_state(state: State, number: int, word: str) -> Steps:
    """What writing a word to the file `state` of a block does. Raises `HotplugError`, ENOENT where there is no such block."""
    return _write_state(state, block_at(state, number), word)


def _write_state(state: State, block: Block, word: str) -> Steps:
    if word in ONLINE_TYPES:
        if block.state == "online":
            state.blocks.put(block.id, msgspec.structs.replace(block, online_type=word))
            raise HotplugError("EINVAL", AlreadySo(block.id, "online"))
        return online_block(state, block.id, word)
    if word == "offline":
        if block.state != "online":
            raise HotplugError("EINVAL", AlreadySo(block.id, "offline"))
        return offline_block(state, block.id)
    raise HotplugError("EINVAL", NotAmong(word, (*ONLINE_TYPES, "offline")))


def _write_online(state: State, block: Block, word: str) -> Steps:
    wanted = kstrtobool(word)
    if wanted is None:
        raise HotplugError("EINVAL", NotABoolean(word))
    if wanted and block.state == "offline":
        yield from online_block(state, block.id, block.online_type or "online")
    elif not wanted and block.state == "online":
        yield from offline_block(state, block.id)


_WRITERS: Final[Mapping[str, Callable[[State, Block, str], Steps]]] = {"state": _write_state, "online": _write_online}
"""What a word written to a file of a block does, by the file's name. Raises `HotplugError`."""
