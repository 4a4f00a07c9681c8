"""Which real kernel puts a memmap where: the placements that released kernels have, and what each needs at boot."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..hotplug.placement import choose
from ..memory.state import State
from ..protocol.reasons import HotplugError
from ..protocol.reasons.released import (
    AsItIs,
    AtBoot,
    EveryRelease,
    NeverAsked,
    OnlyProposed,
    Released,
    SinceRelease,
)
from ..protocol.vocabulary import Caller, Placement

UNRELEASED: Final[Mapping[Placement, OnlyProposed]] = MappingProxyType(
    {"range": OnlyProposed("RFC v2"), "sections": OnlyProposed("RFC option b")}
)
"""Placements that no released kernel has, and where they were proposed."""

_AT_BOOT: Final[Mapping[Placement, AtBoot]] = MappingProxyType({"block": AtBoot("Y"), "boot": AtBoot("N")})
_ELSEWHERE: Final[Mapping[Placement, Released]] = MappingProxyType(
    {"block": SinceRelease("5.14"), "boot": EveryRelease()}
)


def availability(state: State, size: int, caller: Caller, placement: Placement | None) -> Released:
    """What it takes for a real machine to place the memmap of a request of `size` bytes so; None is whatever its kernel
    does."""
    if placement is None:
        return AsItIs()
    if placement in UNRELEASED:
        return UNRELEASED[placement]
    if by_itself(state, size, caller) == placement:
        return AsItIs()
    if not state.model.parameter_modes:
        return _ELSEWHERE[placement]
    if placement == "block" and caller not in state.model.opt_in:
        return NeverAsked(caller)
    if placement == "block" and state.settings.memmap_on_memory != "N":
        return AsItIs()  # it is on, and where the kernel refuses nevertheless, no boot option helps
    return _AT_BOOT[placement]


def by_itself(state: State, size: int, caller: Caller) -> Placement | None:
    """The placement that the kernel model chooses; None where it refuses."""
    try:
        return choose(state, size, caller, None, None).placement
    except HotplugError:
        return None
