"""A tree of kernel files, whatever it is kept in, read and never written.

Paths are relative to the tree and use "/": ``sys/devices/system/memory/block_size_bytes``. A symlink is followed only
as far as it stays inside the tree; one that leaves it or dangles (real trees have both) is a name and nothing more.
A file that exists but cannot be read counts as absent, and a note says so.
"""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Protocol, Self, TypeVar

from ..numbers.errors import BadInput
from ..numbers.units import MIB, format_bytes
from .memory_devices import MemoryDevice

T = TypeVar("T")

WHOLE_FILE_LIMIT = 64 * MIB
"""Bytes that a file which is read at once may have: far beyond the longest ones of real machines."""
LINE_LIMIT = 1 << 19
"""Lines of a text: zoneinfo has five for each CPU in each zone, and no file has more."""
ATTRIBUTE_LIMIT = 256
"""Bytes of a file of a memory block; no value of one is longer."""
CHUNK = MIB
"""Bytes that are read at a time: a multiple of kpageflags' 8."""
ABSENT_ERRORS = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""What opening a file says that is not there, or behind a link that leads nowhere."""


class File(Protocol):
    """A file that is open."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""

    def close(self) -> None:
        """Let go of it."""


class Tree(ABC):
    """What can be asked of a tree; `notes` collects a sentence for each thing that it has but would not give, `empty` the files
    that were read and hold nothing, `devices` are memory devices of lists beside it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.notes: list[str] = []
        self.empty: list[str] = []
        self.devices: tuple[MemoryDevice, ...] = ()

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """The entries of a folder, links among them, in sorted order; none if there is no such folder."""

    @abstractmethod
    def folders(self, folder: str) -> list[str]:
        """The entries of a folder that are folders themselves (a link to one is not), in sorted order."""

    def has(self, folder: str, entry: str) -> bool:
        """Whether a folder has the entry, be it a dangling link."""
        return entry in self.names(folder)

    @abstractmethod
    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        """What the short `file` of each of some `folders` of `folder` holds; None: absent. Made for 65,536 of them."""

    @abstractmethod
    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        """The entries of each of some `folders` of `folder`, in no particular order."""

    @abstractmethod
    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        """Whether each of some `folders` of `folder` has the entry, be it a dangling link; cheaper than its names."""

    @abstractmethod
    def _open(self, path: str) -> File | None:
        """The file to read from, None if absent; OSError if it exists and will not open."""

    def close(self) -> None:  # noqa: B027 - a folder has nothing to close
        """Let go of what reading needed."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """The file piece by piece, so that its size does not matter; nothing if absent or empty."""
        try:
            if (file := self._open(path)) is not None:
                with closing(file):
                    while piece := file.read(CHUNK):
                        yield piece
        except OSError as error:
            self.unreadable(path, error)

    def read_bytes(self, path: str) -> bytes | None:
        """The whole file; None: absent. Raises `BadInput` where it is larger than `WHOLE_FILE_LIMIT`."""
        try:
            if (file := self._open(path)) is None:
                return None
            with closing(file):
                data = bytearray()
                while piece := file.read(CHUNK):
                    data += piece
                    if len(data) > WHOLE_FILE_LIMIT:
                        raise BadInput(
                            f"{self.source}: {path} goes on after {format_bytes(WHOLE_FILE_LIMIT)}; "
                            f"what a kernel writes there is far shorter"
                        )
                if not data:
                    self.empty.append(path)
                return bytes(data)
        except OSError as error:
            self.unreadable(path, error)
            return None

    def read_text(self, path: str) -> str | None:
        """The whole file as text; None: absent. Zero bytes at its end, with which tar pads sysfs files, are dropped. Raises
        `BadInput` for more than `LINE_LIMIT` lines."""
        data = self.read_bytes(path)
        if data is not None and data.count(b"\n") > LINE_LIMIT:
            raise BadInput(
                f"{self.source}: {path} has more than {LINE_LIMIT} lines; what a kernel writes there is far shorter"
            )
        return None if data is None else data.rstrip(b"\0").decode("utf-8", "replace")

    def parse(self, path: str, parser: Callable[[str, str], T]) -> T | None:
        """What `parser` (of text and path) makes of an optional file; None if absent or, with a note, wrong."""
        try:
            text = self.read_text(path)
            return None if text is None else parser(text, path)
        except BadInput as error:
            if str(error) not in self.notes:  # some files are looked at twice
                self.notes.append(str(error))
            return None

    def unreadable(self, path: str, error: OSError) -> None:
        """Note a file that is there and cannot be read."""
        if error.errno not in ABSENT_ERRORS:
            self.notes.append(f"{path} exists but could not be read: {error.strerror or error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()
