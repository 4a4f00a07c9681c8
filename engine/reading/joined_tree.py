"""Trees made of others: one that is seen from a folder inside it, and one that has files which another lacks."""

from __future__ import annotations

from collections.abc import Sequence

from .tree import File, Tree


class InsideTree(Tree):
    """A tree of which only the folder `inside` was kept, as if it stood where it belongs: what lies elsewhere is absent."""

    def __init__(self, tree: Tree, inside: str) -> None:
        super().__init__(tree.source)
        self._tree, self._inside = tree, inside.split("/")
        self.notes = tree.notes

    def _below(self, path: str) -> str | None:
        """The path in the other tree; None: not in it."""
        parts = [part for part in path.split("/") if part]
        return "/".join(parts[len(self._inside) :]) if parts[: len(self._inside)] == self._inside else None

    def _open(self, path: str) -> File | None:
        below = self._below(path)
        return self._tree._open(below) if below else None

    def _names(self, folder: str, names: list[str]) -> list[str]:
        parts = [part for part in folder.split("/") if part]
        above = parts == self._inside[: len(parts)] and len(parts) < len(self._inside)
        return [self._inside[len(parts)]] if above else names

    def names(self, folder: str) -> list[str]:
        below = self._below(folder)
        return self._names(folder, self._tree.names(below) if below is not None else [])

    def folders(self, folder: str) -> list[str]:
        below = self._below(folder)
        return self._names(folder, self._tree.folders(below) if below is not None else [])

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        below = self._below(folder)
        return [None] * len(names) if below is None else self._tree.read_each(below, names, file)

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        below = self._below(folder)
        return [[] for _ in names] if below is None else self._tree.names_each(below, names)

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        below = self._below(folder)
        return [False] * len(names) if below is None else self._tree.have_each(below, names, entry)

    def close(self) -> None:
        self._tree.close()


class JoinedTree(Tree):
    """What two trees have: where both have a file it is that of the first."""

    def __init__(self, first: Tree, second: Tree) -> None:
        super().__init__(second.source)
        self._both = first, second
        self.notes = second.notes

    def _open(self, path: str) -> File | None:
        found = (tree._open(path) for tree in self._both)
        return next((file for file in found if file is not None), None)

    def names(self, folder: str) -> list[str]:
        return sorted({name for tree in self._both for name in tree.names(folder)})

    def folders(self, folder: str) -> list[str]:
        return sorted({name for tree in self._both for name in tree.folders(folder)})

    def _with(self, folder: str) -> list[Tree]:
        return [tree for tree in self._both if tree.names(folder)]

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        read = [tree.read_each(folder, names, file) for tree in self._with(folder)]
        return [next((one for one in found if one is not None), None) for found in zip(*read, strict=True)]

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        listed = [tree.names_each(folder, names) for tree in self._with(folder)]
        return [[name for one in found for name in one] for found in zip(*listed, strict=True)]

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        return [
            any(found) for found in zip(*(t.have_each(folder, names, entry) for t in self._with(folder)), strict=True)
        ]

    def close(self) -> None:
        for tree in self._both:
            tree.close()
