"""What doing an alternative takes: commands, and another boot before them where the machine cannot have it so."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ...commands import Add, Command, Online, extent
from ...kernels.models import MODELS
from ...numbers.frozen import Frozen
from ...numbers.units import format_bytes
from ...protocol.reasons import released
from ...protocol.reasons.released import Released
from .comparison import Alternative, Comparison


class Doing(NamedTuple):
    """How an alternative is done: `add`, then `online`, a command for each of its blocks. `boot` is what another boot must be
    given first, as `reboot` takes it (empty: it is done on the machine itself). `unreleased`: no released kernel does it, so
    that the placement has to be demanded of the model."""

    add: Add
    online: tuple[Online, ...]
    boot: Frozen[str, str]
    unreleased: bool

    @property
    def commands(self) -> tuple[Command, ...]:
        """All of them, in order."""
        return (self.add, *self.online)


def doing(comparison: Comparison, number: int) -> Doing:
    """How the alternative with this number, from 0 on, is done."""
    row = comparison.alternatives[number]
    boot: dict[str, str] = {}
    for needs in (row.needs, *row.boots):
        boot |= _options(needs, row)
    unreleased = isinstance(row.needs, released.NeverAsked | released.NoValueDoes) or (
        row.needs == released.OnlyProposed("RFC option b")
    )
    demanded = unreleased or isinstance(row.needs, released.OwnFile | released.OnlyProposed)
    asked = demanded or row.placement == comparison.request.placement
    add = msgspec.structs.replace(comparison.request, placement=row.placement if asked else None)
    start, size = extent(add)
    blocks = range(start // row.block_size, (start + size) // row.block_size)
    return Doing(add, tuple(Online(block=nr, type=row.online_type) for nr in blocks), Frozen(boot), unreleased)


def _options(needs: Released, row: Alternative) -> dict[str, str]:
    """What a boot has to be given."""
    match needs:
        case released.OnlyProposed("RFC v2"):
            return {"model": row.model if MODELS[row.model].pool == "range" else "rfc-v2"}
        case released.AtBoot(mode):
            return {"memmap_on_memory": mode}
        case released.SinceRelease(release):
            return {"model": release, "memmap_on_memory": "Y"}
        case released.EveryRelease():
            return {"model": [*MODELS][-1], "memmap_on_memory": "N"}
        case released.OtherKernel(model):
            return {"model": model}
        case released.OtherBlocks(size):
            return {"block_size": format_bytes(size)}
    return {}
