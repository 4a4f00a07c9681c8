"""A tree in a folder, "/" being the machine itself."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from functools import cache

from .tree import ABSENT_ERRORS, ATTRIBUTE_LIMIT, File, Tree

_IN_PLACE = os.O_NOFOLLOW | os.O_NONBLOCK  # no way out through a link, no waiting at a pipe


class FolderTree(Tree):
    """A tree in a folder, "/" being the machine itself. What a folder has in it is looked up once."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._root = os.path.realpath(source)
        self._inside = self._root.rstrip("/") + "/"
        self._followed = cache(os.path.realpath)
        self._listed: dict[str, list[str]] = {}

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

    def names(self, folder: str) -> list[str]:
        if folder not in self._listed:
            self._listed[folder] = sorted(self._list(self._real(folder)))
        return [*self._listed[folder]]

    def folders(self, folder: str) -> list[str]:
        real = self._real(folder)
        try:
            with os.scandir(real or "") as entries:
                is_folder = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
        except OSError as error:
            self.unreadable(folder, error)
            return []
        self._listed[folder] = sorted(is_folder)
        return [name for name in self._listed[folder] if is_folder[name]]

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        real = self._real(folder)
        if real is None or not names:
            return [None] * len(names)
        contents: list[bytes | None] = []
        unreadable: list[tuple[str, OSError]] = []
        # Three system calls a block and nothing else: this loop is most of the time that reading a big machine takes.
        take, open_file, read, close = contents.append, os.open, os.read, os.close
        flags, tail = os.O_RDONLY | _IN_PLACE, "/" + file
        at = os.open(real, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in names:
                try:
                    descriptor = open_file(name + tail, flags, dir_fd=at)
                    try:
                        take(read(descriptor, ATTRIBUTE_LIMIT))
                    finally:
                        close(descriptor)
                except OSError as error:
                    take(None)
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
