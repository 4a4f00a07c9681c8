"""The kernel log: every command of the history, the lines that the kernel prints, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from altmap.engine import Machine, Outcome, describe, sentence, story

from .painted import Line, Painted, wrapped

LAST = 100
"""Commands that are shown."""

MOST = 60
"""Kernel lines of one command that are shown."""


class KernelLog(Painted):
    """Drawn from the machine's history, so that what is undone is gone from here too."""

    def __init__(self, machine: Machine, **options: Any) -> None:
        super().__init__(**options)
        self.machine = machine
        self._known: dict[tuple[int, int], tuple[Outcome, list[Line]]] = {}

    def reload(self) -> None:
        """The last command is in sight."""
        super().reload()
        self.call_after_refresh(self.scroll_end, animate=False)

    def lines(self, width: int) -> Sequence[Line]:
        history = self.machine.history
        if not history:
            return wrapped("Nothing done yet. Press a to add memory, ? for all keys.", "muted", width)
        lines: list[Line] = []
        if len(history) > LAST:
            lines.append(((f"… {len(history) - LAST} earlier commands", "muted"),))
        known, self._known = self._known, {}
        for outcome in history[-LAST:]:
            key = (id(outcome), width)
            self._known[key] = known.get(key) or (outcome, self._told(outcome, width))
            lines += self._known[key][1]
        return lines

    def _told(self, outcome: Outcome, width: int) -> list[Line]:
        lines = wrapped(describe(outcome.command), "strong", width - 3, "❯ ", "  ", "title")
        if outcome.ok:
            lines[-1] = (*lines[-1], (" ok", "good"))
        said = list(story(outcome))
        for kind, text in said[:MOST]:
            lines += wrapped(text, "muted" if kind == "log" else "text", width, "  " if kind == "log" else "· ", "    ")
        if len(said) > MOST:
            lines.append(((f"  … {len(said) - MOST} more lines", "muted"),))
        if not outcome.ok:
            lines += wrapped(f"{outcome.result}: {sentence(outcome.reason)}", "bad", width, "  ", "  ")
        return lines
