"""What is in a folder, for who looks for a machine's file there. Pure but for reading the folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from altmap.engine import about_bytes

MOST: Final = 2000
"""Entries of a folder that are shown."""


class Entry(NamedTuple):
    """A thing in a folder: its name, whether it is gone into, and what it is."""

    path: Path
    name: str
    folder: bool
    about: str


def is_tree(path: Path) -> bool:
    """Is a folder what a capture leaves, with ``proc`` and ``sys`` in it?"""
    return (path / "proc").is_dir() and (path / "sys").is_dir()


def entries(folder: Path) -> list[Entry]:
    """The folder above, captured folders and other folders, then files, by name; what is hidden is left out. Raises `OSError`
    for what is no folder or may not be read."""
    found = [Entry(folder.parent, "..", True, "the folder above")] if folder.parent != folder else []
    with os.scandir(folder) as listed:
        there = sorted((one for one in listed if not one.name.startswith(".")), key=lambda one: one.name)
    ranked = [(_entry(one), one.name) for one in there[:MOST]]
    ranked.sort(key=lambda item: (not item[0].folder and item[0].path.is_file(), item[1]))
    return found + [entry for entry, _ in ranked]


def _entry(one: os.DirEntry[str]) -> Entry:
    path = Path(one.path)
    try:
        if one.is_dir():
            tree = is_tree(path)
            return Entry(path, one.name, not tree, "captured folder" if tree else "folder")
        return Entry(path, one.name, False, about_bytes(one.stat().st_size))
    except OSError:
        return Entry(path, one.name, False, "cannot be read")
