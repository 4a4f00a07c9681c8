"""The help screen: what has the keys first, then every verb and every word; what is typed leaves what it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from ..manual import Chapter, Entry, matching
from ..widgets.heading import CLOSE, Heading, Hint
from ..widgets.painted import Line, Painted, wrapped
from .dialog import Dialog

NARROW = 8
"""Columns that keys take."""
HEAD = 34
"""Columns that keys and a title take."""
READ_ON = Hint("↑ ↓", "read on", "page(1)")
SHOW_ALL = Hint("esc", "shows all", "leave")
"""What escape does where something is typed."""


class HelpText(Painted):
    """The chapters that are left by the filter. A click on an entry that does something is that."""

    hints = True
    can_focus = False

    def __init__(self, chapters: Sequence[Chapter]) -> None:
        super().__init__()
        self._all = self._chapters = chapters
        self._entries: list[Entry | None] = []
        """The entry that each line belongs to."""

    def filter(self, text: str) -> None:
        """Leave the entries in which the words of a text stand."""
        self._chapters = matching(self._all, text)
        self.scroll_to(y=0, animate=False)
        self.reload()

    def lines(self, width: int) -> Sequence[Line]:
        lines: list[Line] = []
        self._entries = []
        for chapter in self._chapters:
            head: list[Line] = [((chapter.title, "title"),)]
            lines += [*([()] if lines else []), *head]
            if chapter.sentence:
                lines += wrapped(chapter.sentence, "text", width)
            self._entries += [None] * (len(lines) - len(self._entries))
            for entry in chapter.entries:
                lines += _entry(entry, width)
                self._entries += [entry] * (len(lines) - len(self._entries))
        return lines or [(("nothing is called so; esc shows all", "muted"),)]

    def on_click(self, event: events.Click) -> None:
        at = self.scroll_offset.y + event.y
        entry = self._entries[at] if at < len(self._entries) else None
        if entry is not None and entry.action:
            self.screen.dismiss(entry.action)


def _entry(entry: Entry, width: int) -> list[Line]:
    keys, title, sentence = entry[:3]
    head = HEAD if keys and title else 20
    if width < 2 * head:
        return [
            ((keys.ljust(NARROW) if keys else "", "strong"), (title, "strong" if not keys else "text")),
            *wrapped(sentence, "muted", width - NARROW, " " * NARROW, " " * NARROW),
        ]
    first, *rest = wrapped(sentence, "muted", width - head)
    column = NARROW if title else head
    begin: Line = ((keys.ljust(column) if keys else "", "strong"),)
    begin += ((title.ljust(head - len(begin[0][0])), "text"),)
    return [(*begin, *first), *(((" " * head, "text"), *line) for line in rest)]


class HelpScreen(Dialog[str]):
    """The answer is the action of the entry that was clicked, or that is the only one left and is entered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
    ]

    def __init__(self, chapters: Sequence[Chapter]) -> None:
        super().__init__()
        self._chapters = chapters

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading("Keys and words", READ_ON, CLOSE, helps=False)
            yield Input(placeholder="type to find a key or a word", compact=True, classes="line")
            yield HelpText(self._chapters)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True if action == "page" else super().check_action(action, parameters)

    def action_scroll(self, by: int) -> None:
        """Some lines on, or back."""
        self.query_one(HelpText).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        text = self.query_one(HelpText)
        text.scroll_relative(y=by * max(1, text.size.height - 1), animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(HelpText).filter(event.value)
        self.query_one(Heading).tell(READ_ON, SHOW_ALL if event.value else CLOSE)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        doing = [
            entry for chapter in matching(self._chapters, event.value) for entry in chapter.entries if entry.action
        ]
        if event.value.strip() and len(doing) == 1:
            self.dismiss(doing[0].action)

    def action_leave(self) -> None:
        """Show all again, or close."""
        field = self.query_one(Input)
        if field.value:
            field.value = ""
        else:
            self.dismiss(None)
