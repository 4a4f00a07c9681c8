"""Why a command would be refused, and what would clear that; or what it would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from altmap.engine import Command, Verdict, describe, describe_answer, describe_finding, describe_remedy, sentence
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ...printable import printable
from ..widgets.heading import CLOSE, Heading, Hint
from ..widgets.prose import Prose
from .dialog import Dialog


class Choice(NamedTuple):
    """Something that can be done about it: what it is called, the lines of its script, its commands; none where it needs
    what no command can do."""

    words: str
    script: tuple[str, ...]
    commands: tuple[Command, ...]


DOES = Hint("enter", "does it", "take")

Told = tuple[str, str, list[Choice]]
"""A text, the heading of what can be done, and the choices."""


def told(verdict: Verdict) -> Told:
    """The verdict without what can be done, the heading of that, and the choices: the command itself unless it would be
    refused, then each remedy in the words of the engine."""
    does = {"yes": "do it", "not known": "rehearse it, as if no page of unknown kind were in the way"}.get(
        verdict.certainty
    )
    choices = [Choice(does, (describe(verdict.command),), (verdict.command,))] if does and verdict.rehearsed else []
    for remedy in verdict.remedies:
        choices.append(Choice(*describe_remedy(remedy), () if remedy.given else remedy.commands))
    clears = verdict.remedies and not verdict.rehearsed
    return describe_finding(verdict), "What would clear it:" if clears else "What can be done:", choices


def told_since(then: Verdict, now: Verdict) -> Told:
    """The same of a command that was refused: why it was `then`, and what can be done `now`, should it have left traces."""
    if (then.result, then.reason) == (now.result, now.reason):
        return told(now)
    answer, *reason = describe_answer(now)
    text, (_, heading, choices) = told(then)[0], told(now)
    return "\n".join((text, "", "Now, after that:", f"  {answer}", *reason)), heading, choices


def told_of_many(verdicts: Sequence[Verdict], left_out: int) -> Told:
    """The same of several commands: how many would succeed, all on the first that would not, and the other refusals; and of
    how many that is not known."""
    willing, refused, unknown = (
        [v for v in verdicts if v.certainty == answer] for answer in ("yes", "no", "not known")
    )
    lines = [f"{len(willing)} of {len(verdicts)} would succeed" + (f", {len(unknown)} not known" if unknown else "")]
    if left_out:
        lines.append(f"  {left_out:,} more marked blocks were not asked about")
    choices = [_all("do what would succeed", willing)] if willing else []
    hopeful = [verdict for verdict in unknown if verdict.rehearsed]
    choices += [_all("rehearse what is not known", hopeful)] if hopeful else []
    if not refused and not unknown:
        return "\n".join(lines), "What can be done:", choices
    first = (refused or unknown)[0]
    text, heading, more = told(first)
    lines += ["", text]
    for title, others in (("Refused too:", refused[1:]), ("Not known:", unknown if refused else unknown[1:])):
        lines += ["", title] if others else []
        lines += [f"  {describe(verdict.command)}{_why(verdict)}" for verdict in others]
    return "\n".join(lines), heading, [*(choice for choice in more if choice.commands != (first.command,)), *choices]


def _all(words: str, verdicts: Sequence[Verdict]) -> Choice:
    commands = tuple(verdict.command for verdict in verdicts)
    return Choice(words, tuple(map(describe, commands)), commands)


def _why(verdict: Verdict) -> str:
    return "" if verdict.rehearsed else f": {verdict.result}, {sentence(verdict.reason)}"


def look(verdicts: Sequence[Verdict]) -> str:
    """The role in which the answer stands out: that of the worst of them."""
    answers = {verdict.certainty for verdict in verdicts}
    return "bad" if "no" in answers else "warn" if "not known" in answers else "good"


class WhyScreen(Dialog[Choice]):
    """What was told, its first line in the role `head`; the answer is what to do about it. The arrows read the text to its
    end and then choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "walk(-1)", show=False, priority=True),
        Binding("down", "walk(1)", show=False, priority=True),
    ]

    def __init__(self, text: str, heading: str, choices: Sequence[Choice], head: str) -> None:
        super().__init__()
        self._text, self._heading, self._choices, self._head = text, heading, choices, head

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -broad"):
            yield Heading("Why", *([DOES] if self._choices else []), CLOSE)
            yield Prose(lambda width: self._text, self._head)
            if self._choices:
                yield Static(self._heading, classes="heading")
                yield OptionList(*map(_option, self._choices), id="choices", compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList if self._choices else Prose).focus()

    def action_walk(self, by: int) -> None:
        """One line or one choice on."""
        text = self.query_one(Prose)
        reads = by > 0 and text.scroll_offset.y < text.max_scroll_y
        if not self._choices:
            text.scroll_relative(y=by, animate=False)
            return
        choices = self.query_one(OptionList)
        if reads or (by < 0 and not choices.highlighted):
            text.scroll_relative(y=by, animate=False)
        elif by > 0:
            choices.action_cursor_down()
        else:
            choices.action_cursor_up()

    def on_option_list_option_highlighted(self) -> None:
        self.query_one(Heading).tell(DOES, CLOSE)

    def on_option_list_option_selected(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Close with the choice under the cursor."""
        choices = self.query_one(OptionList)
        if choices.highlighted is None:
            return
        choice = self._choices[choices.highlighted]
        if choice.commands:
            self.dismiss(choice)
        else:
            self.query_one(Heading).warn("not from here: no command makes it so")


def _option(choice: Choice) -> Option:
    script = choice.script if len(choice.script) <= 8 else (*choice.script[:7], f"... {len(choice.script) - 7} more")
    lines = Content("\n").join(Content.styled(f"  {printable(line)}", "$quiet") for line in script)
    return Option(Content.assemble((choice.words, "bold"), "\n", lines))
