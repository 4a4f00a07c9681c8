"""How big memory blocks are on a machine that boots (probe_memory_block_size, arch/x86/mm/init_64.c)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..numbers.units import MIB
from .architectures import Preset
from .model import KernelModel

_LEAST_ALIGNMENT: Final = 256 * MIB
"""What the CXL specification asks of a window; one that is aligned worse is a fault of the firmware, and advises nothing."""


def block_size(
    preset: Preset, model: KernelModel, end: int, least: int, guest: bool, windows: Iterable[tuple[int, int]] = ()
) -> int:
    """Bytes of a memory block where boot memory ends at the address `end`. `least` is the size of smaller machines; `guest`:
    under a hypervisor; `windows` of CXL memory (first address, first behind it) advise a size that they are made of."""
    fits = model.block_fits == "always" or (model.block_fits == "guests" and guest)
    return preset.block_size_for(end, least, fits, _advice(windows) if model.block_advice else 0)


def _advice(windows: Iterable[tuple[int, int]]) -> int:
    """The biggest size that all windows are made of (memory_block_advise_max_size); 0 without advice."""
    sizes = [(start | end) & -(start | end) for start, end in windows]
    return min((size for size in sizes if size >= _LEAST_ALIGNMENT), default=0)
