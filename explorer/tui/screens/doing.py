"""Verbs at work: run a slice at a time, told in words and on the map when they are done, taken back and done again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from altmap.engine import BadInput, Command

from ...picture.view import BlockOutlook
from .. import changes, prospects
from ..outlooks import RULES
from ..session import Batch
from ..widgets.bars import ResultBar
from .mapping import MappingScreen

if TYPE_CHECKING:
    from ..places import Goal
    from .command_line import Typed

MANY: Final = 256
"""States that one goes over at once, without a word before that it may take a moment."""


class DoingScreen(MappingScreen):
    """A screen whose verbs change the machine."""

    _changes: changes.Changes
    _refused: tuple[Batch, int, frozenset[int]] | None = None
    """What was refused last, and the cursor and marks then."""

    def perform(
        self, label: str, commands: Sequence[Command], typed: Typed | None = None, signal: tuple[int, int] | None = None
    ) -> None:
        """Run commands a slice at a time and show what comes of them; or let them be watched first. What was `typed` and
        makes no sense to the engine comes back to be corrected. `signal`: see `Session.run`."""
        if self.session.running is None and not self.watched(label, commands, typed):
            self.session.running = label
            self.query_one(ResultBar).say("…", label, "busy")
            self.run_worker(self._carry_out(label, commands, typed, signal), exit_on_error=False)

    async def _carry_out(
        self, label: str, commands: Sequence[Command], typed: Typed | None, signal: tuple[int, int] | None
    ) -> None:
        bar = self.query_one(ResultBar)

        def progress(command: int, events: int) -> None:
            counted = f"{command + 1:,} of {len(commands):,} commands" if commands[1:] else f"{events:,} events"
            bar.say("…", f"{label}: {counted}; esc stops it", "busy")
            self._map.show()
            self._offer()

        batch: Batch | None = None
        self._map.show_notes({})
        try:
            batch = await self.session.run(label, commands, progress, signal, typed.verbs if typed else ())
        except BadInput as error:
            bar.say("" if typed else "✗ refused", "" if typed else str(error), "refused")
            if typed:
                self.open_line(label, str(error))  # which says it
        except Exception as error:
            bar.say("✗ fault", f"{label}: nothing was changed by it", "refused")
            from .error import ErrorScreen

            self.app.push_screen(ErrorScreen(label, error))
        if batch is not None:
            pages = (one.pfn for one in batch.refused if one.reason is None or one.reason.code not in RULES)
            self._fault = next((pfn for pfn in pages if pfn is not None), None)
        self._refused = None
        if batch is not None and batch.stopped:  # who asked for it hears of it before very much is drawn anew
            self.session.running = label
            bar.tell(batch, self.machine, "")
            await self._drawn()
            self.session.running = None
        self._show_machine()
        if batch is not None:
            self._tell(batch)
        self.post_message(self.Rested())

    def _tell(self, batch: Batch) -> None:
        """Show what came of a verb: in words, and on the map."""
        from ..outcomes import added_block

        if (block := added_block(batch, self.machine)) is not None:
            self._map.select(block)
        self._map.show_notes({
            block: prospects.tile_word(outcome)
            for outcome in batch.refused
            if isinstance(block := getattr(outcome.command, "block", None), int)
        })  # fmt: skip
        moved = changes.where_words(self._changes, self.machine)
        outlook = self._outlook() if len(batch.refused) == 1 == len(batch.outcomes) else None
        self.query_one(ResultBar).tell(
            batch, self.machine, moved or prospects.stays(batch.refused, outlook, self.cursor)
        )
        if batch.refused and not batch.stopped:
            self._refused = batch, self.cursor, self.marks
        self.show_offers()
        self._offer()

    def take_back(self) -> None:
        """Undo the last verb; where there is none, the boot."""
        if not self.session.can_undo and (before := self.session.before) is not None:
            before.after = self.session if not self.live else None
            self.app.pop_screen()
        else:
            steps, label = self.session.extent(self.machine.timeline.present)
            self._travel(steps, f"taking back {label}", lambda: self._moved("undone", self.session.undo()))

    def do_again(self) -> None:
        """Redo what was undone; where nothing was, to the machine that was gone back from."""
        if not self.session.can_redo and (after := self.session.after) is not None:
            self.post_message(self.Returned(after))
        else:
            steps, label = self.session.extent(self.machine.timeline.next)
            self._travel(steps, f"doing {label} again", lambda: self._moved("done again", self.session.redo()))

    def _travel(self, steps: int, said: str, go: Callable[[], None]) -> None:
        """Go over so many states to another; where these are many, that is said first."""
        if steps < MANY:
            go()
            return
        self.session.running = said
        self.query_one(ResultBar).say("…", f"{said}: {steps:,} commands", "busy")
        self.run_worker(self._go_far(go), exit_on_error=False)

    async def _go_far(self, go: Callable[[], None]) -> None:
        await self._drawn()
        self.session.running = None
        go()
        self.post_message(self.Rested())

    async def _drawn(self) -> None:
        """Wait until all that was said is on the screen."""
        drawn = asyncio.Event()
        self.call_after_refresh(drawn.set)
        await drawn.wait()

    def _moved(self, badge: str, batch: Batch | None) -> None:
        if batch is not None:
            self.show_state(badge, batch.label)

    def go_to_state(self, number: int | Goal | None) -> None:
        """Take the machine to a state of its history, or the cursor to a place; None: nowhere else."""
        if isinstance(number, int):
            far = abs(number - self.machine.timeline.present.number)
            self._travel(far, f"going to state {number:,}", lambda: self._be_in(number))
        else:
            self._go(number)

    def _be_in(self, number: int) -> None:
        self.machine.go_to(number)
        step = self.machine.timeline.present
        verb = self.session.shown_verb(step)
        self.show_state(f"state {number}", step.name or (verb[1] if verb is not None else "the beginning"))

    def show_state(self, badge: str, text: str) -> None:
        """The machine is in another state, by no command."""
        self._fault = self._refused = None
        self._map.show_notes({})
        self._show_machine()
        self.query_one(ResultBar).say(badge, text, "plain", changes.where_words(self._changes, self.machine))

    # -- what the main screen does ------------------------------------------------------------------------------------

    def _show_machine(self) -> None:
        raise NotImplementedError

    def _outlook(self) -> BlockOutlook | None:
        raise NotImplementedError

    def _offer(self) -> None:
        raise NotImplementedError
