"""The footer: the keys that do something now, as many as there is room for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey


class Keys(Footer):
    """Textual's footer without the keys that would be cut off. Those of the actions `always` are never left out; of the
    others the first ones stay."""

    def __init__(self, always: Collection[str]) -> None:
        super().__init__()
        self._always = always

    def compose(self) -> ComposeResult:
        keys = list(super().compose())
        kept = self._fitting(keys)
        yield from (key for key in keys if key in kept)

    def _fitting(self, keys: Iterable[Widget]) -> list[Widget]:
        room, kept = self.size.width, list[Widget]()
        for key in sorted(keys, key=lambda key: not self._stays(key)):
            room -= self._width(key)
            if room < 0:
                break
            kept.append(key)
        return kept

    def _stays(self, key: Widget) -> bool:
        return key.has_class("-command-palette") or (isinstance(key, FooterKey) and key.action in self._always)

    def _width(self, key: Widget) -> int:
        """Columns: the words, and the blanks around them."""
        if not isinstance(key, FooterKey):
            return 0
        blanks = 5 if key.has_class("-command-palette") else 2 if self.compact else 3
        return len(key.key_display) + len(key.description) + blanks

    def on_resize(self) -> None:
        self.refresh(recompose=True)
