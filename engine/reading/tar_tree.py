"""A tree in a tar, and nothing of it believed before it is checked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable
from typing import Self

from ..numbers.errors import BadInput
from ..numbers.units import GIB, format_bytes
from .mapped_tree import MappedTree
from .other_pictures import ZSTD, zstd_module
from .tree import CHUNK, WHOLE_FILE_LIMIT, File

_PAGE_FILE_LIMIT = 4 * GIB  # of kpageflags or kpagecount: 8 bytes a page, so 2 TiB of 4 KiB pages
_KEPT_LIMIT = GIB  # of everything that is kept
_MEMBER = 1024  # bytes that a member takes even if it is empty
_OPENERS: tuple[tuple[bytes, Callable[[str], gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File | io.FileIO]], ...] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"BZh", bz2.BZ2File),
    (b"", io.FileIO),
)
_DAMAGE: tuple[type[Exception], ...] = (
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RecursionError,
)


def _has_words(path: str) -> bool:
    """Whether this is a binary file with a word for each page; the others are short texts."""
    return path.endswith(("kpageflags", "kpagecount"))


class _Header(tarfile.TarInfo):
    """A tar header that is looked at before tarfile believes it: extended headers are read whole into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if not header.isreg() and not 0 <= header.size <= CHUNK:
            raise tarfile.ReadError(f"the header {header.name!r} claims {header.size} bytes")
        return header


class TarTree(MappedTree):
    """A tree in a tar, plain or compressed, with or without one folder above its ``sys`` and ``proc``.

    Members are kept in memory; only the page files of very big machines are read from the archive again.
    """

    def __init__(self, source: str) -> None:
        super().__init__(source)
        with open(source, "rb") as file:
            magic = file.read(8)
        openers, damage = _OPENERS, _DAMAGE
        if magic.startswith(ZSTD) and (zstd := zstd_module()) is not None:
            openers, damage = ((ZSTD, zstd.ZstdFile),), (*_DAMAGE, zstd.ZstdError)
        self._data = next(opener(source) for start, opener in openers if magic.startswith(start))
        try:
            self._tar = tarfile.open(fileobj=self._data, mode="r:", tarinfo=_Header)  # noqa: SIM115 - lives as long as the tree
            self._load()
            self._lift()
        except BadInput:
            self._data.close()
            raise
        except damage as error:
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
        self._data.read(CHUNK)  # the padding: with it the decompressor sees, and checks, its own end

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

    def _open(self, path: str) -> File | None:
        real = self._real(path)
        content = None if real is None else self._files.get(real)
        if isinstance(content, tarfile.TarInfo):
            return self._tar.extractfile(content)
        return None if content is None else io.BytesIO(content)
