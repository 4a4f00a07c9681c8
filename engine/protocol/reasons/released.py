"""Which real kernels put a memmap where a person wants it, and what it takes. To do that is called "it" below."""

from __future__ import annotations

from typing import Literal

from ..vocabulary import Caller, Mode
from .coded import Coded


class AsItIs(Coded, frozen=True):
    """The machine's kernel does it as it was booted."""


class OnlyProposed(Coded, frozen=True):
    """No released kernel does it; it was proposed in the RFC."""

    proposed: Literal["RFC v2", "RFC option b"]


class NeverAsked(Coded, frozen=True):
    """No released kernel does it for this caller, which does not ask for it."""

    caller: Caller


class AtBoot(Coded, frozen=True):
    """It takes another value of memory_hotplug.memmap_on_memory at boot."""

    memmap_on_memory: Mode


class NoValueDoes(Coded, frozen=True):
    """No value of memory_hotplug.memmap_on_memory does it on the machine."""


class OwnFile(Coded, frozen=True):
    """The device's own file memmap_on_memory must say so (/sys/bus/dax/devices/daxX.Y), before its driver is bound."""


class SinceRelease(Coded, frozen=True):
    """Kernels do it from this release on."""

    release: str


class EveryRelease(Coded, frozen=True):
    """Every released kernel does it."""


class OtherKernel(Coded, frozen=True):
    """It takes another kernel."""

    model: str


class OtherBlocks(Coded, frozen=True):
    """It takes memory blocks of another size (bytes): `decided` by where the memory of the boot ends, by the firmware or
    hypervisor, or never otherwise than one section (memory_block_size_bytes)."""

    size: int
    decided: Literal["memory", "firmware", "section"]


Released = (
    AsItIs
    | OnlyProposed
    | NeverAsked
    | AtBoot
    | NoValueDoes
    | OwnFile
    | SinceRelease
    | EveryRelease
    | OtherKernel
    | OtherBlocks
)
