"""Why a command would be refused, and what would clear that; or what it would do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine import Command, Verdict, describe, describe_verdict

from ..widgets.prose import Prose
from .dialog import Dialog


class Choice(NamedTuple):
    """Something that can be done about it: what it is called, the lines of its script, its commands; none where it needs
    what no command can do."""

    words: str
    script: tuple[str, ...]
    commands: tuple[Command, ...]


def told(verdict: Verdict) -> tuple[str, str, list[Choice]]:
    """The verdict without what can be done, the heading of that, and the choices: the command itself if it would
    succeed, then each remedy."""
    text = describe_verdict(verdict).rstrip("\n")
    choices = [Choice("do it", (describe(verdict.command),), (verdict.command,))] if verdict.ok else []
    if not verdict.remedies:
        return text, "What can be done:", choices
    text, _, remedies = text.rpartition("\n\n")
    heading, *_ = remedies.split("\n", 1)
    return text, "What can be done:" if verdict.ok else heading, [*choices, *_remedies(verdict, remedies)]


def _remedies(verdict: Verdict, text: str) -> Iterator[Choice]:
    """The remedies in the words of the engine: each a numbered line, and below it the lines to type."""
    parts = re.split(r"^  \d+\. ", text, flags=re.MULTILINE)[1:]
    for remedy, part in zip(verdict.remedies, parts, strict=True):
        words, *script = (line.strip() for line in part.rstrip("\n").split("\n"))
        yield Choice(words, tuple(script), () if remedy.given else remedy.commands)


class WhyScreen(Dialog[Choice]):
    """A verdict; the answer is what to do about it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self._text, self._heading, self._choices = told(verdict)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -broad") as box:
            box.border_title = "Why"
            possible = any(choice.commands for choice in self._choices)
            box.border_subtitle = "enter does it, esc closes" if possible else "esc closes"
            yield Prose(lambda width: self._text)
            if self._choices:
                yield Static(self._heading, classes="heading")
                yield OptionList(*map(_option, self._choices), id="choices", compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList if any(choice.commands for choice in self._choices) else Prose).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index])


def _option(choice: Choice) -> Option:
    lines = Content("\n").join(Content.styled(f"  {line}", "$quiet") for line in choice.script)
    return Option(Content.assemble((choice.words, "bold"), "\n", lines), disabled=not choice.commands)
