"""Files that may be packed, as old logs are."""

from __future__ import annotations

import io

from altmap import engine


def unpacked(data: bytes, name: str, most: int) -> bytes:
    """What a file holds, of which at most so many bytes are taken and one more. Raises `BadInput` where it is packed and
    damaged."""
    if not data.startswith((b"\x1f\x8b", b"\xfd7zXZ", b"BZh")):
        return data
    import bz2
    import gzip
    import lzma
    import zlib

    file: gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File
    packed = io.BytesIO(data)
    try:
        if data[:1] == b"\x1f":
            file = gzip.GzipFile(fileobj=packed)
        else:
            file = lzma.LZMAFile(packed) if data[:1] == b"\xfd" else bz2.BZ2File(packed)
        return file.read(most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise engine.BadInput(f"{name} is packed, and breaks off or is damaged ({error}); give a whole one") from None
