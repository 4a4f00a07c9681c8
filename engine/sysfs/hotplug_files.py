"""The sysfs face of memory hotplug: what each file reads as, what a write to it does, and the errno of a wrong one.

Paths are those of the kernel, below /sys/devices/system/memory, /sys/devices/system/node and
/sys/module/memory_hotplug/parameters (drivers/base/memory.c, drivers/base/node.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from ..hotplug import dax, standby
from ..hotplug.add import AddRequest, add_memory
from ..hotplug.offline import offline_block
from ..hotplug.online import online_block
from ..hotplug.without import without_hotplug
from ..hotplug.zone_policy import valid_zones
from ..memory.block import Block
from ..memory.settings import Settings
from ..memory.state import State
from ..memory.zone import KERNEL_ZONES
from ..mm import page_isolation
from ..numbers.kstrtobool import kstrtobool
from ..numbers.runs import consecutive
from ..protocol.events import Event, ParameterSet
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import (
    AlreadySo,
    IsAFolder,
    NoSuchBlock,
    NoSuchFile,
    NotABlockAddress,
    NotABoolean,
    NotAmong,
    NotANumber,
    NotBuiltIn,
    NotModelled,
    OnlyRead,
    OnlyWritten,
)
from ..protocol.vocabulary import ONLINE_TYPES
from . import page_files
from .kstrto import kstrto, proc_number

Steps = Iterator[Event]
MEMORY: Final = "/sys/devices/system/memory"
NODE: Final = "/sys/devices/system/node"
MEMORY_BUS: Final = "/sys/bus/memory/devices"
PARAMETERS: Final = "/sys/module/memory_hotplug/parameters"

SYSCTL: Final = "/proc/sys/vm"
_ELSEWHERE: Final = {"auto_online_blocks": MEMORY, "movable_gigantic_pages": SYSCTL}

PARAMETER_FILES: Final[Mapping[str, str]] = {
    name: f"{_ELSEWHERE.get(name, PARAMETERS)}/{name}" for name in Settings.__struct_fields__
}
"""The file of each parameter in `Settings`."""

_BLOCK: Final = rf"{MEMORY}/memory(\d+)/(\w+)"
_NODE_FILE: Final = rf"{NODE}/node(\d+)/(\w+)"
_NODE_LINK: Final = rf"{NODE}/node(\d+)/memory(\d+)/(\w+)"


def ranges(numbers: list[int]) -> str:
    """A list of numbers as the kernel prints masks: ``0-2,5``."""
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in consecutive(numbers))


# -- reading ------------------------------------------------------------------------------------------------------------


def read(state: State, path: str) -> str:
    """The text of a file, with its line end. Raises `HotplugError` ENOENT, EACCES for files that cannot be read, EISDIR."""
    path = _canonical(state, path)
    if (reader := _READERS.get(path)) is not None and _has_parameter(state, path):
        return reader(state) + "\n"
    if match := re.fullmatch(_BLOCK, path):
        block = _block(state, int(match[1]))
        if (attribute := _BLOCK_READERS.get(match[2])) is not None:
            return attribute(state, block) + "\n"
    if (
        (match := re.fullmatch(_NODE_FILE, path))
        and (node := int(match[1])) in state.nodes
        and state.nodes[node].online
    ):
        if match[2] == "meminfo":
            return _node_meminfo(state, node)
        if match[2] == "distance":
            known = state.nodes[node]
            return " ".join(str(known.distance_to(other)) for other in sorted(state.nodes)) + "\n"
    if (text := page_files.read(state, path)) is not None:
        return text
    if (device := dax.device_at(state, path)) is not None:
        return dax.word(state, device) + "\n"
    if (found := standby.file_of(state, path)) is not None:
        return standby.read(state, *found) + "\n"
    if path == f"{MEMORY}/probe":
        _exists(state, path)
        raise HotplugError("EACCES", OnlyWritten(path))
    if path.rstrip("/") in (MEMORY, NODE, PARAMETERS):
        raise HotplugError("EISDIR", IsAFolder(path))
    if not path.startswith(("/sys/", "/proc/sys/vm/")):
        raise HotplugError("ENOENT", NotModelled(path))
    raise HotplugError("ENOENT", NoSuchFile(path))


def of_block(state: State, number: int, name: str) -> str:
    """The text of a file of a memory block, without its line end. Raises `HotplugError` ENOENT where there is no such block."""
    return _BLOCK_READERS[name](state, _block(state, number))


def parameters(state: State) -> dict[str, str]:
    """What the files of the parameters read as, by name, without those that the kernel does not have."""
    return {name: _setting(name)(state) for name, path in PARAMETER_FILES.items() if _has_parameter(state, path)}


def _node_mask(wanted: Callable[[State, int], bool]) -> Callable[[State], str]:
    return lambda state: ranges([node for node in sorted(state.nodes) if wanted(state, node)])


def _has_normal(state: State, node: int) -> bool:
    return any(zone.node == node and zone.present and zone.name in KERNEL_ZONES for zone in state.zones.values())


def _setting(name: str) -> Callable[[State], str]:
    return lambda state: state.settings.texts().get(name, "0")


_READERS: Final[dict[str, Callable[[State], str]]] = {
    f"{MEMORY}/block_size_bytes": lambda state: f"{state.geometry.block_size:x}",
    f"{MEMORY}/auto_online_blocks": _setting("auto_online_blocks"),
    f"{PARAMETERS}/memmap_on_memory": _setting("memmap_on_memory"),
    f"{PARAMETERS}/online_policy": _setting("online_policy"),
    f"{PARAMETERS}/auto_movable_ratio": _setting("auto_movable_ratio"),
    f"{PARAMETERS}/auto_movable_numa_aware": _setting("auto_movable_numa_aware"),
    f"{SYSCTL}/movable_gigantic_pages": _setting("movable_gigantic_pages"),
    f"{NODE}/possible": _node_mask(lambda state, node: True),
    f"{NODE}/online": _node_mask(lambda state, node: state.nodes[node].online),
    f"{NODE}/has_memory": _node_mask(lambda state, node: state.node_present(node) > 0),
    f"{NODE}/has_normal_memory": _node_mask(_has_normal),
    f"{NODE}/has_cpu": _node_mask(lambda state, node: state.nodes[node].cpus),
}

_BLOCK_READERS: Final[dict[str, Callable[[State, Block], str]]] = {
    "state": lambda state, block: block.state,
    "online": lambda state, block: "0" if block.state == "offline" else "1",
    "removable": lambda state, block: "01"[_removable(state, block)],
    "phys_index": lambda state, block: f"{block.id:08x}",
    "phys_device": lambda state, block: "0",
    "valid_zones": valid_zones,
}


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


def _node_meminfo(state: State, node: int) -> str:
    kib = state.geometry.page_size // 1024
    zones = [zone for zone in state.zones.values() if zone.node == node]
    total = sum(zone.managed for zone in zones) * kib
    free = sum(zone.free for zone in zones) * kib
    rows = (("MemTotal:", total), ("MemFree:", free), ("MemUsed:", total - free))
    return "".join(f"Node {node} {name:<15}{value:>8} kB\n" for name, value in rows)


# -- writing ------------------------------------------------------------------------------------------------------------


def write(state: State, path: str, data: str) -> Steps:
    """What writing `data` to a file makes the kernel do. Raises `HotplugError` with the errno of the write."""
    path = _canonical(state, path)
    match = re.fullmatch(_BLOCK, path)
    if match and match[2] in ("state", "online"):
        block = _block(state, int(match[1]))
        if data:
            yield from (_write_state if match[2] == "state" else _write_online)(state, block, data.removesuffix("\n"))
        return
    if path in _WRITERS and _has_parameter(state, path):
        _exists(state, path)
        if data:
            yield from _WRITERS[path](state, data)
        return
    if (steps := page_files.write(state, path, data)) is not None:
        if data:
            yield from steps
        return
    if (device := dax.device_at(state, path)) is not None:
        if data:
            yield from dax.write(state, device, data)
        return
    if (found := standby.file_of(state, path)) is not None:
        if data:
            yield from standby.write(state, *found, data, kstrtobool(data))
        return
    read(state, path)
    raise HotplugError("EACCES", OnlyRead(path))


def set_state(state: State, number: int, word: str) -> Steps:
    """What writing a word to the file `state` of a block does. Raises `HotplugError`, ENOENT where there is no such block."""
    return _write_state(state, _block(state, number), word)


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


def _choice(name: str, words: Callable[[State], tuple[str, ...]]) -> Callable[[State, str], Steps]:
    def write_choice(state: State, data: str) -> Steps:
        word = data.removesuffix("\n")
        if word not in words(state):
            raise HotplugError("EINVAL", NotAmong(word, words(state)))
        state.parameters.change(**{name: word})
        if name == "auto_online_blocks":
            state.globals.change(auto_online_assumed=False)
        yield ParameterSet(name, word)

    return write_choice


def _write_ratio(state: State, data: str) -> Steps:
    number = kstrto(data, 0, 32)
    state.parameters.change(auto_movable_ratio=number)
    yield ParameterSet("auto_movable_ratio", str(number))


def _write_numa_aware(state: State, word: str) -> Steps:
    wanted = kstrtobool(word)
    if wanted is None:
        raise HotplugError("EINVAL", NotABoolean(word))
    state.parameters.change(auto_movable_numa_aware=wanted)
    yield ParameterSet("auto_movable_numa_aware", "Y" if wanted else "N")


def _write_gigantic(state: State, data: str) -> Steps:
    number = proc_number(data)
    if not -(1 << 31) <= number < 1 << 31:
        raise HotplugError("EINVAL", NotANumber(data))
    state.parameters.change(movable_gigantic_pages=number)
    yield ParameterSet("movable_gigantic_pages", str(number))


def _write_probe(state: State, data: str) -> Steps:
    address = kstrto(data, 0, 64)
    if address % state.geometry.block_size:
        raise HotplugError("EINVAL", NotABlockAddress(address))
    node = next((n for n in sorted(state.nodes) if state.nodes[n].online), 0)
    yield from add_memory(state, AddRequest(address, state.geometry.block_size, node, "probe"))


_WRITERS: Final[dict[str, Callable[[State, str], Steps]]] = {
    f"{MEMORY}/auto_online_blocks": _choice("auto_online_blocks", lambda state: state.model.online_words),
    f"{MEMORY}/probe": _write_probe,
    f"{PARAMETERS}/online_policy": _choice("online_policy", lambda state: state.model.policies),
    f"{PARAMETERS}/auto_movable_ratio": _write_ratio,
    f"{PARAMETERS}/auto_movable_numa_aware": _write_numa_aware,
    f"{SYSCTL}/movable_gigantic_pages": _write_gigantic,
}


def _has_parameter(state: State, path: str) -> bool:
    """Parameters came with memmap_on_memory, with the online policies, and with gigantic pages that can move."""
    if path == f"{SYSCTL}/movable_gigantic_pages":
        return state.model.movable_gigantic and state.preset.moves_huge_pages
    if not path.startswith(PARAMETERS):
        return True
    if path.endswith("/memmap_on_memory"):
        return state.model.has_parameter(state.geometry.arch)
    return len(state.model.policies) > 1


def _exists(state: State, path: str) -> None:
    if path == f"{MEMORY}/probe" and not state.boot.probe:
        raise HotplugError("ENOENT", NotBuiltIn(path))


def _block(state: State, number: int) -> Block:
    if (lacking := without_hotplug(state)) is not None:
        raise HotplugError("ENOENT", lacking)
    if (block := state.blocks.get(number)) is None:
        raise HotplugError("ENOENT", NoSuchBlock(number))
    return block


def _canonical(state: State, path: str) -> str:
    """The path without doubled slashes, and without the links by which the bus of memory blocks, and a node's folder, lead to
    one of them."""
    path = re.sub(r"/+", "/", path)
    if (found := re.fullmatch(rf"{MEMORY_BUS}/(memory\d+/\w+)", path)) is not None:
        return f"{MEMORY}/{found[1]}"
    if (
        (match := re.fullmatch(_NODE_LINK, path))
        and (block := state.blocks.get(int(match[2])))
        and int(match[1]) in block.nodes
    ):
        return f"{MEMORY}/memory{match[2]}/{match[3]}"
    return path
