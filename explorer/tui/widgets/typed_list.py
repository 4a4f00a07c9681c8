"""A list of values in which what is typed leads to the value that begins so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.events import Key
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class TypedList(OptionList):
    """`texts` are the values as they are typed, one for each option; where none goes on with what was typed, the last key
    begins anew. Any other key forgets what was typed."""

    def __init__(self, options: Iterable[Option], texts: Sequence[str], name: str) -> None:
        super().__init__(*options, id=name, compact=True)
        self._texts = [text.lower() for text in texts]
        self._typed = ""

    def on_key(self, event: Key) -> None:
        letter = event.character if event.is_printable and event.key != "space" else None
        before, self._typed = self._typed, ""
        for typed in (before + letter.lower(), letter.lower()) if letter else ():
            beginning = [text for text in self._texts if text.startswith(typed)]
            if beginning:
                event.stop()
                event.prevent_default()
                self._typed = typed
                self.highlighted = self._texts.index(typed if typed in beginning else beginning[0])
                return
