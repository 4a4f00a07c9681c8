"""Files that may be packed, as old logs are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib

from altmap import engine


def _opened(packed: io.BytesIO, first: bytes) -> gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File:
    if first == b"\x1f":
        return gzip.GzipFile(fileobj=packed)
    return lzma.LZMAFile(packed) if first == b"\xfd" else bz2.BZ2File(packed)


def unpacked(data: bytes, name: str, most: int) -> bytes:
    """What a file holds, of which at most so many bytes are taken and one more. Raises `BadInput` where it is packed and
    damaged."""
    if not data.startswith((b"\x1f\x8b", b"\xfd7zXZ", b"BZh")):
        return data
    try:
        with _opened(io.BytesIO(data), data[:1]) as file:
            return file.read(most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise engine.BadInput(f"{name} is packed, and breaks off or is damaged ({error}); give a whole one") from None
