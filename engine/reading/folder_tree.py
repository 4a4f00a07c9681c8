"""A tree in a folder, "/" being the machine itself."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from functools import cache

from .tree import ABSENT_ERRORS, ATTRIBUTE_LIMIT, File, Tree

_IN_PLACE = os.O_NOFOLLOW | os.O_NONBLOCK  # no way out through a link, no waiting at a pipe
_TOGETHER = 64  # files that are open at a time


def _read(paths: list[str], folder: int) -> list[bytes]:
    """What short files hold, by their paths in a folder that is open. Most of the time that reading a big machine takes is spent
    here, in system calls; closing all at once saves a tenth of it."""
    opened: list[int] = []
    take, open_file = opened.append, os.open
    try:
        for path in paths:
            take(open_file(path, os.O_RDONLY | _IN_PLACE, dir_fd=folder))
        return [os.read(descriptor, ATTRIBUTE_LIMIT) for descriptor in opened]
    finally:
        if len(opened) > 1 and max(opened) - min(opened) == len(opened) - 1:  # all in between are ours
            os.closerange(min(opened), max(opened) + 1)
        else:
            for descriptor in opened:
                os.close(descriptor)


class FolderTree(Tree):
    """A tree in a folder, "/" being the machine itself. What a folder has in it is looked up once."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._root = os.path.realpath(source)
        self._inside = self._root.rstrip("/") + "/"
        self._followed = cache(os.path.realpath)
        self._entries: dict[str, dict[str, bool]] = {}  # by folder the names in it, and which of them are folders

    def _real(self, path: str) -> str | None:
        """Where the path leads once its links are followed; None: out of the tree. Folders are followed once."""
        folder, _, name = path.rstrip("/").rpartition("/")
        real = os.path.join(self._followed(self._inside + folder), name)
        if name in (".", "..") or os.path.islink(real):
            real = os.path.realpath(real)
        return real if real == self._root or real.startswith(self._inside) else None

    def _open(self, path: str) -> File | None:
        real = self._real(path)
        if real is None:
            return None
        try:
            return io.FileIO(real, opener=lambda name, flags: os.open(name, flags | _IN_PLACE))
        except OSError as error:
            if error.errno in ABSENT_ERRORS:
                return None
            raise

    def _list(self, real: str | None) -> list[str]:
        try:
            return [] if real is None else os.listdir(real)
        except OSError as error:
            self.unreadable((real or "").removeprefix(self._inside), error)
            return []

    def _in(self, folder: str) -> dict[str, bool]:
        if folder not in self._entries:
            self._entries[folder] = {}
            try:
                with os.scandir(self._real(folder) or "") as entries:
                    self._entries[folder] = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
            except OSError as error:
                self.unreadable(folder, error)
        return self._entries[folder]

    def names(self, folder: str) -> list[str]:
        return sorted(self._in(folder))

    def folders(self, folder: str) -> list[str]:
        return sorted([name for name, is_folder in self._in(folder).items() if is_folder])

    def has(self, folder: str, entry: str) -> bool:
        real = self._real(folder)
        return real is not None and os.path.lexists(f"{real}/{entry}")

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        real = self._real(folder)
        if real is None or not names:
            return [None] * len(names)
        contents: list[bytes | None] = []
        unreadable: list[tuple[str, OSError]] = []
        at = os.open(real, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for start in range(0, len(names), _TOGETHER):
                some = names[start : start + _TOGETHER]
                try:
                    contents += _read([f"{name}/{file}" for name in some], at)
                except OSError:
                    for name in some:
                        try:
                            contents += _read([f"{name}/{file}"], at)
                        except OSError as error:
                            contents.append(None)
                            if error.errno not in ABSENT_ERRORS:
                                unreadable.append((name, error))
        finally:
            os.close(at)
        if unreadable:
            name, first = unreadable[0]
            others = f" (and in {len(unreadable) - 1:,} more folders)" if len(unreadable) > 1 else ""
            self.unreadable(f"{folder}/{name}/{file}{others}", first)
        return contents

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        real = self._real(folder)
        return [self._list(real and f"{real}/{name}") for name in names]

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        real = self._real(folder)
        return [os.access(f"{real}/{name}/{entry}", os.F_OK, follow_symlinks=False) for name in names]
