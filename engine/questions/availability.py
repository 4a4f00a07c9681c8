"""Which real kernel puts a memmap where: the placements that released kernels have, and what each needs at boot."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..hotplug.placement import choose
from ..memory.state import State
from ..protocol.reasons import HotplugError
from ..protocol.vocabulary import Caller, Placement

UNRELEASED: Final[Mapping[Placement, str]] = MappingProxyType(
    {"range": "in no released kernel (RFC v2)", "sections": "in no released kernel (RFC option b)"}
)
"""Placements that no released kernel has, and where they were proposed."""

_AT_BOOT: Final[Mapping[Placement, str]] = MappingProxyType(
    {"block": "memmap_on_memory=Y at boot", "boot": "memmap_on_memory=N at boot"}
)
_ELSEWHERE: Final[Mapping[Placement, str]] = MappingProxyType(
    {"block": "from Linux 5.14 on", "boot": "in every released kernel"}
)

SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "as it is": "as it is",
        UNRELEASED["range"]: "RFC v2 only",
        UNRELEASED["sections"]: "RFC option b",
        _AT_BOOT["block"]: "=Y at boot",
        _AT_BOOT["boot"]: "=N at boot",
        _ELSEWHERE["block"]: "from 5.14 on",
        _ELSEWHERE["boot"]: "any release",
    }
)
"""What it takes, in the few letters of a table's cell; what is missing here no kernel does."""


def availability(state: State, size: int, caller: Caller, placement: Placement | None) -> str:
    """What it takes for a real machine to place the memmap of a request of `size` bytes so, in words; None is whatever
    its kernel does."""
    if placement is None:
        return "as it is"
    if placement in UNRELEASED:
        return UNRELEASED[placement]
    if by_itself(state, size, caller) == placement:
        return "as it is"
    if not state.model.parameter_modes:
        return _ELSEWHERE[placement]
    if placement == "block" and caller not in state.model.opt_in:
        return f"in no released kernel ({caller} does not ask for it)"
    if placement == "block" and state.settings.memmap_on_memory != "N":
        return "as it is"  # it is on, and where the kernel refuses nevertheless, no boot option helps
    return _AT_BOOT[placement]


def by_itself(state: State, size: int, caller: Caller) -> Placement | None:
    """The placement that the kernel model chooses; None where it refuses."""
    try:
        return choose(state, size, caller, None, None).placement
    except HotplugError:
        return None
