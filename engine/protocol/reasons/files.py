"""Why a file of sysfs or procfs is not read, or does not take what is written to it."""

from __future__ import annotations

from typing import Literal

from .coded import Coded


class NotANumber(Coded, frozen=True):
    """The text is no number in the base that the file takes (lib/kstrtox.c)."""

    text: str


class TooManyBits(Coded, frozen=True):
    """The number is above what so many bits hold."""

    text: str
    bits: int


class NotABoolean(Coded, frozen=True):
    """The text is none that kstrtobool takes."""

    text: str


class NotAmong(Coded, frozen=True):
    """The word is none of those that the file takes."""

    text: str
    choices: tuple[str, ...]


class NoSuchFile(Coded, frozen=True):
    """There is no file of that path."""

    path: str


class NotModelled(Coded, frozen=True):
    """A real kernel may have the file; altmap does not model it."""

    path: str


class NotBuiltIn(Coded, frozen=True):
    """The kernel was built without the file."""

    path: str


class IsAFolder(Coded, frozen=True):
    """The path is that of a folder."""

    path: str


class OnlyWritten(Coded, frozen=True):
    """The file cannot be read."""

    path: str


class OnlyRead(Coded, frozen=True):
    """The file cannot be written."""

    path: str


class NoSuchBlock(Coded, frozen=True):
    """There is no device memoryN of that number."""

    block: int


class AlreadySo(Coded, frozen=True):
    """The block is in the state that was written to its file `state` (state_store)."""

    block: int
    state: Literal["online", "offline"]


class NotWhileIn(Coded, frozen=True):
    """A DAX device goes from one plugged state to another by way of unplugged alone."""

    wanted: str
    now: str


class ConfiguredAlready(Coded, frozen=True):
    """Where a block's memmap lies is settled when it is configured (/sys/firmware/memory)."""

    block: int


class NoMemmapOnMemory(Coded, frozen=True):
    """No block can carry its own memmap here (mhp_supports_memmap_on_memory)."""


class NotABlockAddress(Coded, frozen=True):
    """An address (bytes) that the file `probe` takes is a multiple of the block size."""

    address: int


class NeverOnDemand(Coded, frozen=True):
    """Huge pages above the biggest order of the buddy allocator cannot be overcommitted."""

    path: str


FileReason = (
    NotANumber
    | TooManyBits
    | NotABoolean
    | NotAmong
    | NoSuchFile
    | NotModelled
    | NotBuiltIn
    | IsAFolder
    | OnlyWritten
    | OnlyRead
    | NoSuchBlock
    | AlreadySo
    | NotWhileIn
    | ConfiguredAlready
    | NoMemmapOnMemory
    | NotABlockAddress
    | NeverOnDemand
)
