"""Can a range be addressed? (mhp_range_allowed, check_hotplug_memory_addressable; mm/memory_hotplug.c)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.rounding import ceil
from ..numbers.units import TIB
from ..protocol.events import AddressDoubted, Event
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import BehindMem, BeyondAddresses
from ..protocol.reasons.unknown import HighestAddress
from ..protocol.vocabulary import Caller

_PADDING: Final = 10 * TIB
"""What KASLR leaves of the direct map behind the memory of the boot, in whole TiB (RANDOMIZE_MEMORY_PHYSICAL_PADDING)."""


def refuse_behind_mem(state: State, start: int, size: int, caller: Caller) -> Iterator[Event]:
    """What register_memory_resource is asked first in some kernels: does a range lie behind what mem= left? Raises `HotplugError`
    E2BIG. Xen's driver registers by itself what it adds, and is not known from Hyper-V's."""
    mem = state.boot.end
    if mem is None or start + size <= mem or state.geometry.arch not in state.model.mem_limits_adds:
        return
    if caller != "balloon":
        raise HotplugError("E2BIG", BehindMem(start, size, mem))
    yield AddressDoubted(HighestAddress("mem", mem))


def refuse_beyond(state: State, start: int, size: int) -> Iterator[Event]:
    """What a request of a range (bytes) is asked first. Raises `HotplugError` E2BIG; where that is not sure, or what comes of a
    range that is let pass, an event says so. An empty range is beyond all, where it is asked at once."""
    by, end, highest = state.model.range_check, start + size, state.geometry.max_address
    if end <= highest and (size or by != "request"):
        trimmed = _trimmed(state) if end > _PADDING else None
        if trimmed is not None and trimmed < end:
            yield AddressDoubted(HighestAddress("KASLR", trimmed))
        return
    if not by:
        yield AddressDoubted(HighestAddress("unchecked", highest))
    wider = 0 if state.boot.no5lvl else state.preset.wider
    if (
        by and size and end <= wider and state.evidence
    ):  # a captured machine may have them; one that was made up has not
        yield AddressDoubted(HighestAddress("5-level", highest))
    raise HotplugError("E2BIG", BeyondAddresses(start, size, highest, state.preset.limit, by, wider))


def surely_addressable(state: State) -> int:
    """First address (byte) behind those that memory can be added at for sure."""
    highest = state.geometry.max_address
    return min(highest, _trimmed(state) or highest)


def _trimmed(state: State) -> int | None:
    """Where the direct map ends, if KASLR trims it (kernel_randomize_memory); None where it does not."""
    if not state.preset.trims or state.boot.nokaslr or state.model.kaslr_limit == "rare":
        return None
    last = next((nr for nr in reversed(state.section_numbers()) if state.sections[nr].early), -1)
    boot_end = (last + 1) * state.geometry.section_size
    return ceil(boot_end, TIB) * TIB + _PADDING
