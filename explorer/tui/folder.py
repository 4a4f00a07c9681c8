"""What is in a folder, for who looks for a machine's file there. Pure but for reading the folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, NamedTuple

from altmap.engine import about_bytes

MOST: Final = 2000
"""Entries of a folder that are shown."""


What = Literal["folder", "tree", "file"]
"""A folder that is gone into; one that a capture left, which is opened; or anything else."""


class Entry(NamedTuple):
    """A thing in a folder: its name, what it is, and that in words."""

    path: Path
    name: str
    what: What
    about: str


def is_tree(path: Path) -> bool:
    """Is a folder what a capture leaves, with ``proc`` and ``sys`` in it?"""
    return (path / "proc").is_dir() and (path / "sys").is_dir()


def entries(folder: Path) -> list[Entry]:
    """The folder above, captured folders and other folders, then files, by name; what is hidden is left out. Raises `OSError`
    for what is no folder or may not be read."""
    found = [Entry(folder.parent, "..", "folder", "the folder above")] if folder.parent != folder else []
    with os.scandir(folder) as listed:
        there = sorted((one for one in listed if not one.name.startswith(".")), key=lambda one: one.name)
    return found + sorted(map(_entry, there[:MOST]), key=lambda entry: entry.what == "file")


def _entry(one: os.DirEntry[str]) -> Entry:
    path = Path(one.path)
    try:
        if one.is_dir():
            return Entry(path, one.name, *(("tree", "captured folder") if is_tree(path) else ("folder", "folder")))
        return Entry(path, one.name, "file", about_bytes(one.stat().st_size))
    except OSError:
        return Entry(path, one.name, "file", "cannot be read")
