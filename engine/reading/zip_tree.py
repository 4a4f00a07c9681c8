"""A tree in a zip archive, checked as one in a tar is."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from typing import Final

from ..numbers.errors import BadInput
from ..numbers.units import GIB, format_bytes
from .mapped_tree import MappedTree
from .tree import WHOLE_FILE_LIMIT

_KEPT_LIMIT: Final = GIB
"""Bytes of everything that is kept."""
_MOST_MEMBERS: Final = 1 << 20
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)


class ZipTree(MappedTree):
    """A tree in a zip, with or without one folder above its ``sys`` and ``proc``; symlinks are kept as Info-ZIP keeps them."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        try:
            with zipfile.ZipFile(source) as archive:
                self._load(archive)
        except BadInput:
            raise
        except _DAMAGE as error:
            raise BadInput(f"{source} is no whole, undamaged zip archive ({error})") from error
        self._lift()

    def _load(self, archive: zipfile.ZipFile) -> None:
        kept = 0
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise BadInput(f"{self.source} has {len(members)} members; a captured tree has far fewer")
        for member in members:
            name = member.filename
            where = f"{self.source}: member {name!r}"
            if name.startswith("/") or ".." in name.split("/"):
                raise BadInput(f'{where} lies outside the tree; a captured tree has only relative paths without ".."')
            if member.file_size > WHOLE_FILE_LIMIT:
                limit = format_bytes(WHOLE_FILE_LIMIT)
                raise BadInput(
                    f"{where} claims {member.file_size} bytes; this file of a captured tree has at most {limit}"
                )
            path = os.path.normpath(name)
            if path == ".":
                continue
            if not member.is_dir():
                with archive.open(member) as file:
                    content = file.read(WHOLE_FILE_LIMIT + 1)
                kept += len(content)
                if stat.S_ISLNK(member.external_attr >> 16):
                    self._links[path] = content.decode("utf-8", "replace")
                else:
                    self._files[path] = (
                        content.rstrip(b"\0") if not path.endswith(("kpageflags", "kpagecount")) else content
                    )
            if kept > _KEPT_LIMIT:
                raise BadInput(
                    f"{self.source} holds more than {format_bytes(_KEPT_LIMIT)} up to its member {name!r}; a captured tree "
                    f"is far smaller"
                )
            self._enter(path, member.is_dir())
