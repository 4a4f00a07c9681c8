"""Ctrl-C at any moment: nothing is said, and the exit code is 130."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from time import sleep

import pytest

INTERRUPTED_AT = """
import os, signal, sys
left = int(sys.argv.pop(1))
def watch(event, args):
    global left
    if event in ("import", "open", "os.listdir", "exec") and signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(watch)
from altmap.__main__ import main
code = main()
sys.stdout.flush()
if code != 130:
    print(left, file=sys.stderr)
sys.exit(code)
"""
"""altmap that gets a SIGINT in the middle of its so manieth import, or opening of a file."""


def interrupted_at(moment: int, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT, str(moment), *words], capture_output=True, timeout=600, check=False
    )


@pytest.mark.parametrize("words", [["show", "small-guest"], ["run", "small-guest", "SCRIPT", "--save", "saved.json"]])
def test_ctrl_c_is_silent_at_every_moment(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "SCRIPT").write_text("add 1G at 32G\n")
    for _ in range(2):  # the first keeps what it compiles, which opens more files
        never = interrupted_at(1 << 30, *words)
        assert never.returncode == 0
        (tmp_path / "saved.json").unlink(missing_ok=True)
    moments = (1 << 30) - int(never.stderr.split()[-1])
    assert moments > 100
    for moment in (1, 2, *range(10, moments, moments // 6), moments):
        ended = interrupted_at(moment, *words)
        assert (ended.returncode, ended.stderr) in ((130, b""), (-signal.SIGINT, b"")), moment
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith(".draft")]


def test_ctrl_c_is_silent_while_nobody_reads_and_when_the_reader_is_gone(tmp_path: Path) -> None:
    for closes in (False, True):
        reader, writer = os.pipe()
        ran = subprocess.Popen(
            [sys.executable, "-m", "altmap", "show", "terabyte-server", "--json"], stdout=writer, stderr=subprocess.PIPE
        )
        os.close(writer)
        while waiting(reader) < 1 << 16:
            assert ran.poll() is None
            sleep(0.01)
        ran.send_signal(signal.SIGINT)
        if closes:
            os.close(reader)
        assert ran.stderr is not None
        assert ran.stderr.read() == b""
        assert ran.wait() in (130, 141) if closes else ran.wait() == 130
        if not closes:
            os.close(reader)


def waiting(pipe: int) -> int:
    """Bytes in a pipe."""
    return int(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0])


def test_what_runs_in_the_background_is_not_interrupted() -> None:
    """A shell lets those ignore SIGINT."""
    line = 'trap "" INT; exec "$0" -c "$1" 20 show small-guest'
    ran = subprocess.run(["sh", "-c", line, sys.executable, INTERRUPTED_AT], capture_output=True, timeout=600)
    assert ran.returncode == 0
    assert ran.stdout


IMPORTING_DATETIME = """
import os, signal, sys
def watch(event, args):
    watched = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    if watched and event == "import" and args[0] in ("_datetime", "_pydatetime"):
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(watch)
from altmap.__main__ import main
sys.exit(main())
"""
"""altmap that gets a SIGINT while datetime is imported."""


def test_ctrl_c_while_datetime_is_imported_is_not_forgotten_by_msgspec() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTING_DATETIME, "show", "small-guest"], capture_output=True, timeout=600
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")
