"""Unpacking what zstd packed: Python does from 3.14 on, and before that the program zstd, where the machine has it."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, Final

ZSTD: Final = b"\x28\xb5\x2f\xfd"
"""How a file begins that is compressed with zstd."""
_SKIPPED_AT_ONCE: Final = 1 << 20


def zstd_opener() -> tuple[Callable[[str], Any], tuple[type[Exception], ...]] | None:
    """What opens a packed file for reading, and the errors of a damaged one; None where nothing here can unpack it."""
    try:
        zstd = import_module("compression.zstd")
    except ImportError:
        program = shutil.which("zstd")
        return None if program is None else (lambda path: _Unpacked(program, path), (OSError,))
    return zstd.ZstdFile, (zstd.ZstdError,)


class _Unpacked(io.RawIOBase):
    """What the program writes. Going back begins anew, as it does with every packed file."""

    def __init__(self, program: str, path: str) -> None:
        self._command = (program, "--decompress", "--stdout", "--quiet", "--force", "--", path)
        self._at = 0
        self._process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    @property
    def _output(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise OSError("the program zstd has no output")
        return self._process.stdout

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._output.read(view.nbytes)
        if len(data) < view.nbytes and self._process.wait():
            raise OSError("the program zstd could not unpack it")
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end of a packed file is not known before it is read")
        target = offset + (self._at if whence == io.SEEK_CUR else 0)
        if target < self._at:
            self._end()
            self._at, self._process = 0, self._begun()
        while self._at < target and self.read(min(target - self._at, _SKIPPED_AT_ONCE)):
            pass
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._end()
        super().close()

    def _end(self) -> None:
        self._process.kill()
        self._output.close()
        self._process.wait()
