"""Where more memory could be added: an address that is free."""

from __future__ import annotations

from typing import Final

from ..memory.state import Holder, State, state_of
from ..numbers.rounding import up
from ..numbers.units import GIB, parse_bytes

_FIRMWARE_WINDOW: Final = 4 * GIB
"""Firmware leaves what is below 4 GiB to devices and puts the window for hot-added memory above."""
_GIGANTIC: Final = GIB
"""Bytes of a gigantic page on most architectures, and the usual granularity of memory devices."""


def suggested_address(machine: Holder | State, size: int | str) -> int:
    """The first address (byte) for so many bytes of new memory, or text like "4G": free, above all memory and the devices of
    the firmware, aligned to a memory block and, where there is room for pages of 1 GiB, to one of these."""
    state, wanted = state_of(machine), parse_bytes(size)
    block = state.geometry.block_size
    unit = max(block, _GIGANTIC) if wanted >= _GIGANTIC else block
    last = max((*state.blocks, *(nr // state.geometry.sections_per_block for nr in state.sections)), default=-1)
    start = up(max((last + 1) * block, _FIRMWARE_WINDOW), unit)
    for resource in sorted(state.resources.values(), key=lambda resource: resource.start):
        if resource.start < start + wanted and start < resource.end:
            start = up(resource.end, unit)
    return start
