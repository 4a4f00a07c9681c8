"""What comes in: machines and scripts from files and from standard input, and whether a file can be written at the end."""

from __future__ import annotations

import os
import re
import sys
from typing import Final

from altmap import engine
from altmap.engine.snapshot.store import MAX_BYTES, SUFFIXES
from altmap.engine.snapshot.whole_file import open_to_read

from ..aside import remark
from .output import on_terminal
from .progress import opening

STDIN: Final = "-"
_MAX_SCRIPT: Final = 64 << 20
_TAR: Final = b"ustar"
_STDIN_NAME: Final = "standard input"


def machine_named(source: str, model: str | None = None, *, replay: bool, devices: str | None = None) -> engine.Machine:
    """The machine that an argument names: what `open_machine` opens, or for ``-`` a snapshot on standard input; with the memory
    devices of the list in the file `devices`. What is to be said of how it was opened goes to standard error. Raises
    `BadInput`."""
    if devices is not None:
        once_standard_input(source, devices)
    if source != STDIN:
        with opening(os.path.basename(source) or source):
            machine = engine.open_machine(source, model=model, replay=replay)
    else:
        data = _standard_input("the machine", MAX_BYTES)
        machine = engine.read_machine(data, _STDIN_NAME, model=model, replay=replay)
    remark(f"altmap: warning: {warning}" for warning in machine.warnings)
    return machine if devices is None else beside(machine, devices)


def beside(machine: engine.Machine, devices: str) -> engine.Machine:
    """The machine with the memory devices of the list in a file, or on standard input."""
    text, name = script_text(devices)
    return engine.with_devices(machine, engine.parse_devices(text, name), os.path.basename(name))


def drawn_elsewhere() -> bool:
    """Does something else than a terminal draw the explorer, as a page in a browser does (Textual's TEXTUAL_DRIVER)?"""
    return "TEXTUAL_DRIVER" in os.environ


def explorer_can_open() -> bool:
    """Is there a terminal for keys, for what is printed and for the screen, which Textual draws on standard error?"""
    return drawn_elsewhere() or on_terminal("stdin", "stdout", "stderr")


def script_text(source: str) -> tuple[str, str]:
    """The text of a script, and how messages call it. Raises `BadInput` for what is no text or far too long, `OSError` for
    a file that cannot be read."""
    data, name = _short(source)
    try:
        return data.decode("utf-8-sig"), name
    except UnicodeDecodeError as error:
        raise engine.BadInput(f"{name} is not text in UTF-8: there is a wrong byte at {error.start}") from None


def log_text(source: str) -> str:
    """A line of a log, or the text of a file of them, packed or not, in which a driver may have printed any byte. Raises as
    `script_text` where that is far too long, or cannot be read, and where it is the name of no file."""
    if source != STDIN and not os.path.isfile(source):
        if os.path.exists(source) or re.fullmatch(r"\S*[./]\S*", source):
            raise engine.BadInput(f"{source[:200]!r} is neither a file that can be read nor a line of a kernel log")
        return source
    from .packed import unpacked

    data, name = _short(source)
    data = unpacked(data, name, _MAX_SCRIPT)
    if data[257:262] == _TAR:
        raise engine.BadInput(
            f"{name} is a tar, and no log; give a log that is in it, and a captured machine as --machine"
        )
    return engine.as_text(_bounded(data, name))


def _short(source: str) -> tuple[bytes, str]:
    """What a file or standard input holds, and how messages call it."""
    if source == STDIN:
        name, data = _STDIN_NAME, _standard_input("the script", _MAX_SCRIPT)
    else:
        name = source
        with open_to_read(source) as file:
            data = file.read(_MAX_SCRIPT + 1)
    return _bounded(data, name), name


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > _MAX_SCRIPT:
        raise engine.BadInput(
            f"{name} holds more than {_MAX_SCRIPT >> 20} MiB, which no script, log or list of memory devices does"
        )
    return data


def once_standard_input(*sources: str) -> None:
    """Standard input can be read once. Raises `BadInput` where it is named more often."""
    if sources.count(STDIN) > 1:
        raise engine.BadInput("standard input can be read only once; give a file for one of them")


def _standard_input(what: str, most: int) -> bytes:
    if sys.stdin is None:
        raise engine.BadInput(f"{what} is to come from standard input, which is closed")
    return sys.stdin.buffer.read(most + 1)


def writable(path: str | None) -> None:
    """Say before a long script or capture, not after it, that its end could not be saved. Raises `BadInput`."""
    if path is None:
        return
    if not path.endswith(SUFFIXES):
        raise engine.BadInput(f"{path}: the name of a snapshot must end in {', '.join(SUFFIXES)}")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise engine.BadInput(f"{path}: its folder does not exist")
