"""Where the memmap of an add request will lie: what the caller asks, what the kernel allows, what the person chose."""

from __future__ import annotations

import msgspec

from ..kernels.memmap_on_memory import memmap_on_memory_support
from ..memory.state import State
from ..numbers.errors import HotplugError
from ..protocol.vocabulary import Caller, Placement


class Choice(msgspec.Struct, frozen=True):
    """The decision for one request: the placement, the head pages that each block gives up (placement "block"), and the
    rule that led to it, in words."""

    placement: Placement
    head: int
    reason: str


def choose(state: State, size: int, caller: Caller, wanted: Placement | None, fallback: bool | None) -> Choice:
    """Decide for a request of `size` bytes. Raises `HotplugError` EINVAL where the placement was demanded and cannot be.

    Without `wanted` the kernel model decides: callers ask or do not, the parameter and the architecture allow or do not,
    and a request that asks in vain falls back or is refused as that kernel does. With `wanted` the person decides;
    alignment rules still hold, and `fallback` says whether kernel memory may serve instead (the RFC's option c).
    """
    if wanted is None:
        choice, refusal = _by_model(state, size, caller)
    else:
        choice, refusal = _by_person(state, size, wanted)
    if refusal is None:
        return choice
    if fallback is not None:
        may_fall_back = fallback
    else:
        may_fall_back = wanted is None and (state.model.asks_first or not state.model.refuse_unsupported)
    if not may_fall_back:
        raise HotplugError("EINVAL", f"the memmap cannot be placed as asked: {refusal}")
    return Choice("boot", 0, f"kernel memory, because {refusal}")


_BOOT = Choice("boot", 0, "kernel memory")


def _by_model(state: State, size: int, caller: Caller) -> tuple[Choice, str | None]:
    model, preset = state.model, state.preset
    if caller not in model.opt_in:
        return Choice("boot", 0, f"kernel memory: {caller} does not ask for a memmap on memory in {model.name}"), None
    if model.pool == "range":
        altmap = preset.rfc_altmap
        if altmap == "taken":
            return Choice("range", 0, f"the added range itself: {caller} asks for it"), None
        why = {
            "vetoed": f"{preset.geometry.arch} vetoes MHP_MEMMAP_FROM_RANGE",
            "unsupported": f"WARNING: altmap unsupported on {preset.geometry.arch}",
        }.get(altmap, f"{preset.geometry.arch} has no vmemmap")
        return Choice("boot", 0, f"kernel memory: {why}"), None
    mode = state.settings.memmap_on_memory
    support = memmap_on_memory_support(state.geometry, model.name, mode, size)
    if support.reason is None:
        waste = f", {support.waste} of them wasted" if support.waste else ""
        return Choice("block", support.pages, f"each block's own first {support.pages} pages{waste}"), None
    return _BOOT, support.reason


def _by_person(state: State, size: int, wanted: Placement) -> tuple[Choice, str | None]:
    if wanted == "boot":
        return Choice("boot", 0, "kernel memory, as asked"), None
    if wanted == "range":
        if state.preset.rfc_altmap == "vetoed":
            return _BOOT, f"{state.preset.geometry.arch} cannot touch the memory before it goes online"
        if state.preset.rfc_altmap != "taken":
            return _BOOT, f"altmap unsupported on {state.preset.geometry.arch}"
        return Choice("range", 0, "the added range itself, as asked"), None
    if wanted == "sections":
        return Choice("sections", 0, "low sections of the same node, as asked"), None
    # Whether it is on was a choice of the boot, which the person makes anew; what it then asks for is the kernel's.
    mode = state.settings.memmap_on_memory
    kernel = state.model.name if state.model.pool == "block" else "6.12"
    on = mode if mode != "N" and mode in state.model.parameter_modes else "Y"
    support = memmap_on_memory_support(state.geometry, kernel, on, size)
    if support.reason is not None:
        return _BOOT, support.reason
    return Choice("block", support.pages, f"each block's own first {support.pages} pages, as asked"), None
