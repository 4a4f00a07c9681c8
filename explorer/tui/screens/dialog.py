"""What all dialogs share: a box over the map or the whole screen that escape closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.screen import ModalScreen

from ..portrait import Portrayed

if TYPE_CHECKING:
    from ..widgets.prose import Prose

Answer = TypeVar("Answer")


class Dialog(Portrayed, ModalScreen[Answer]):
    """A modal box; its answer is None when it is left. A text in it can be read with the page keys from everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("question_mark,f1", "help", "Help", show=False),
        Binding("j", "app.jump", "Jump", show=False),
    ]
    CLOSES_BESIDE: ClassVar[bool] = True
    """Does a click beside the box close it?"""

    class Ready(Message):
        """The dialog takes keys."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = False
        self.answered = False

    def on_click(self, event: Click) -> None:
        if event.widget is self and self.is_current and self.CLOSES_BESIDE:
            self.action_leave()

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close with an answer. The first one counts: a second click may be on its way while the dialog closes."""
        if self.answered:
            return AwaitComplete()
        self.answered = True
        return super().dismiss(result)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.ready = True
        self.post_message(self.Ready())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Pages are those of a text, if the dialog has one, whatever has the focus."""
        return super().check_action(action, parameters) if action != "page" else self._prose() is not None

    def action_page(self, by: int) -> None:
        """Scroll the text."""
        if (text := self._prose()) is not None:
            text.scroll_relative(y=by * max(1, text.size.height - 1), animate=False)

    def _prose(self) -> Prose | None:
        from ..widgets.prose import Prose

        return next(iter(self.query(Prose)), None)

    async def action_help(self) -> None:
        """Tell the keys of the dialog."""
        await self.run_action("app.help")

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
