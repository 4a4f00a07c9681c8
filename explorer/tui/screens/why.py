"""Why a command would be refused, and what would clear that; or what it would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final, Literal, NamedTuple

import msgspec
from altmap.engine import (
    GAP,
    Command,
    GiveBack,
    Line,
    Outcome,
    Verdict,
    block_names,
    describe,
    describe_answer,
    describe_finding,
    describe_give_back,
    describe_remedy,
    running,
    sentence,
    worst,
)
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ...printable import printable
from ..outlooks import RULES
from ..widgets.heading import CLOSE, Heading, Hint
from ..widgets.prose import Prose
from .dialog import Dialog


class Choice(NamedTuple):
    """Something that can be done about it: what it is called, the lines of its script, its commands."""

    words: str
    script: tuple[str, ...]
    commands: tuple[Command, ...]


Way = Literal["line", "page"]
"""Where a key leads from here: a line is to be typed, so that what follows a colon is never an answer here; or the map shows
the page in the way."""

DOES = Hint("enter", "does it", "take")
PAGE = Hint("x", "shows the page", "go('page')")

Contents = tuple[Sequence[Line], str, list[Choice]]
"""Lines, the heading of what can be done, and the choices."""


def contents(verdict: Verdict) -> Contents:
    """The verdict without what can be done, the heading of that, and the choices: the command itself unless it would be
    refused, then each remedy in the words of the engine."""
    does = {"yes": "do it", "not known": "rehearse it, as if no page of unknown kind were in the way"}.get(
        verdict.answer
    )
    choices = [Choice(does, (describe(verdict.command),), (verdict.command,))] if does and verdict.rehearsed else []
    choices += [Choice(*describe_remedy(remedy), remedy.commands) for remedy in verdict.remedies if not remedy.given]
    clears = verdict.remedies and not verdict.rehearsed
    found = describe_finding(msgspec.structs.replace(verdict, warnings=()))
    warnings = [running(f"warning: {sentence(warning)}", "warning") for warning in verdict.warnings]
    text = (*found, *((GAP, *warnings) if warnings else ()), *_beyond(verdict))  # warnings behind what is in the way
    return text, "What would clear it:" if clears else "What can be done:", choices


def _beyond(verdict: Verdict) -> list[Line]:
    """What would clear it and no command can do."""
    found = [running(describe_remedy(remedy)[0]) for remedy in verdict.remedies if remedy.given]
    return [GAP, _title("It would go, but no command makes it so:"), *found] if found else []


def _title(words: str) -> Line:
    return running(words, "title", 0)


def _deeper(lines: Iterable[Line]) -> list[Line]:
    return [msgspec.structs.replace(line, indent=line.indent + 2) for line in lines]


def contents_since(then: Verdict, now: Verdict) -> Contents:
    """The same of a command that was refused: why it was `then`, and what can be done `now`, should it have left traces."""
    if (then.result, then.reason) == (now.result, now.reason):
        return contents(now)
    (text, *_), (_, heading, choices) = contents(then), contents(now)
    answer = [msgspec.structs.replace(line, look="text", indent=2) for line in describe_answer(now)]
    return (*text, GAP, _title("Now, after that:"), *answer), heading, choices


def contents_of_many(verdicts: Sequence[Verdict], left_out: int) -> Contents:
    """The same of several commands: how many would succeed, all on the first that would not, and the other refusals; and of
    how many that is not known."""
    willing, refused, unknown = ([v for v in verdicts if v.answer == answer] for answer in ("yes", "no", "not known"))
    words = f"{len(willing):,} of {len(verdicts):,} would succeed" + (
        f", {len(unknown):,} not known" if unknown else ""
    )
    lines = [running(words, "answer", 0)]
    if left_out:
        lines.append(running(f"{left_out:,} more marked blocks were not asked about"))
    choices = [_all("do what would succeed", willing)] if willing else []
    hopeful = [verdict for verdict in unknown if verdict.rehearsed]
    choices += [_all("rehearse what is not known", hopeful)] if hopeful else []
    if not refused and not unknown:
        return lines, "What can be done:", choices
    first = (refused or unknown)[0]
    (answer, *found), heading, more = contents(first)
    lines += [GAP, msgspec.structs.replace(answer, look="text"), *found]
    for title, others in (("Refused too:", refused[1:]), ("Not known:", unknown if refused else unknown[1:])):
        lines += [GAP, _title(title)] if others else []
        lines += [running(f"{describe(verdict.command)}{_why(verdict)}") for verdict in others]
    return lines, heading, [*(choice for choice in more if choice.commands != (first.command,)), *choices]


LOOKS: Final[Mapping[str, str]] = {"yes": "good", "not known": "warn", "no": "bad"}
"""The role in which an answer stands out."""
MOST_GROUPS: Final = 5
"""Groups of refusals that are shown one by one."""


def contents_of_batch(label: str, done: int, groups: Sequence[tuple[Sequence[Outcome], Verdict | None]]) -> Contents:
    """The same of a verb of several commands, some of which were refused: they are grouped by what they say; the verdict is
    that of the first of each group, None where it was not asked."""
    refused = sum(len(outcomes) for outcomes, _ in groups)
    words = f"{label}: {refused} of {done + refused} refused" + (f", {done} done" if done else "")
    lines = [running(words, "answer", 0)]
    choices: list[Choice] = []
    for outcomes, verdict in groups:
        blocks = [nr for one in outcomes if isinstance(nr := getattr(one.command, "block", None), int)]
        count = f"{len(outcomes):,} block{'s' * (len(outcomes) > 1)}" if blocks else f"{len(outcomes):,}"
        where = f", {block_names(blocks, 4)}" if blocks else ""
        lines += [GAP, _title(f"{count}{where}: {outcomes[0].result}:")]
        if verdict is None:
            lines += [running(sentence(reason)) for reason in (outcomes[0].reason,) if reason is not None]
            continue
        (_, *found), _, more = contents(verdict)
        lines += [running(f"of {block_names(blocks[:1], 1)}:")] if len(blocks) > 1 else []
        lines += (
            _deeper(line for line in found if line != GAP)
            if len(blocks) > 1
            else [line for line in found if line != GAP]
        )
        choices += [choice for choice in more if choice.commands != (verdict.command,)]
    return lines, "What would clear it:", choices


def contents_of_size(plan: GiveBack) -> Contents:
    """The same of so much memory that is to be given back: its blocks, all together."""
    words = "take them offline" if not plan.unsure else "rehearse it, as if no page of unknown kind were in the way"
    commands = plan.commands
    choices = [Choice(words, tuple(map(describe, commands)), commands)] if commands else []
    return describe_give_back(plan), "What can be done:", choices


def _all(words: str, verdicts: Sequence[Verdict]) -> Choice:
    commands = tuple(verdict.command for verdict in verdicts)
    return Choice(words, tuple(map(describe, commands)), commands)


def _why(verdict: Verdict) -> str:
    return "" if verdict.rehearsed else f": {verdict.result}, {sentence(verdict.reason)}"


def look(verdicts: Sequence[Verdict]) -> str:
    """The role in which the answer stands out: that of the worst of them."""
    return LOOKS[worst(verdict.answer for verdict in verdicts)]


def page_in_the_way(verdicts: Iterable[Verdict]) -> int | None:
    """The page (pfn) that the first of several verdicts that names one says is in the way; None where a rule refuses, whatever
    the pages are."""
    named = (one.pfn for one in verdicts if one.reason is None or one.reason.code not in RULES)
    return next((pfn for pfn in named if pfn is not None), None)


SHOWN: Final = 4
"""Lines of the script of a choice, at most: so many have room on the smallest screen."""


class WhyScreen(Dialog[Choice | Way]):
    """What was told, its answer in the role `head`; it closes with what to do about it. The arrows read the text to its
    end and then choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "go('line')", show=False),
        Binding("x", "go('page')", "Show the page", show=False),
        Binding("up", "walk(-1)", show=False, priority=True),
        Binding("down", "walk(1)", show=False, priority=True),
    ]

    def __init__(
        self, text: Sequence[Line], heading: str, choices: Sequence[Choice], head: str, page: int | None = None
    ) -> None:
        """`page`: the page (pfn) in the way, if one is named."""
        super().__init__()
        self._text, self._heading, self._choices, self._head, self._page = text, heading, choices, head, page

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -broad" if self._choices else "box -broad -alone"):
            shows = [PAGE] if self._page is not None else []
            yield Heading("Why", *([DOES] if self._choices else []), *shows, CLOSE)
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No page is shown where none is named."""
        if action == "go" and parameters == ("page",):
            return self._page is not None
        return super().check_action(action, parameters)

    def action_go(self, way: Way) -> None:
        """Close, and lead there."""
        self.dismiss(way)

    def on_option_list_option_selected(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Close with the choice under the cursor."""
        if (at := self.query_one(OptionList).highlighted) is not None:
            self.dismiss(self._choices[at])


def _option(choice: Choice) -> Option:
    rest = len(choice.script) - SHOWN + 1
    script = choice.script if rest <= 1 else (*choice.script[: SHOWN - 1], f"... {rest:,} more")
    lines = Content("\n").join(Content.styled(f"  {printable(line)}", "$quiet") for line in script)
    return Option(Content.assemble((choice.words, "bold"), "\n", lines))
