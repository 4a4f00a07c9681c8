"""Pictures of a map that were drawn lately, so that going back to one costs what has changed since."""

from __future__ import annotations

from typing import Final

from .memory import MemoryPicture
from .pages import PagesPicture
from .view import View

Picture = MemoryPicture | PagesPicture

_MOST: Final = 16
"""Pictures that are kept."""


class Kept:
    """Each with what it is a picture of (`key`), and how old the machine was when it was drawn last."""

    def __init__(self) -> None:
        self._pictures: dict[object, tuple[Picture, int]] = {}

    def take(self, key: object) -> tuple[Picture, int] | None:
        """Take one out, with its age; None where it is not there."""
        return self._pictures.pop(key, None)

    def put(self, key: object, picture: Picture, age: int) -> None:
        """Keep one, as the last that was drawn."""
        self._pictures[key] = picture, age
        while len(self._pictures) > _MOST:
            del self._pictures[next(iter(self._pictures))]

    def clear(self) -> None:
        """Keep none."""
        self._pictures.clear()

    def drop(self, view: type[View], but: Picture | None) -> None:
        """Keep none of a view, but for one."""
        self._pictures = {
            key: found for key, found in self._pictures.items() if found[0].view is not view or found[0] is but
        }
