"""Where the files of memory hotplug are; of its parameters also which of them a kernel has, and what they read as."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..memory.settings import Settings
from ..memory.state import State

MEMORY: Final = "/sys/devices/system/memory"
NODE: Final = "/sys/devices/system/node"
MEMORY_BUS: Final = "/sys/bus/memory/devices"
PARAMETERS: Final = "/sys/module/memory_hotplug/parameters"
SYSCTL: Final = "/proc/sys/vm"
NUMBER: Final = "(0|[1-9][0-9]{0,9})"
"""A number in a path as the kernel writes it: a pattern."""

_ELSEWHERE: Final = {"auto_online_blocks": MEMORY, "movable_gigantic_pages": SYSCTL}

PARAMETER_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {name: f"{_ELSEWHERE.get(name, PARAMETERS)}/{name}" for name in Settings.__struct_fields__}
)
"""The file of each parameter in `Settings`."""


def parameters(state: State) -> dict[str, str]:
    """What the files of the parameters read as, by name, without those that the kernel does not have."""
    return {name: parameter(state, name) for name, path in PARAMETER_FILES.items() if has_parameter(state, path)}


def parameter(state: State, name: str) -> str:
    """What the file of a parameter reads as, without its line end."""
    return state.settings.texts().get(name, "0")


def has_parameter(state: State, path: str) -> bool:
    """Parameters came with memmap_on_memory, with the online policies, and with gigantic pages that can move; any other file is
    no parameter's, and is there."""
    if path == f"{SYSCTL}/movable_gigantic_pages":
        return state.model.movable_gigantic and state.preset.moves_huge_pages
    if not path.startswith(PARAMETERS):
        return True
    if path.endswith("/memmap_on_memory"):
        return state.model.has_parameter(state.geometry.arch)
    return len(state.model.policies) > 1
