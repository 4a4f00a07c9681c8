"""The footer: the keys that do something now, as many as there is room for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size, Spacing
from textual.reactive import reactive
from textual.strip import Strip
from textual.style import Style as Look

from ..guard import harmless
from .drawn import Drawn

NARROW: Final = 100
"""Below this many columns the keys stand closer together, and the palette's is left out."""


class Key(NamedTuple):
    """A key of the footer: its binding, and what is written as a frame before it, as its name, as its word, and behind."""

    binding: Binding
    frame: str
    name: str
    word: str
    gap: str

    @property
    def width(self) -> int:
        """Columns from the frame to the gap."""
        return sum(map(len, self[1:]))

    def parts(self, lit: bool) -> tuple[tuple[str, str], ...]:
        """What is written, each part with its style; `lit`: the mouse is on it."""
        word = "$footer-key-foreground on $block-hover-background" if lit else "$footer-description-foreground"
        name = "bold $footer-key-foreground"
        return (self.frame, "$foreground 20%"), (self.name, name), (self.word, word), (self.gap, "")


class Keys(Drawn):
    """One line of keys, none of them cut off. Those of the actions `always` are never left out; of the others the first
    ones stay. The palette's is at the right end. A click on one presses it."""

    lit: reactive[Key | None] = reactive(None)
    """The key that the mouse is on."""

    def __init__(self, always: Collection[str]) -> None:
        super().__init__()
        self._always = always
        self._styles: dict[str, Style] = {}
        self.placed: tuple[tuple[int, Key], ...] = ()
        """Each key with its first column."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda screen: self._show())

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        """Read the screen's bindings anew."""
        column, placed = 1 if self.size.width < NARROW else 0, []
        for key in self._fitting():
            if key.binding.key == self.app.COMMAND_PALETTE_BINDING:
                column = self.size.width - key.width
            placed.append((column, key))
            column += key.width
        if self.placed != (found := tuple(placed)):
            self.placed, self.lit = found, None
            self.refresh()

    def _fitting(self) -> list[Key]:
        active, room = self.screen.active_bindings, self.size.width - 1
        wide, name = room >= NARROW, self.app.get_key_display
        keys: dict[str, Key] = {}
        for _, binding, _, _ in active.values():
            if binding.show and binding.action not in keys:
                texts = (f" {name(binding)} ", f"{binding.description} ", "") if wide else (
                    name(binding), f" {binding.description}", " "
                )  # fmt: skip
                keys[binding.action] = Key(binding, "", *texts)
        if wide and (palette := active.get(self.app.COMMAND_PALETTE_BINDING)):
            binding = palette.binding
            keys[binding.action] = Key(binding, "▏", name(binding), f" {binding.description}", " ")
        kept: list[Key] = []
        for key in sorted(keys.values(), key=lambda key: key.binding.action not in self._always):
            room -= key.width
            if room < 0:
                break
            kept.append(key)
        return [key for key in keys.values() if key in kept]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = {}

    def _style(self, look: str) -> Style:
        """A style in the colours of the theme, on the ground of the line."""
        if look not in self._styles:
            self._styles[look] = (self.visual_style + Look.parse(look)).rich_style
        return self._styles[look]

    def _whole_row(self, y: int, size: Size, padding: Spacing) -> Strip:
        segments, end = [], 0
        for column, key in self.placed:
            for text, look in ((" " * (column - end), ""), *key.parts(key is self.lit)):
                segments.append(harmless(Segment(text, self._style(look))))
            end = column + key.width
        return Strip(segments).adjust_cell_length(size.width, self._style(""))

    def watch_lit(self, key: Key | None) -> None:
        self.tooltip = key.binding.tooltip or key.binding.description if key else None
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.lit = self._at(event.x)

    def on_leave(self) -> None:
        self.lit = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if key := self._at(event.x):
            self.app.simulate_key(key.binding.key)

    def _at(self, x: int) -> Key | None:
        return next((key for column, key in self.placed if column <= x < column + key.width), None)
