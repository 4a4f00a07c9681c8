"""The explorer in a terminal of its own: keys go in, and every byte that it writes is kept."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from time import monotonic

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])")
_LEAD = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)  # whoever runs the tests may ignore them, as nohup does
if sys.argv[1] == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    del sys.argv[1]
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
ESCAPE = "\x1b[27u"
"""The key, as terminals send it that keep it apart from what begins with it."""
PATIENCE = 600
"""Seconds that a busy machine may take for a screen; no test waits so long unless it fails."""


class Terminal:
    """A program (``python -m MODULE``) that has a pseudo-terminal for its streams and as its controlling terminal."""

    def __init__(
        self,
        *words: str | Path,
        module: str = "altmap",
        size: tuple[int, int] = (100, 30),
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        nohup: bool = False,
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.settings = termios.tcgetattr(slave)
        inherited = os.environ if environment is None else environment
        passed = {name: value for name, value in inherited.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LEAD, *["nohup"] * nohup, sys.executable, "-m", module, *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=cwd,
            env={**passed, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
        )
        self.slave = slave
        self.written = b""
        self._unknown = cycle("6789")

    def press(self, keys: str | bytes) -> None:
        """Send keys as a terminal does."""
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds: float) -> bool:
        """What comes within some time; False if nothing did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.written += os.read(self.master, 1 << 16)
        except OSError:
            return False
        return True

    def until(self, text: str, since: int = 0) -> None:
        """Wait for a text on the screen, of what was written from the byte `since` on."""
        while text not in self.shown(since):
            assert self.read(PATIENCE), f"{text!r} did not come; the end is {self.shown(since)[-2000:]!r}"

    def shown(self, since: int = 0) -> str:
        """What was written without escape sequences."""
        return _SEQUENCE.sub("", self.written[since:].decode("utf-8", "replace"))

    def press_until(self, keys: str | bytes, text: str) -> None:
        """Send keys and wait for what they bring."""
        since = len(self.written)
        self.press(keys)
        self.until(text, since)

    def go_home(self) -> None:
        """Close what is open until the main screen answers keys: it says of an unknown one that there is no such key."""
        since = len(self.written)
        key = next(self._unknown)  # another one each time: what was said last is still on the screen
        for _ in range(PATIENCE // 2):
            self.press(f"{ESCAPE}{ESCAPE}{key}")
            again = monotonic() + 2
            while monotonic() < again:
                self.read(0.1)
                if f"{key}: no such key" in self.shown(since):
                    return
        raise AssertionError(f"the main screen did not come back: {self.shown()[-2000:]!r}")

    def end(self) -> int:
        """Wait for the end of the program; returns its code."""
        late = monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read(0.1)
            assert monotonic() < late, f"it does not end; the end is {self.shown()[-2000:]!r}"
        while self.read(0):
            pass
        return self.process.returncode

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for descriptor in (self.master, self.slave):
            try:
                os.close(descriptor)
            except OSError:
                continue
