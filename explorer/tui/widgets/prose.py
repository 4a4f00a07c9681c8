"""Lines that the engine wrote, as high as they need to be: each in the look of what it is, wrapped below its own text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from altmap.engine import Line as EngineLine
from textual.geometry import Size

from ...lines import Laid, laid_out
from ...printable import printable
from .painted import Line, Painted, wrapped

ROLES: Final = {"text": "text", "warning": "warn", "title": "title", "script": "text"}
"""How each kind of line looks but the answer, which is chosen."""


class Prose(Painted):
    """Lines of the engine, which `lines_in` gives for a width in columns; `head` is the role of the answer."""

    hints = True

    def __init__(self, lines_in: Callable[[int], Iterable[EngineLine]], head: str = "strong", **options: Any) -> None:
        super().__init__(**options)
        self._lines_in = lines_in
        self._head = head

    def show(self, lines_in: Callable[[int], Iterable[EngineLine]], head: str = "strong") -> None:
        """Others instead, as high as they need to be."""
        self._lines_in, self._head = lines_in, head
        self.scroll_to(y=0, animate=False)
        self.reload()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """What ``height: auto`` comes to."""
        return len(self.lines(width))

    def lines(self, width: int) -> Sequence[Line]:
        return [line for laid in laid_out(self._lines_in(width)) for line in self._wrapped(laid.within(width), width)]

    def _wrapped(self, laid: Laid, width: int) -> list[Line]:
        text, role = printable(laid.text), ROLES.get(laid.line.look, self._head)
        below = laid.hang if len(laid.line.cells) > 1 else laid.begin
        return wrapped(text[laid.begin :], role, width, text[: laid.begin], " " * below, role)
