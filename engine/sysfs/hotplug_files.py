"""The sysfs face of memory hotplug: what each file reads as, what a write to it does, and the errno of a wrong one.

Paths are those of the kernel, below /sys/devices/system/memory, /sys/devices/system/node and
/sys/module/memory_hotplug/parameters (drivers/base/memory.c, drivers/base/node.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from ..hotplug import dax, standby
from ..hotplug.add import AddRequest, add_memory
from ..memory.state import State
from ..memory.zone import KERNEL_ZONES
from ..numbers.kstrtobool import kstrtobool
from ..numbers.runs import consecutive
from ..protocol.events import Event, ParameterSet
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import (
    IsAFolder,
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
from . import block_files, page_files
from .kstrto import kstrto, proc_number
from .paths import MEMORY, MEMORY_BUS, NODE, PARAMETER_FILES, PARAMETERS, SYSCTL, has_parameter, parameter

Steps = Iterator[Event]

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
    if (reader := _READERS.get(path)) is not None and has_parameter(state, path):
        return reader(state) + "\n"
    if match := re.fullmatch(_BLOCK, path):
        block = block_files.block_at(state, int(match[1]))
        if (attribute := block_files.READERS.get(match[2])) is not None:
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


def _node_mask(wanted: Callable[[State, int], bool]) -> Callable[[State], str]:
    return lambda state: ranges([node for node in sorted(state.nodes) if wanted(state, node)])


def _has_normal(state: State, node: int) -> bool:
    return any(zone.node == node and zone.present and zone.name in KERNEL_ZONES for zone in state.zones.values())


_READERS: Final[dict[str, Callable[[State], str]]] = {
    f"{MEMORY}/block_size_bytes": lambda state: f"{state.geometry.block_size:x}",
    **{path: partial(parameter, name=name) for name, path in PARAMETER_FILES.items()},
    f"{NODE}/possible": _node_mask(lambda state, node: True),
    f"{NODE}/online": _node_mask(lambda state, node: state.nodes[node].online),
    f"{NODE}/has_memory": _node_mask(lambda state, node: state.node_present(node) > 0),
    f"{NODE}/has_normal_memory": _node_mask(_has_normal),
    f"{NODE}/has_cpu": _node_mask(lambda state, node: state.nodes[node].cpus),
}


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
    if match and match[2] in block_files.WRITERS:
        block = block_files.block_at(state, int(match[1]))
        if data:
            yield from block_files.WRITERS[match[2]](state, block, data.removesuffix("\n"))
        return
    if path in _WRITERS and has_parameter(state, path):
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


def _exists(state: State, path: str) -> None:
    if path == f"{MEMORY}/probe" and not state.boot.probe:
        raise HotplugError("ENOENT", NotBuiltIn(path))


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
