"""A tree in a tar, and nothing of it believed before it is checked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Self

from ..numbers.errors import BadInput
from ..numbers.rounding import up
from ..numbers.units import GIB, format_bytes
from .mapped_tree import Budget, MappedTree, inside, leaves
from .tree import CHUNK, WHOLE_FILE_LIMIT, File
from .zstd_file import ZSTD, zstd_opener

_PAGE_FILE_LIMIT = 4 * GIB  # of kpageflags or kpagecount: 8 bytes a page, so 2 TiB of 4 KiB pages
_OPENERS: tuple[tuple[bytes, Callable[[str], gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File | io.FileIO]], ...] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"BZh", bz2.BZ2File),
    (b"", io.FileIO),
)
_OF_TARS = (b"\xfd7zXZ\0", b"BZh", ZSTD)
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


def is_tar(source: str) -> bool:
    """Does a file begin as a tar does, whatever packs it? No more of it is unpacked than its first header. What is packed as
    no snapshot is (these have gzip at most) is one or nothing."""
    with open(source, "rb") as file:
        magic = file.read(8)
    if magic.startswith(_OF_TARS):
        return True
    opener, damage = _opener(magic)
    try:
        with opener(source) as unpacked:
            block = unpacked.read(tarfile.BLOCKSIZE)
        return block == bytes(tarfile.BLOCKSIZE) or bool(tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape"))
    except damage:
        return False


def _opener(magic: bytes) -> tuple[Callable[[str], Any], tuple[type[Exception], ...]]:
    """What opens a file that begins so, and the errors of a damaged one."""
    if magic.startswith(ZSTD) and (zstd := zstd_opener()) is not None:
        return zstd[0], (*_DAMAGE, *zstd[1])
    return next(opener for start, opener in _OPENERS if magic.startswith(start)), _DAMAGE


class _Header(tarfile.TarInfo):
    """A tar header that is looked at before tarfile believes it: extended headers are read whole into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = cls._plain(buf, encoding, errors) or super().frombuf(buf, encoding, errors)
        if not header.isreg() and not 0 <= header.size <= CHUNK:
            raise tarfile.ReadError(f"the header {header.name!r} claims {header.size} bytes")
        return header

    @classmethod
    def _plain(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self | None:
        """The header of a file, folder or symlink of a ustar, as nearly all are: no more of it is read than is asked for, which
        takes a fraction of the time. None for another, and for one that is damaged."""
        kind = bytes(buf[156:157])
        known = kind in (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE) and buf[257:262] == b"ustar"
        if len(buf) != tarfile.BLOCKSIZE or not known or buf[124] & 0x80:
            return None
        try:
            size, checksum = int(buf[124:136].strip(b" \0") or b"0", 8), int(buf[148:156].strip(b" \0") or b"0", 8)
        except ValueError:
            return None
        if checksum != _sum(buf) - sum(buf[148:156]) + 8 * ord(" ") or (
            kind != tarfile.REGTYPE and not 0 <= size <= CHUNK
        ):
            return None
        header = cls(_text(buf[:100], encoding, errors))
        if buf[345]:
            header.name = f"{_text(buf[345:500], encoding, errors)}/{header.name}"
        header.type, header.size = kind, size
        if kind == tarfile.SYMTYPE:
            header.linkname = _text(buf[157:257], encoding, errors)
        if kind == tarfile.DIRTYPE:
            header.name = header.name.rstrip("/")
        return header


def _sum(header: bytes | bytearray) -> int:
    """All bytes of a header added up. The lower half of Adler-32 is that and 1, below 65521, and takes a tenth of the time."""
    half = tarfile.BLOCKSIZE // 2
    return sum((zlib.adler32(part) & 0xFFFF) - 1 for part in (header[:half], header[half:]))


def _text(field: bytes | bytearray, encoding: str, errors: str) -> str:
    """What a field of a header holds, up to the first zero."""
    return field.partition(b"\0")[0].decode(encoding, errors)


class TarTree(MappedTree):
    """A tree in a tar, plain or compressed, with or without one folder above its ``sys`` and ``proc``.

    Members are kept in memory; only the page files of very big machines are read from the archive again.
    """

    def __init__(self, source: str) -> None:
        super().__init__(source)
        with open(source, "rb") as file:
            magic = file.read(8)
        opener, damage = _opener(magic)
        self._data = io.BufferedReader(opener(source), CHUNK)
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
        budget = Budget(self.source)
        for member in self._members():
            path, size = self._checked(member), member.size
            is_file = member.isfile()
            kept = size if is_file and size <= WHOLE_FILE_LIMIT else 0
            budget.take(member.name, kept + len(member.linkname), member.offset_data + size)
            if is_file:
                self._files[path] = member
                if kept == size:
                    content = self._content(member)
                    content = content if _has_words(path) else content.rstrip(b"\0")
                    self._files[path] = self._same.setdefault(content, content)
            elif member.issym():
                self._links[path] = member.linkname
            elif member.islnk() and (original := self._files.get(inside(member.linkname))) is not None:
                self._files[path] = original
            budget.keep(member.name, self._enter(path, member.isdir()))
        # tarfile takes a damaged header for the end of the archive: the end must be the block of zeros that it is.
        self._data.seek(self._tar.offset)
        if self._data.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError(f"it breaks off or is damaged at byte {self._tar.offset}")
        self._data.read(CHUNK)  # the padding: with it the decompressor sees, and checks, its own end

    def _members(self) -> Iterator[tarfile.TarInfo]:
        """All members. The header of a plain one is read where the one before ended; tarfile, which asks several times where
        it is, reads the others."""
        tar, data = self._tar, self._data
        encoding, errors = tar.encoding or "utf-8", tar.errors or "surrogateescape"
        member = tar.next()
        while member is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # whatever is needed of it is kept here
            self._read = member.offset_data == tar.offset  # there is nothing to read
            yield member
            at: int = tar.offset  # where the next header is
            if not self._read:
                data.seek(at)
            plain = None if tar.pax_headers else _Header._plain(data.read(tarfile.BLOCKSIZE), encoding, errors)
            if plain is None:
                data.seek(at)
                member = tar.next()
            else:
                plain.offset, plain.offset_data = at, at + tarfile.BLOCKSIZE
                tar.offset = plain.offset_data + (up(plain.size, tarfile.BLOCKSIZE) if plain.isreg() else 0)
                member = plain

    def _content(self, member: tarfile.TarInfo) -> bytes:
        """What a member holds behind its header, which was just read."""
        if member.issparse():
            file = self._tar.extractfile(member)
            return file.read() if file is not None else b""
        self._read = True
        content = self._data.read(up(member.size, tarfile.BLOCKSIZE))
        if len(content) < member.size:
            raise tarfile.ReadError("unexpected end of data")
        return content[: member.size]

    def _checked(self, member: tarfile.TarInfo) -> str:
        """The member's path, if it is one that a captured tree may have."""
        name, wrong = member.name, ""
        limit = _PAGE_FILE_LIMIT if _has_words(name) else WHOLE_FILE_LIMIT
        if leaves(name) or (member.islnk() and leaves(member.linkname)):
            wrong = 'lies outside the tree; paths of a captured tree have no ".."'
        elif not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
            wrong = "is a device or a pipe; a captured tree has only files, folders and links"
        elif not 0 <= member.size <= limit:
            wrong = f"claims {member.size} bytes; this file of a captured tree has at most {format_bytes(limit)}"
        if wrong:
            raise BadInput(f"{self.source}: member {name!r} {wrong}")
        return inside(name)

    def _open(self, path: str) -> File | None:
        real = self._real(path)
        content = None if real is None else self._files.get(real)
        if isinstance(content, tarfile.TarInfo):
            return self._tar.extractfile(content)
        return None if content is None else io.BytesIO(content)
