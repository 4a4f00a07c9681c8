"""A file is replaced as a whole or not at all, however the saver ends and however many save at once.

The new content goes into a draft beside the file, which is locked as long as its saver lives, and takes the place of the
file in one step (rename(2)). A draft that nobody holds was left by a saver that was killed: the next one removes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from contextlib import suppress
from typing import BinaryIO, Final

_DRAFT: Final = ".altmap-{}.draft"
_ITS_NAME: Final = re.escape(_DRAFT).replace(r"\{\}", "[0-9a-f]{32}")
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def open_to_read(path: str) -> BinaryIO:
    """A file or a pipe. A pipe that nobody writes into is empty; nothing waits for somebody to come."""
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    os.set_blocking(file.fileno(), True)
    return file


def replace_file(path: str, data: bytes) -> None:
    """Make `data` the content of the file at `path`, through links to where they lead.

    A file that is there keeps its permissions and, as far as the system lets us, its owner. Raises OSError where it
    cannot be written, where it may not be (it is write-protected), or is no file at all; it is then what it was before.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    before = _replaceable(target)
    _remove_left_drafts(folder)
    draft, file = _new_draft(folder)
    try:
        with os.fdopen(file, "wb") as content:
            content.write(data)
            content.flush()
            if before is not None:
                _keep_owner_and_mode(file, before)
            os.fsync(file)
            os.replace(draft, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    _sync_folder(folder)


def _replaceable(target: str) -> os.stat_result | None:
    """What is at the place now; None: nothing."""
    try:
        before = os.stat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(before.st_mode):
        raise OSError("it is there, and is not a file")
    if not os.access(target, os.W_OK):
        raise OSError("it is write-protected")
    return before


def _keep_owner_and_mode(file: int, before: os.stat_result) -> None:
    """Those that the file had. Where its group cannot be kept, the group it gets may do no more than everybody may."""
    for owner in (before.st_uid, -1):
        with suppress(PermissionError):
            os.fchown(file, owner, before.st_gid)
            break
    mode = before.st_mode & 0o777
    if os.fstat(file).st_gid != before.st_gid:
        mode &= ~0o070 | mode << 3
    os.fchmod(file, mode)


def _new_draft(folder: str) -> tuple[str, int]:
    """A draft that is new and ours alone, and its open, locked descriptor."""
    while True:
        import secrets  # with all that hashes: only where something is written

        draft = os.path.join(folder, _DRAFT.format(secrets.token_hex(16)))
        file = os.open(draft, _NEW, 0o666)
        with suppress(OSError):  # a file system without locks: then no draft is ever taken for one that was left
            fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(draft, follow_symlinks=False), os.fstat(file)):
                return draft, file
        os.close(file)  # another saver took it for one that was left before it was locked


def _remove_left_drafts(folder: str) -> None:
    """Drafts of ours that no living saver holds."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if re.fullmatch(_ITS_NAME, entry.name):
                with suppress(OSError):
                    _remove_if_left(entry.path)


def _remove_if_left(draft: str) -> None:
    file = os.open(draft, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(draft)
    finally:
        os.close(file)


def _sync_folder(folder: str) -> None:
    """The new name survives a power cut too. Some file systems have nothing to sync there."""
    with suppress(OSError):
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(at)
        finally:
            os.close(at)
