"""Opening a captured tree, whatever it is kept in."""

from __future__ import annotations

import os

from ..numbers.errors import BadInput
from .folder_tree import FolderTree
from .tar_tree import TarTree
from .tree import Tree


def open_tree(path: str | os.PathLike[str]) -> Tree:
    """The tree in a folder ("/" for this machine) or in a tar, which may be plain, gzip, xz or bzip2 whatever its name.

    Raises `BadInput` with one sentence where there is nothing to read, where a tar is truncated or damaged, and where
    it has a member that no capture makes: a path that leaves the tree, a device, an absurd size.
    """
    source = os.fspath(path)
    if os.path.isdir(source):
        return FolderTree(source)
    if not os.path.lexists(source):
        raise BadInput(f"{source} does not exist; give a folder or a tar that holds a captured sys and proc")
    if not os.path.isfile(source):
        raise BadInput(f"{source} is neither a folder nor a tar that holds a captured sys and proc")
    try:
        return TarTree(source)
    except OSError as error:
        raise BadInput(f"{source} could not be read: {error.strerror or error}") from error
