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
from ..widgets.prose import Prose
from .dialog import Dialog


class Choice(NamedTuple):
    """Something that can be done about it: what it is called, the lines of its script, its commands; none where it needs
    what no command can do."""

    words: str
    script: tuple[str, ...]
    commands: tuple[Command, ...]


DOES = "enter does it, esc closes"

Told = tuple[str, str, list[Choice]]
"""A text, the heading of what can be done, and the choices."""


def told(verdict: Verdict) -> Told:
    """The verdict without what can be done, the heading of that, and the choices: the command itself if it would
    succeed, then each remedy in the words of the engine."""
    choices = [Choice("do it", (describe(verdict.command),), (verdict.command,))] if verdict.ok else []
    for remedy in verdict.remedies:
        choices.append(Choice(*describe_remedy(remedy), () if remedy.given else remedy.commands))
    clears = verdict.remedies and not verdict.ok
    return describe_finding(verdict), "What would clear it:" if clears else "What can be done:", choices


def told_since(then: Verdict, now: Verdict) -> Told:
    """The same of a command that was refused: why it was `then`, and what can be done `now`, should it have left traces."""
    if (then.result, then.reason) == (now.result, now.reason):
        return told(now)
    answer, *reason = describe_answer(now)
    text, (_, heading, choices) = told(then)[0], told(now)
    return "\n".join((text, "", "Now, after that:", f"  {answer}", *reason)), heading, choices


def told_of_many(verdicts: Sequence[Verdict], left_out: int) -> Told:
    """The same of several commands: how many would succeed, all on the first that would not, and the other refusals."""
    refused = [verdict for verdict in verdicts if not verdict.ok]
    willing = [verdict.command for verdict in verdicts if verdict.ok]
    lines = [f"{len(willing)} of {len(verdicts)} would succeed"]
    if left_out:
        lines.append(f"  {left_out:,} more marked blocks were not asked about")
    choices = [Choice("do what would succeed", tuple(map(describe, willing)), tuple(willing))] if willing else []
    if not refused:
        return "\n".join(lines), "What can be done:", choices
    text, heading, more = told(refused[0])
    lines += ["", text]
    if others := refused[1:]:
        lines += ["", "Refused too:"]
        lines += [f"  {describe(verdict.command)}: {verdict.result}, {sentence(verdict.reason)}" for verdict in others]
    return "\n".join(lines), heading, [*more, *choices]


class WhyScreen(Dialog[Choice]):
    """What was told; the answer is what to do about it. The arrows read the text to its end and then choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "walk(-1)", show=False, priority=True),
        Binding("down", "walk(1)", show=False, priority=True),
    ]

    def __init__(self, text: str, heading: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._text, self._heading, self._choices = text, heading, choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -broad") as box:
            box.border_title = "Why"
            box.border_subtitle = DOES if self._choices else "esc closes"
            yield Prose(lambda width: self._text)
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
        self._say(DOES, False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        choice = self._choices[event.option_index]
        if choice.commands:
            self.dismiss(choice)
        else:
            self._say("not from here: no command makes it so", True)

    def _say(self, text: str, warns: bool) -> None:
        box = self.query_one(".box")
        box.border_subtitle = text
        box.set_class(warns, "-warns")


def _option(choice: Choice) -> Option:
    script = choice.script if len(choice.script) <= 8 else (*choice.script[:7], f"... {len(choice.script) - 7} more")
    lines = Content("\n").join(Content.styled(f"  {printable(line)}", "$quiet") for line in script)
    return Option(Content.assemble((choice.words, "bold"), "\n", lines))
