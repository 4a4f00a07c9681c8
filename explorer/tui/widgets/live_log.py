"""What the readings of a running machine told: what differs from the plan, then what changed, the last reading first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...printable import printable
from ..live import Reader
from .painted import Line, Painted, wrapped


class LiveLog(Painted):
    """In the kernel's words, as `altmap diff` has them."""

    hints = True

    def __init__(self, reader: Reader, **options: Any) -> None:
        super().__init__(**options)
        self._reader = reader

    def lines(self, width: int) -> Sequence[Line]:
        reader = self._reader
        lines: list[Line] = []
        if reader.plan is not None and reader.news:
            name = printable(reader.plan.origin.name)
            lines.append(((f"what differs from {name}", "title"),))
            lines += [line for text in reader.news[-1].differs for line in wrapped(text, "text", width, "  ", "    ")]
            lines.append(())
        lines.append((("what changed", "title"),))
        for news in reversed(reader.news):
            changed = news.changed or ("the first reading" if news.number == 1 else "nothing",)
            lines.append(((f"  reading {news.number:,}", "muted"),))
            lines += [line for text in changed for line in wrapped(text, "text", width, "    ", "      ")]
        return lines
