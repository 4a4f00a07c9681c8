"""A tree whose files are known by name and kept in memory: what a tar holds, or what a listing tells."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any, Final, NoReturn

from ..numbers.errors import BadInput
from ..numbers.units import GIB, MIB, format_bytes
from .tree import ATTRIBUTE_LIMIT, File, Tree

_MEMBERS: Final = (6 << 16, 40)
"""Members that an archive may have in any case, as altmap collect takes them of a machine with 65,536 blocks: of each a folder,
a node and three files. And bytes of the archive for each one more."""
_UNPACKED: Final = (GIB, 128)
"""Bytes that it may hold in any case, and for each one of its own."""
KEPT: Final = 256 * MIB
"""Bytes of files and names that are kept in memory. Pages of big machines are more, and read from the archive again."""
_PATH_MAX: Final = 4096
"""Characters of a path; no kernel takes more."""
_OF_FOLDER: Final = 400
"""Bytes that a folder takes in memory besides its name."""


class Budget:
    """What an archive may hold by its own size: opening any file ends soon, and takes little memory."""

    def __init__(self, source: str) -> None:
        size = os.path.getsize(source)
        self._source = source
        self._members = max(_MEMBERS[0], size // _MEMBERS[1])
        self._unpacked = max(_UNPACKED[0], size * _UNPACKED[1])
        self._kept = 0

    def take(self, name: str, kept: int, unpacked: int) -> None:
        """A member of so many bytes is kept, and so much of the archive is unpacked up to its end. Raises `BadInput` where that
        is too much."""
        if len(name) > _PATH_MAX:
            raise BadInput(f"{self._source} has a member whose path is longer than {_PATH_MAX}, {name[:60]!r} ...")
        self._members -= 1
        if self._members < 0:
            raise BadInput(
                f"{self._source} has more members than a captured tree of its size, up to {name!r}; altmap collect prints a "
                f"script that takes only what is read"
            )
        self.keep(name, kept)
        if unpacked > self._unpacked:
            self._refuse(name, self._unpacked)

    def keep(self, name: str, kept: int) -> None:
        """So much more is kept, up to the member. Raises `BadInput` where that is too much."""
        self._kept += kept
        if self._kept > KEPT:
            self._refuse(name, KEPT)

    def _refuse(self, name: str, most: int) -> NoReturn:
        raise BadInput(
            f"{self._source} holds more than {format_bytes(most)} up to its member {name!r}; a captured tree of its size is far "
            f"smaller"
        )


def leaves(name: str) -> bool:
    """Does the name of a member lead out of the tree?"""
    return ".." in name and ".." in name.split("/")


def inside(name: str) -> str:
    """The path of a member in the tree, empty for the tree itself. A path from the root (tar -P) is one from the tree's."""
    name = name.lstrip("/")
    plain = not (name.startswith(".") or "//" in name or "/." in name or name.endswith("/"))
    path = name if plain else os.path.normpath(name)
    return "" if path == "." else path


class MappedTree(Tree):
    """Files, links and folders by their paths. Where a file's content is not bytes, it is read elsewhere."""

    def __init__(self, source: str, files: Mapping[str, bytes] | None = None) -> None:
        super().__init__(source)
        self._files: dict[str, Any] = {}
        self._links: dict[str, str] = {}
        self._folders: dict[str, set[str]] = {"": set()}
        self._same: dict[bytes, bytes] = {}  # of equal contents one is kept
        for path, content in (files or {}).items():
            self._files[path] = content
            self._enter(path, False)

    def _enter(self, path: str, is_folder: bool) -> int:
        """List the path in its folder, and that one in its own, up to the root; returns about how many bytes that takes."""
        cost = len(path)
        if is_folder and path not in self._folders:
            self._folders[path] = set()
            cost += _OF_FOLDER
        while path:
            above, _, name = path.rpartition("/")
            known = above in self._folders
            if not known:
                self._folders[above] = set()
                cost += len(above) + _OF_FOLDER
            self._folders[above].add(intern(name))
            path = "" if known else above
        return cost

    def _lift(self) -> None:
        """Make the one folder that holds sys and proc the root of the tree."""
        tops = [top for top in ("", *sorted(self._folders[""])) if self._folders.get(top, set()) & {"sys", "proc"}]
        if len(tops) > 1 and tops[0]:
            raise BadInput(f"{self.source} holds more than one tree ({', '.join(tops)}); give a tar of one of them")
        if tops and tops[0]:
            above = tops[0] + "/"
            self._files = {path.removeprefix(above): v for path, v in self._files.items() if path.startswith(above)}
            self._links = {path.removeprefix(above): v for path, v in self._links.items() if path.startswith(above)}
            self._folders = {p[len(above) :]: v for p, v in self._folders.items() if f"{p}/".startswith(above)}

    def _real(self, path: str) -> str | None:
        """Where the path leads once its links are followed; None: out of the tree, or round in circles."""
        reached: list[str] = []
        ahead = path.split("/")[::-1]
        hops = 40  # the kernel's own limit
        while ahead:
            part = ahead.pop()
            if part == "..":
                if not reached:
                    return None
                reached.pop()
            elif part not in ("", "."):
                reached.append(part)
                target = self._links.get("/".join(reached))
                if target is not None:
                    hops -= 1
                    if target.startswith("/") or not hops:
                        return None
                    reached.pop()
                    ahead.extend(target.split("/")[::-1])
        return "/".join(reached)

    def _open(self, path: str) -> File | None:
        real = self._real(path)
        content = None if real is None else self._files.get(real)
        return io.BytesIO(content) if isinstance(content, bytes) else None

    def names(self, folder: str) -> list[str]:
        real = self._real(folder)
        return [] if real is None else sorted(self._folders.get(real, ()))

    def _above(self, folder: str) -> str:
        """What the paths of a folder's entries begin with."""
        real = self._real(folder)
        return f"{real}/" if real else ""

    def folders(self, folder: str) -> list[str]:
        prefix = self._above(folder)
        return [name for name in self.names(folder) if prefix + name in self._folders]

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        above = self._above(folder)
        contents = [self._files.get(f"{above}{name}/{file}") for name in names]
        return [content[:ATTRIBUTE_LIMIT] if isinstance(content, bytes) else None for content in contents]

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        above = self._above(folder)
        return [list(self._folders.get(f"{above}{name}", ())) for name in names]

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        above = self._above(folder)
        return [entry in self._folders.get(f"{above}{name}", ()) for name in names]
