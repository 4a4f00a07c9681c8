"""A tree of kernel files, in a folder or in a tar, read and never written.

Paths are relative to the tree and use "/": ``sys/devices/system/memory/block_size_bytes``. A symlink is followed only
as far as it stays inside the tree; one that leaves it or dangles (real trees have both) is a name and nothing more.
A file that exists but cannot be read counts as absent, and a note says so.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import tarfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Protocol, Self, TypeVar

from ..errors import BadInput
from ..units import GIB, MIB, format_bytes

T = TypeVar("T")

WHOLE_FILE_LIMIT = 256 * MIB
"""Bytes that a file which is read at once may have: far beyond the longest ones of real machines."""
_PAGE_FILE_LIMIT = 4 * GIB  # of a tar's kpageflags or kpagecount: 8 bytes a page, so 2 TiB of 4 KiB pages
_KEPT_LIMIT = GIB  # of everything that is kept of a tar
_MEMBER = 1024  # bytes that a member takes even if it is empty
_ATTRIBUTE = 256  # no value of a memory block is longer
_CHUNK = MIB  # a multiple of kpageflags' 8 bytes
_OPENERS: tuple[tuple[bytes, Callable[[str], gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File | io.FileIO]], ...] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"BZh", bz2.BZ2File),
    (b"", io.FileIO),
)
_IN_PLACE = os.O_NOFOLLOW | os.O_NONBLOCK  # no way out through a link, no waiting at a pipe
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError)


class _File(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class Tree(ABC):
    """What can be asked of a tree; `notes` collects a sentence for each thing that it has but would not give."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.notes: list[str] = []

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """The entries of a folder, links among them, in sorted order; none if there is no such folder."""

    @abstractmethod
    def folders(self, folder: str) -> list[str]:
        """The entries of a folder that are folders themselves (a link to one is not), in sorted order."""

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
    def _open(self, path: str) -> _File | None:
        """The file to read from, None if absent; OSError if it exists and will not open."""

    def close(self) -> None:  # noqa: B027 - a folder has nothing to close
        """Let go of what reading needed."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """The file piece by piece, so that its size does not matter; nothing if absent or empty."""
        try:
            if (file := self._open(path)) is not None:
                with closing(file):
                    while piece := file.read(_CHUNK):
                        yield piece
        except OSError as error:
            self._unreadable(path, error)

    def read_bytes(self, path: str) -> bytes | None:
        """The whole file; None: absent. Raises `BadInput` where it is larger than `WHOLE_FILE_LIMIT`."""
        try:
            if (file := self._open(path)) is None:
                return None
            with closing(file):
                data = bytearray()
                while piece := file.read(_CHUNK):
                    data += piece
                    if len(data) > WHOLE_FILE_LIMIT:
                        raise BadInput(
                            f"{self.source}: {path} goes on after {format_bytes(WHOLE_FILE_LIMIT)}; "
                            f"what a kernel writes there is far shorter"
                        )
                return bytes(data)
        except OSError as error:
            self._unreadable(path, error)
            return None

    def read_text(self, path: str) -> str | None:
        """The whole file as text; None: absent. Zero bytes at its end, with which tar pads sysfs files, are dropped."""
        data = self.read_bytes(path)
        return None if data is None else data.rstrip(b"\0").decode("utf-8", "replace")

    def parse(self, path: str, parser: Callable[[str, str], T]) -> T | None:
        """What `parser` (of text and path) makes of an optional file; None if absent or, with a note, wrong."""
        text = self.read_text(path)
        try:
            return None if text is None else parser(text, path)
        except BadInput as error:
            self.notes.append(str(error))
            return None

    def _unreadable(self, path: str, error: OSError) -> None:
        if error.errno not in _ABSENT:
            self.notes.append(f"{path} exists but could not be read: {error.strerror or error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class FolderTree(Tree):
    """A tree in a folder, "/" being the machine itself."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._root = os.path.realpath(source)
        self._inside = self._root.rstrip("/") + "/"

    def _real(self, path: str) -> str | None:
        """Where the path leads once its links are followed; None: out of the tree."""
        real = os.path.realpath(self._inside + path)
        return real if real == self._root or real.startswith(self._inside) else None

    def _open(self, path: str) -> _File | None:
        real = self._real(path)
        if real is None:
            return None
        try:
            return io.FileIO(real, opener=lambda name, flags: os.open(name, flags | _IN_PLACE))
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def _list(self, real: str | None) -> list[str]:
        try:
            return [] if real is None else os.listdir(real)
        except OSError as error:
            self._unreadable((real or "").removeprefix(self._inside), error)
            return []

    def names(self, folder: str) -> list[str]:
        return sorted(self._list(self._real(folder)))

    def folders(self, folder: str) -> list[str]:
        real = self._real(folder)
        try:
            with os.scandir(real or "") as entries:
                return sorted([entry.name for entry in entries if entry.is_dir(follow_symlinks=False)])
        except OSError as error:
            self._unreadable(folder, error)
            return []

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        real = self._real(folder)
        if real is None or not names:
            return [None] * len(names)
        contents: list[bytes | None] = []
        unreadable: list[tuple[str, OSError]] = []
        # Three system calls a block and nothing else: this loop is most of the time that reading a big machine takes.
        take, open_file, read, close = contents.append, os.open, os.read, os.close
        flags, tail = os.O_RDONLY | _IN_PLACE, "/" + file
        at = os.open(real, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in names:
                try:
                    descriptor = open_file(name + tail, flags, dir_fd=at)
                    try:
                        take(read(descriptor, _ATTRIBUTE))
                    finally:
                        close(descriptor)
                except OSError as error:
                    take(None)
                    if error.errno not in _ABSENT:
                        unreadable.append((name, error))
        finally:
            os.close(at)
        if unreadable:
            name, first = unreadable[0]
            others = f" (and in {len(unreadable) - 1} more folders)" if len(unreadable) > 1 else ""
            self._unreadable(f"{folder}/{name}/{file}{others}", first)
        return contents

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        real = self._real(folder)
        return [self._list(real and f"{real}/{name}") for name in names]

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        real = self._real(folder)
        return [os.access(f"{real}/{name}/{entry}", os.F_OK, follow_symlinks=False) for name in names]


def _has_words(path: str) -> bool:
    """Whether this is a binary file with a word for each page; the others are short texts."""
    return path.endswith(("kpageflags", "kpagecount"))


class _Header(tarfile.TarInfo):
    """A tar header that is looked at before tarfile believes it: extended headers are read whole into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if not header.isreg() and not 0 <= header.size <= _CHUNK:
            raise tarfile.ReadError(f"the header {header.name!r} claims {header.size} bytes")
        return header


class TarTree(Tree):
    """A tree in a tar, plain or compressed, with or without one folder above its ``sys`` and ``proc``.

    Members are kept in memory; only the page files of very big machines are read from the archive again.
    """

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._files: dict[str, bytes | tarfile.TarInfo] = {}
        self._links: dict[str, str] = {}
        self._folders: dict[str, set[str]] = {"": set()}
        with open(source, "rb") as file:
            magic = file.read(8)
        self._data = next(opener(source) for start, opener in _OPENERS if magic.startswith(start))
        try:
            self._tar = tarfile.open(fileobj=self._data, mode="r:", tarinfo=_Header)  # noqa: SIM115 - lives as long as the tree
            self._load()
            self._lift()
        except BadInput:
            self._data.close()
            raise
        except _DAMAGE as error:
            self._data.close()
            raise BadInput(f"{source} is neither a folder nor a whole, undamaged tar of one ({error})") from error

    def close(self) -> None:
        self._tar.close()
        self._data.close()

    def _load(self) -> None:
        kept = 0
        for member in self._tar:
            path = self._checked(member)
            if member.issym():
                self._links[path] = member.linkname
            elif member.islnk():
                if (original := self._files.get(os.path.normpath(member.linkname))) is not None:
                    self._files[path] = original
            elif member.isfile():
                self._files[path] = member
                if member.size <= WHOLE_FILE_LIMIT and (file := self._tar.extractfile(member)) is not None:
                    content = file.read()
                    self._files[path] = content = content if _has_words(path) else content.rstrip(b"\0")
                    kept += len(content)
            kept += _MEMBER
            if kept > _KEPT_LIMIT:
                raise BadInput(
                    f"{self.source} holds more than {format_bytes(_KEPT_LIMIT)} up to its member "
                    f"{member.name!r}; a captured tree is far smaller"
                )
            self._enter(path, member.isdir())
        # tarfile takes a damaged header for the end of the archive: the end must be the block of zeros that it is.
        self._data.seek(self._tar.offset)
        if self._data.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError(f"it breaks off or is damaged at byte {self._tar.offset}")
        self._data.read(_CHUNK)  # the padding: with it the decompressor sees, and checks, its own end

    def _checked(self, member: tarfile.TarInfo) -> str:
        """The member's path, if it is one that a captured tree may have."""
        where = f"{self.source}: member {member.name!r}"
        names = [member.name, *([member.linkname] if member.islnk() else [])]
        if any(name.startswith("/") or ".." in name.split("/") for name in names):
            raise BadInput(f'{where} lies outside the tree; a captured tree has only relative paths without ".."')
        if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
            raise BadInput(f"{where} is a device or a pipe; a captured tree has only files, folders and links")
        limit = _PAGE_FILE_LIMIT if _has_words(member.name) else WHOLE_FILE_LIMIT
        if not 0 <= member.size <= limit:
            raise BadInput(
                f"{where} claims {member.size} bytes; this file of a captured tree has at most {format_bytes(limit)}"
            )
        path = os.path.normpath(member.name)
        return "" if path == "." else path

    def _enter(self, path: str, is_folder: bool) -> None:
        """List the path in its folder, and that one in its own, up to the root."""
        if is_folder:
            self._folders.setdefault(path, set())
        while path:
            above, _, name = path.rpartition("/")
            known = above in self._folders
            self._folders.setdefault(above, set()).add(name)
            path = "" if known else above

    def _lift(self) -> None:
        """Make the one folder that holds sys and proc the root of the tree."""
        tops = [top for top in ("", *sorted(self._folders[""])) if self._folders.get(top, set()) & {"sys", "proc"}]
        if len(tops) > 1 and tops[0]:
            raise BadInput(f"{self.source} holds more than one tree ({', '.join(tops)}); give a tar of one of them")
        if tops and tops[0]:
            above = tops[0] + "/"
            self._files = {path.removeprefix(above): v for path, v in self._files.items() if path.startswith(above)}
            self._links = {path.removeprefix(above): v for path, v in self._links.items() if path.startswith(above)}
            self._folders = {p[len(above) :]: v for p, v in self._folders.items() if f"{p}/".startswith(above)}

    def _real(self, path: str) -> str | None:
        """Where the path leads once its links are followed; None: out of the tree, or round in circles."""
        reached: list[str] = []
        ahead = path.split("/")[::-1]
        hops = 40  # the kernel's own limit
        while ahead:
            part = ahead.pop()
            if part == "..":
                if not reached:
                    return None
                reached.pop()
            elif part not in ("", "."):
                reached.append(part)
                target = self._links.get("/".join(reached))
                if target is not None:
                    hops -= 1
                    if target.startswith("/") or not hops:
                        return None
                    reached.pop()
                    ahead.extend(target.split("/")[::-1])
        return "/".join(reached)

    def _open(self, path: str) -> _File | None:
        real = self._real(path)
        content = None if real is None else self._files.get(real)
        if isinstance(content, tarfile.TarInfo):
            return self._tar.extractfile(content)
        return None if content is None else io.BytesIO(content)

    def names(self, folder: str) -> list[str]:
        real = self._real(folder)
        return [] if real is None else sorted(self._folders.get(real, ()))

    def folders(self, folder: str) -> list[str]:
        real = self._real(folder)
        prefix = f"{real}/" if real else ""
        return [name for name in self.names(folder) if prefix + name in self._folders]

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        real = self._real(folder)
        contents = [self._files.get(f"{real}/{name}/{file}") for name in names]
        return [content[:_ATTRIBUTE] if isinstance(content, bytes) else None for content in contents]

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        real = self._real(folder)
        return [list(self._folders.get(f"{real}/{name}", ())) for name in names]

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        real = self._real(folder)
        return [entry in self._folders.get(f"{real}/{name}", ()) for name in names]


def open_tree(path: str | os.PathLike[str]) -> Tree:
    """The tree in a folder ("/" for this machine) or in a tar, which may be plain, gzip, xz or bzip2 whatever its name.

    Raises `BadInput` with one sentence where there is nothing to read, where a tar is truncated or damaged, and where
    it has a member that no capture makes: a path that leaves the tree, a device, an absurd size.
    """
    source = os.fspath(path)
    if os.path.isdir(source):
        return FolderTree(source)
    if not os.path.lexists(source):
        raise BadInput(f"{source} does not exist; give a folder or a tar that holds a captured sys and proc")
    if not os.path.isfile(source):
        raise BadInput(f"{source} is neither a folder nor a tar that holds a captured sys and proc")
    try:
        return TarTree(source)
    except OSError as error:
        raise BadInput(f"{source} could not be read: {error.strerror or error}") from error
