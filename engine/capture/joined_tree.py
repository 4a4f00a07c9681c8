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
    """Folders below `above` are those of one tree, all others of another."""

    def __init__(self, tree: Tree, upper: Tree, above: str) -> None:
        super().__init__(tree.source)
        self._tree, self._upper, self._above = tree, upper, above
        self.notes = tree.notes

    def _of(self, path: str) -> Tree:
        return self._upper if f"{path}/".startswith(f"{self._above}/") else self._tree

    def _open(self, path: str) -> File | None:
        return self._of(path)._open(path)

    def names(self, folder: str) -> list[str]:
        return self._of(folder).names(folder)

    def folders(self, folder: str) -> list[str]:
        return self._of(folder).folders(folder)

    def read_each(self, folder: str, names: Sequence[str], file: str) -> list[bytes | None]:
        return self._of(folder).read_each(folder, names, file)

    def names_each(self, folder: str, names: Sequence[str]) -> list[list[str]]:
        return self._of(folder).names_each(folder, names)

    def have_each(self, folder: str, names: Sequence[str], entry: str) -> list[bool]:
        return self._of(folder).have_each(folder, names, entry)

    def close(self) -> None:
        self._tree.close()
