"""What if: the placements of one add side by side."""

from __future__ import annotations

import asyncio

import msgspec
from altmap.engine import PLACEMENTS, Add, BadInput, Comparison, Machine, compare, describe, running
from textual.app import ComposeResult
from textual.containers import Vertical

from ...comparison_table import comparison_lines
from ..widgets.heading import CLOSE, Heading, Hint
from ..widgets.prose import Prose
from .dialog import Dialog
from .error import ErrorScreen


class ComparisonScreen(Dialog[None]):
    """The table of all placements. They are tried one by one, so that a big request can be left before its end."""

    def __init__(self, machine: Machine, request: Add) -> None:
        super().__init__()
        self._machine = machine
        self._request = request

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading("What if", Hint("esc", "stops", "leave"))
            yield Prose(lambda width: [running(describe(self._request), indent=0)])

    def on_mount(self) -> None:
        self.query_one(Prose).focus()
        self.run_worker(self._compare(), exit_on_error=False)

    async def _compare(self) -> None:
        """Copies of the machine are tried, beside the screen: escape is answered meanwhile."""
        table: Comparison | None = None
        for placement in PLACEMENTS:
            self._say(describe(self._request), "", f"Comparing: placement {placement} … esc stops")
            try:
                found = await asyncio.to_thread(compare, self._machine.copy(), self._request, (placement,))
            except BadInput as error:
                self._say(str(error))
                return
            except Exception as error:
                self.app.push_screen(ErrorScreen("compare placements", error))
                return
            table = found if table is None else msgspec.structs.replace(table, rows=(*table.rows, *found.rows))
        if table is not None:
            whole = table
            self.query_one(Prose).show(
                lambda width: [running(line, indent=0) for line in comparison_lines(whole, width)]
            )
            self.query_one(Heading).tell(CLOSE)

    def _say(self, *words: str) -> None:
        self.query_one(Prose).show(lambda width: [running(line, indent=0) for line in words])
