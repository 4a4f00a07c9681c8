"""Text that the engine wrote, as long as it needs to be: painted line by line, wrapped below its own last column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from textual.geometry import Size

from ...printable import printable
from .painted import Line, Painted, wrapped

COLUMN = re.compile(r"(?:.*\S)? {2,}(?=\S)")
"""Up to the last column of a line of a table, or to where an indented line begins."""


class Prose(Painted):
    """A text; `text` writes it for a width in columns. Its first line has a look of its own, the role `head`."""

    hints = True

    def __init__(self, text: Callable[[int], str], head: str = "strong", **options: Any) -> None:
        super().__init__(**options)
        self._text = text
        self._head = head

    def show(self, text: Callable[[int], str], head: str = "strong") -> None:
        """Another text instead, as high as it needs to be."""
        self._text, self._head = text, head
        self.scroll_to(y=0, animate=False)
        self.reload()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """What ``height: auto`` comes to."""
        return len(self.lines(width))

    def lines(self, width: int) -> Sequence[Line]:
        said = printable(self._text(width)).rstrip("\n").split("\n")
        return [line for at, text in enumerate(said) for line in _line(text, _role(text) if at else self._head, width)]


def _role(text: str) -> str:
    if text.lstrip().startswith("warning: "):
        return "warn"
    return "title" if text.endswith(":") and not text.startswith(" ") else "text"


def _line(text: str, role: str, width: int) -> list[Line]:
    found = COLUMN.match(text)
    hang = found.end() if found and len(text) > width else 0
    if hang * 2 > width:
        hang = len(text) - len(text.lstrip(" "))
    return wrapped(text[hang:], role, width, text[:hang], " " * hang, role)
