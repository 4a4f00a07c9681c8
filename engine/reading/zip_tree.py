"""A tree in a zip archive, checked as one in a tar is."""

from __future__ import annotations

import stat
import zipfile
import zlib
from typing import Final

from ..numbers.errors import BadInput
from ..numbers.units import format_bytes
from .mapped_tree import Budget, MappedTree, inside, leaves
from .tree import WHOLE_FILE_LIMIT

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
        budget = Budget(self.source)
        for member in archive.infolist():
            name = member.filename
            where = f"{self.source}: member {name!r}"
            if leaves(name):
                raise BadInput(f'{where} lies outside the tree; paths of a captured tree have no ".."')
            if member.file_size > WHOLE_FILE_LIMIT:
                limit = format_bytes(WHOLE_FILE_LIMIT)
                raise BadInput(
                    f"{where} claims {member.file_size} bytes; this file of a captured tree has at most {limit}"
                )
            budget.take(name, member.file_size, 0)
            path = inside(name)
            if not path:
                continue
            if not member.is_dir():
                with archive.open(member) as file:
                    content = file.read(member.file_size + 1)
                if stat.S_ISLNK(member.external_attr >> 16):
                    self._links[path] = content.decode("utf-8", "replace")
                else:
                    content = content.rstrip(b"\0") if not path.endswith(("kpageflags", "kpagecount")) else content
                    self._files[path] = self._same.setdefault(content, content)
            budget.keep(name, self._enter(path, member.is_dir()))
