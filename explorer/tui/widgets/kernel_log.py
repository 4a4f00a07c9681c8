"""The kernel log: every command of the history, the lines that the kernel prints, and the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from altmap.engine import Machine, Outcome, Step, describe, sentence, story

from ..states import Verb
from .painted import Line, Painted, wrapped

LAST = 100
"""Commands that are shown."""

MOST = 60
"""Kernel lines of one command that are shown."""


class KernelLog(Painted):
    """Drawn from the machine's history, so that what is undone is gone from here too. What one verb did to many blocks is one
    entry; `verb_of`: the verb that made a state."""

    def __init__(self, machine: Machine, verb_of: Callable[[Step], Verb | None], **options: Any) -> None:
        super().__init__(**options)
        self.machine = machine
        self._verb_of = verb_of
        self._known: dict[tuple[int, int, int], tuple[Sequence[Outcome], list[Line]]] = {}

    def reload(self) -> None:
        """The last command is in sight."""
        super().reload()
        self.call_after_refresh(self.scroll_end, animate=False)

    def lines(self, width: int) -> Sequence[Line]:
        steps = [step for step in self.machine.timeline.path() if step.outcome is not None]
        if not steps:
            return wrapped("Nothing done yet. Press a to add memory, ? for all keys.", "muted", width)
        entries = [
            (verb, [step.outcome for step in made if step.outcome]) for verb, made in groupby(steps, self._verb_of)
        ]
        lines: list[Line] = []
        if len(entries) > LAST:
            lines.append(((f"… {len(entries) - LAST:,} earlier commands", "muted"),))
        known, self._known = self._known, {}
        for verb, outcomes in entries[-LAST:]:
            key = (id(outcomes[0]), len(outcomes), width)
            self._known[key] = known.get(key) or (outcomes, self._lines_of(verb[1] if verb else "", outcomes, width))
            lines += self._known[key][1]
        return lines

    def _lines_of(self, label: str, outcomes: Sequence[Outcome], width: int) -> list[Line]:
        many = len(outcomes) > 1
        lines = wrapped(label if many else describe(outcomes[0].command), "strong", width - 12, "❯ ", "  ", "title")
        good = sum(outcome.ok for outcome in outcomes)
        if good == len(outcomes):
            lines[-1] = (*lines[-1], (f" all {good} ok" if many else " ok", "good"))
        elif many:
            lines[-1] = (*lines[-1], (f" {good:,} of {len(outcomes):,}", "bad"))
        said = list(dict.fromkeys(one for outcome in outcomes for one in story(outcome)))
        most = MOST if not many else MOST // 4
        for kind, text in said[:most]:
            lines += wrapped(text, "muted" if kind == "log" else "text", width, "  " if kind == "log" else "· ", "    ")
        if len(said) > most:
            lines.append(((f"  … {len(said) - most:,} more lines", "muted"),))
        for outcome in [outcome for outcome in outcomes if not outcome.ok][:most]:
            who = f"{describe(outcome.command)}: " if many else ""
            lines += wrapped(f"{who}{outcome.result}: {sentence(outcome.reason)}", "bad", width, "  ", "  ")
        return lines
