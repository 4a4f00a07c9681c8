"""Questions and their answers: why a command would be refused, and which blocks give memory back. What is asked is shown
at once, for the answer may take a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from altmap.engine import BadInput, Command, Machine, describe
from textual.message import Message
from textual.screen import Screen

from .. import words
from ..portrait import Portrayed
from ..prospects import grouped
from ..session import Batch, Session
from ..widgets.bars import ResultBar

if TYPE_CHECKING:
    from .command_line import Typed
    from .why import Choice, Contents, Way

    Answer = tuple[Contents, str, int | None]
    """What is shown, the role in which its answer stands out, and the page (pfn) in the way, if one is named."""

MOST_ASKED: Final = 32
"""Marked blocks that one question is about."""


class AnsweringScreen(Portrayed, Screen[None]):
    """A screen that answers questions, and does what is chosen there."""

    session: Session
    _asking: bool = False
    """Is a question being answered?"""
    _fault: int | None = None
    """The page (pfn) that was named last as being in the way."""

    class Rested(Message):
        """What was asked for is done, and what was typed meanwhile has its turn."""

    @property
    def machine(self) -> Machine:
        """The machine of the session."""
        return self.session.machine

    def perform(
        self, label: str, commands: Sequence[Command], typed: Typed | None = None, signal: tuple[int, int] | None = None
    ) -> None:
        """Run commands and show what comes of them."""
        raise NotImplementedError

    def open_line(self, line: str = "", complaint: str = "") -> None:
        """Open the command line on a line that is to be corrected, with what is wrong with it."""
        raise NotImplementedError

    def ask_line(self) -> None:
        """Open the command line on an empty line."""
        self.open_line()

    def show_fault(self) -> None:
        """Zoom to the page in the way."""
        raise NotImplementedError

    def explain(self, refused: Batch) -> None:
        """Show why commands were refused, and do what is chosen there."""
        from .why import MOST_GROUPS, contents_of_batch, contents_since, look, page_in_the_way

        steps = refused.refusals

        def answer() -> Answer:
            if len(steps) == 1 and (outcome := steps[0].outcome) is not None and len(refused.outcomes) == 1:
                then, now = self.session.explain(steps[0]), self.machine.why_not(outcome.command)
                return contents_since(then, now), look([then]), page_in_the_way([then])
            groups = [outcomes for _, outcomes in grouped(refused.refused)]
            by_outcome = {id(step.outcome): step for step in steps}
            verdicts = [self.session.explain(by_outcome[id(group[0])]) for group in groups[:MOST_GROUPS]]
            by_group = list(zip_longest(groups, verdicts))
            return (
                contents_of_batch(refused.label, len(refused.outcomes) - len(refused.refused), by_group),
                "bad",
                page_in_the_way(verdicts),
            )

        self._presently(f"why {refused.label}", answer)

    def ask_why(self, commands: Sequence[Command]) -> None:
        """Show what would come of commands, each for itself, and do what is chosen there."""
        from .why import contents, contents_of_many, look, page_in_the_way

        def answer() -> Answer:
            verdicts = [*map(self.machine.why_not, commands[:MOST_ASKED])]
            said = (
                contents(*verdicts) if len(verdicts) == 1 else contents_of_many(verdicts, len(commands) - len(verdicts))
            )
            return said, look(verdicts), page_in_the_way(verdicts)

        self._presently(f"why {', '.join(map(describe, commands[:1]))}", answer)

    def _presently(self, question: str, answer: Callable[[], Answer | None]) -> None:
        """Show what is asked, then the answer; what is typed meanwhile waits."""
        self._asking = True
        self.query_one(ResultBar).hint(f"…  {question}")
        self.call_after_refresh(self._answer, question, answer)

    def _answer(self, question: str, answer: Callable[[], Answer | None]) -> None:
        """Show an answer; None: it was shown otherwise."""
        from .why import WhyScreen

        try:
            if (found := answer()) is not None:
                said, head, page = found
                self._fault = page if page is not None else self._fault
                self.app.push_screen(WhyScreen(*said, head, page), self._remedy)
        except Exception as error:
            from .error import ErrorScreen

            self.app.push_screen(ErrorScreen(question, error))
        self.query_one(ResultBar).hint("")
        self._asking = False
        self.post_message(self.Rested())

    def _remedy(self, choice: Choice | Way | None) -> None:
        if isinstance(choice, str):
            self.ask_line() if choice == "line" else self.show_fault()
        elif choice is not None:
            self.perform(words.commands_label(choice.commands), choice.commands)

    def give_back(self, typed: Typed) -> Answer | None:
        """Which blocks give back so much memory, to be taken offline together."""
        from altmap.engine import give_back

        from .why import LOOKS, contents_of_size

        try:
            plan = give_back(self.machine, *(typed.size or (0, None)))
        except BadInput as error:
            self.open_line(typed.line, str(error))
            return None
        return contents_of_size(plan), LOOKS[plan.answer], None
