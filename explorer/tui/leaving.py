"""How the explorer ends: whoever ends it, the terminal is given back and work that was not saved is kept."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final, TextIO

from altmap.engine import BadInput, Machine, save_machine
from textual.app import App

from ..aside import remark
from ..card import recent_of
from ..settings import Keeper
from . import words
from .session import LEFT, Session
from .typed_bytes import forgive

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GLANCE: Final = 0.5
"""Seconds between two looks whether the terminal is still there."""


class Lasting:
    """A terminal that may go away: what is written then is lost, and that is no error. Anything else is asked of the file."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """The characters of the text, written or not."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """As far as the terminal is still there."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


async def _until_it_hangs_up(terminal: TextIO | None) -> None:
    """Return when the terminal has gone away. Under nohup no signal tells of that, and reading from it never waits again."""
    if terminal is None:
        return
    gone = select.poll()
    gone.register(terminal, 0)  # what has hung up is always told
    while not gone.poll(0):
        await asyncio.sleep(_GLANCE)


def run_to_the_end(app: App[bool], work_of: Callable[[], Session | None], keeper: Keeper) -> int:
    """Run the application until a person leaves it or a signal ends it; returns the exit code: after a signal what a shell
    says of a program that it ended, and 1 after a fault of its own. `work_of`: what a person works on in it then."""
    ended_by: list[int] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}

    async def run() -> None:
        loop = asyncio.get_running_loop()

        def end(by: int, frame: object) -> None:
            # The second of a kind waits for nothing; but a terminal that goes away is told by its shell and by the kernel.
            signal.signal(by, signal.SIG_IGN if by == signal.SIGHUP else signal.SIG_DFL)
            ended_by.append(by)
            with suppress(RuntimeError):  # at the end already
                loop.call_soon_threadsafe(lambda: app.exit(return_code=128 + by))

        for number, before in handlers.items():
            if before is not signal.SIG_IGN:
                signal.signal(number, end)
        watch = asyncio.create_task(_until_it_hangs_up(sys.__stdin__))
        watch.add_done_callback(lambda task: None if task.cancelled() else end(signal.SIGHUP, None))
        await app.run_async()
        watch.cancel()

    forgive(app.driver_class)
    terminal = sys.__stderr__
    assert terminal is not None, "the command line looked"
    sys.__stderr__ = Lasting(terminal)  # type: ignore[assignment, misc]  # where Textual draws
    try:
        asyncio.run(run())
    finally:
        sys.__stderr__ = terminal  # type: ignore[misc]
        if app.return_value is not LEFT and (work := work_of()) is not None and work.unsaved:
            name = _keep(work.machine, work.unsaved)
            keeper.opened(*([recent_of(work.machine, name)] if name is not None else []))
        for number, before in handlers.items():
            signal.signal(number, before)
    if ended_by:
        return 128 + ended_by[0]
    return app.return_code or int(app.return_value is not LEFT)


def _keep(machine: Machine, unsaved: int) -> str | None:
    """Save the machine under a name that is free, here or where temporary files go; returns that, or None where it could not
    be saved."""
    states = f"{unsaved:,} unsaved state{'s' * (unsaved != 1)}"
    faults = []
    for folder in _folders():
        try:
            name = _taken_name(os.path.join(folder, f"{words.file_name(machine)}-unsaved"))
            save_machine(machine, name)
        except OSError as error:
            faults.append(f"{folder or 'this folder'} takes no file: {error.strerror or error}")
        except BadInput as error:
            os.unlink(name)
            faults.append(str(error))
        else:
            remark([f"altmap: {states} kept in {name}"])
            return name
    remark([f"altmap: {states} lost: {'; '.join(faults)}"])
    return None


def _folders() -> Iterator[str]:
    yield ""
    from tempfile import gettempdir

    yield gettempdir()


def _taken_name(stem: str) -> str:
    """A name that was free and is a file now, so that no other session that ends at this moment takes it. Raises OSError."""
    for number in count(1):
        name = f"{stem}{'' if number == 1 else f'-{number}'}.json.gz"
        with suppress(FileExistsError), open(name, "x"):
            return name
    raise AssertionError("numbers do not end")
