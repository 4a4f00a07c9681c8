"""What is said besides of a command: that it found nothing to do, and what a sync found."""

from __future__ import annotations

from ..vocabulary import Caller
from .coded import Coded


class NothingThere(Coded, frozen=True):
    """There was no memory at the address; removing it is a success."""

    start: int


class NoDeviceThere(Coded, frozen=True):
    """No memory device works at the address, so that an eject changes nothing."""

    start: int


class MoreOfTheDevice(Coded, frozen=True):
    """The device has so many more blocks than were ejected, which a real eject takes too."""

    blocks: int


class BlockAppeared(Coded, frozen=True):
    """A capture shows a block that the model had not."""

    block: int


class BlockVanished(Coded, frozen=True):
    """A capture shows no block where the model had one."""

    block: int


class BlockDiffers(Coded, frozen=True):
    """A capture shows a block in another state or with other valid_zones than the model had."""

    block: int
    state: str
    valid_zones: str
    had_state: str
    had_valid_zones: str


class ZoneDiffers(Coded, frozen=True):
    """A capture shows another number of a zone than the model had; `what` is its name in /proc/zoneinfo."""

    node: int
    zone: str
    what: str
    pages: int
    had: int


class StaysInFreeArea(Coded, frozen=True):
    """This kernel would leave the free page where it is, to be counted as free until someone would get it; it is taken out
    nevertheless."""

    pfn: int


class NoDriverYet(Coded, frozen=True):
    """The kernel has no driver that adds memory so: that came with the release `since`. It is done nevertheless, as a driver of
    that kernel would."""

    caller: Caller
    kernel: str
    since: str


class OfTheCapture(Coded, frozen=True):
    """A sentence on what could not be read, or had to be assumed, of a capture: about the input, not the kernel."""

    text: str


Note = (
    NothingThere
    | NoDeviceThere
    | MoreOfTheDevice
    | BlockAppeared
    | BlockVanished
    | BlockDiffers
    | ZoneDiffers
    | StaysInFreeArea
    | NoDriverYet
    | OfTheCapture
)
"""What is to be said beside the result of a command: any class of this file."""
