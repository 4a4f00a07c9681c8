"""The two lines that frame the screen: what machine this is, and what came of the last command."""

from __future__ import annotations

from typing import Final

from altmap.engine import Machine, about_bytes
from textual.content import Content
from textual.widgets import Static

from ... import facts
from ...printable import printable
from .. import words
from ..session import Batch

SETTINGS: Final = ("memmap_on_memory", "online_policy", "auto_online_blocks")

LINES: Final = 2
"""Lines of the result bar at most."""


class StatusLine(Static):
    """Name, architecture, kernel model, parameters and the memory totals; what does not fit is left out from the right."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def show(self) -> None:
        """Read the machine anew."""
        machine, width = self.machine, self.app.size.width
        total, free = (about_bytes(size) for size in facts.totals(machine))
        name = printable(words.machine_name(machine))
        details = [f"model {machine.model.name}", machine.geometry.arch]
        details += [f"{setting} {value}" for setting in SETTINGS if (value := machine.settings.texts().get(setting))]
        memory = next(
            (
                text
                for text in (f"MemTotal {total}  MemFree {free} ", f"MemFree {free} ")
                if len(text + name) + len(details[0]) + 14 <= width
            ),
            "",
        )
        left = Content.assemble((" altmap ", "bold $background on $primary"), "  ", (name, "bold $foreground"))
        for detail in details:
            longer = left + Content.styled(f"  {detail}", "$quiet")
            if longer.cell_length + len(memory) + 2 > width:
                break
            left = longer
        gap = " " * max(1, width - left.cell_length - len(memory))
        self.update(left + gap + Content.styled(memory, "$primary"))

    def on_resize(self) -> None:
        self.show()


class ResultBar(Static):
    """The result of the last command with its errno, in words; what three lines do not hold ends with a mark."""

    def __init__(self) -> None:
        super().__init__()
        self._said = ("", "", "plain")
        self._text = Content()
        self._shown: object = None

    def say(self, badge: str, text: str, look: str) -> None:
        """Show a badge and a sentence; `look` is "ok", "refused", "busy" or "plain"."""
        self._said = (badge, printable(text), look)
        self.offer_why(False)

    def offer_why(self, offered: bool) -> None:
        """Name the key that explains a refusal, as long as it explains this one."""
        if self._shown == (self._said, offered):
            return
        self._shown = (self._said, offered)
        badge, text, look = self._said
        self.set_classes(f"-{look}")
        parts = [(f" {badge} ", "bold reverse"), (" w: why ", "reverse") if offered else "", " "] if badge else []
        self._write(Content.assemble(*parts, text))

    def hint(self, text: str) -> None:
        """Show a sentence in passing: what was said before comes back with the next move."""
        self._shown = text
        self.set_classes("-plain")
        self._write(Content(printable(text)))

    def _write(self, text: Content) -> None:
        self._text = text
        self._fit()

    def _fit(self) -> None:
        width = self.content_size.width
        lines = self._text.wrap(width) if width else []
        if len(lines) <= LINES:
            self.update(self._text)
            return
        last = lines[LINES - 1].rstrip().truncate(width - 1) + "…"
        self.update(Content("\n").join([*lines[: LINES - 1], last]))

    def on_resize(self) -> None:
        self._fit()

    def tell(self, batch: Batch, machine: Machine) -> None:
        """Show what came of a verb."""
        result, text = words.batch_words(batch, machine)
        judged = batch.refused[:1] or batch.outcomes
        assumed = any(outcome.certainty == "not known" for outcome in judged) and not batch.stopped
        if batch.refused:
            self.say(f"✗ {result}{', assumed' if assumed else ''}", text, "refused")
        elif result == "ok":
            self.say("≈ ok, assumed" if assumed else "✓ ok", text, "busy" if assumed else "ok")
        else:
            self.say(f"■ {result}", text, "busy")
