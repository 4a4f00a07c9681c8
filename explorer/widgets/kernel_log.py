"""The kernel log: every command of the history, the lines that the kernel prints, and the result."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Machine, Outcome, describe

from .painted import Line, Painted, wrapped

LAST = 100
"""Commands that are shown."""

MOST = 60
"""Kernel lines of one command that are shown."""


class KernelLog(Painted):
    """Drawn from the machine's history, so that what is undone is gone from here too."""

    def __init__(self, machine: Machine, **options: str | None) -> None:
        super().__init__(**options)
        self.machine = machine

    def reload(self) -> None:
        """The last command is in sight."""
        super().reload()
        self.scroll_end(animate=False)

    def lines(self, width: int) -> Sequence[Line]:
        history = self.machine.history
        if not history:
            return wrapped("Nothing done yet. Press a to add memory, ? for all keys.", "muted", width)
        lines: list[Line] = []
        if len(history) > LAST:
            lines.append(((f"… {len(history) - LAST} earlier commands", "muted"),))
        for outcome in history[-LAST:]:
            lines += self._told(outcome, width)
        return lines

    def _told(self, outcome: Outcome, width: int) -> list[Line]:
        lines = wrapped(describe(outcome.command), "strong", width, "❯ ", "  ", "title")
        log = outcome.log
        for text in log[:MOST]:
            lines += wrapped(text, "muted", width, "  ", "    ")
        if len(log) > MOST:
            lines.append(((f"  … {len(log) - MOST} more lines", "muted"),))
        if not outcome.ok:
            lines += wrapped(f"{outcome.result}: {outcome.reason}", "bad", width, "  ", "  ")
        for node, pages in sorted(outcome.taken.items()):
            lines += wrapped(f"{pages:,} pages of existing memory taken on node {node}", "muted", width, "  ", "  ")
        return lines
