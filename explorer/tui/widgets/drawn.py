"""Widgets that show lines of a picture: spans with colours in, strips out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final, Self
from weakref import WeakKeyDictionary

import msgspec
from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.events import MouseMove
from textual.filter import LineFilter
from textual.geometry import Region, Size, Spacing
from textual.strip import Strip
from textual.widget import Widget

from ...picture.colour import between, lab
from ...picture.lines import Line, Span
from ...picture.palette import DARK, LIGHT, Palette
from ...printable import printable
from ..glossary import meaning_at
from ..guard import harmless
from ..portrait import Portrayed


@lru_cache(maxsize=8192)
def _style(fore: int, back: int, bold: bool) -> Style:
    plain = Style.from_color(_rich(fore), _rich(back))
    return plain + _BOLD if bold else plain


_BOLD: Final = Style(bold=True)


@lru_cache(maxsize=8192)
def _rich(colour: int) -> RichColor:
    triplet = ColorTriplet(colour >> 16, colour >> 8 & 255, colour & 255)
    return RichColor(f"#{colour:06x}", ColorType.TRUECOLOR, None, triplet)


SEEN: Final = 0.2
"""What the lightness of text and ground must differ by, of 1."""


@lru_cache(maxsize=16)
def _palette(dark: bool, colours: tuple[tuple[str, int], ...]) -> Palette:
    base, named = DARK if dark else LIGHT, dict[str, Any](colours)
    ground, text = named.get("ground", base.ground), named.get("text", base.text)
    named["kinds"] = {**base.kinds, "absent": ground}
    strips = [lab(named.get(name, getattr(base, name))).light for name in ("strip", "focused")]
    for other in ("accent", "text"):  # a theme's footer may be of another colour than its strips
        if any(abs(lab(named.get("key", base.key)).light - light) < SEEN for light in strips):
            named["key"] = named.get(other, getattr(base, other))
    named["hatch"] = (between(ground, text, 0.3), between(ground, text, 0.05))
    return msgspec.structs.replace(base, **named)


def palette_of(app: App[Any]) -> Palette:
    """The colours of pictures in the theme of the moment: ours for what pages are, the theme's for all around them."""
    variables, dark = app.theme_variables, app.current_theme.dark
    known = _known.get(app)
    if known is not None and known[:2] == (id(variables), dark):
        return known[3]
    named = {
        "ground": "background",
        "strip": "surface",
        "focused": "panel",
        "text": "foreground",
        "accent": "primary",
        "good": "success",
        "bad": "error",
        "warn": "warning",
        "dim": "quiet",
        "faint": "hole",
        "key": "footer-key-foreground",
    }
    colours = []
    for field, variable in named.items():
        parsed = Color.parse(variables[variable]) if variable in variables else None
        if parsed is not None and parsed.ansi is None:
            red, green, blue = parsed.rgb
            colours.append((field, red << 16 | green << 8 | blue))
    palette = _palette(dark, tuple(colours))
    _known[app] = id(variables), dark, variables, palette
    return palette


_known: WeakKeyDictionary[App[Any], tuple[int, bool, object, Palette]] = WeakKeyDictionary()
"""The palette of each app, for as long as its variables are these."""


ZONE_ROLES: Final = {name: f"zone-{name}" for name in DARK.zones}
"""The roles of zones, by their names."""
_ZONES: Final = {role: name for name, role in ZONE_ROLES.items()}
_PLAIN: Final = {"text": "text", "dim": "dim", "muted": "dim", "faint": "faint"}
_STRONG: Final = {
    "strong": "text", "here": "text", "here-good": "good", "here-bad": "bad", "title": "accent", "accent": "accent",
    "chosen": "ground", "badge": "ground", "good": "good", "bad": "bad", "warn": "warn", "key": "key",
}  # fmt: skip
_KINDS: Final = {"free": ("pcp", False), "memmap": ("memmap", True)}
_BEHIND: Final = {
    "chosen": "accent",
    "badge": "accent",
    "here": "focused",
    "here-good": "focused",
    "here-bad": "focused",
}
"""Roles: of plain and of strong text by the colour of the palette, of a kind of page with the weight, and what is behind."""


@lru_cache(maxsize=256)
def look(role: str, palette: Palette) -> tuple[int, int | None, bool]:
    """Colour, the one behind it (None for the ground) and weight of text in a role."""
    if role in _ZONES:
        return palette.zones[_ZONES[role]], None, True
    if role in _KINDS:
        kind, strong = _KINDS[role]
        return palette.kinds[kind], None, strong
    if role in _PLAIN:
        return getattr(palette, _PLAIN[role]), None, False
    return getattr(palette, _STRONG[role]), getattr(palette, _BEHIND[role]) if role in _BEHIND else None, True


@lru_cache(maxsize=2048)
def strip_of(line: Line, width: int, text: int, ground: int, left: int = 0, right: int = 0) -> Strip:
    """A line as Textual has it, with the colours of text and of the ground where it has none of its own; `left` and `right`:
    columns beside it."""
    plain, segments, end = _style(text, ground, False), [], left + width
    if left:
        segments.append(Segment(" " * left, plain))
    for said, fore, behind, bold in line:
        if said:
            style = _style(text if fore is None else fore, ground if behind is None else behind, bold)
            segments.append(harmless(Segment(said, style)))
    room = end - sum(cell_len(segment.text) for segment in segments)
    if room < 0:
        segments, room = list(Strip(segments).crop(0, end)), 0
    if room + right:
        segments.append(Segment(" " * (room + right), plain))
    return Strip(segments, end + right)


class Drawn(Widget):
    """A widget whose rows are lines of a picture. A row is kept until it is to be drawn anew."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kept: tuple[Size, dict[int, Strip]] = Size(), {}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colour those of the app; else its lines are made as all filters would leave them."""
        return super().get_line_filters() if self.app.no_color else ()

    def row(self, y: int) -> Line:
        """One line."""
        raise NotImplementedError

    def _safely(self, y: int) -> Line:
        """One line; a widget that fails says so, and nothing else is lost."""
        try:
            return self.row(y)
        except Exception as error:
            return self.fault(error) if y == 0 else ()

    def fault(self, error: Exception) -> Line:
        """What is seen of a widget that failed."""
        said = printable(f"! This part of the screen failed: {type(error).__name__}: {error}")
        return (Span(said, *look("bad", palette_of(self.app))),)

    @property
    def halves(self) -> int:
        """Cells above each other in a character: two, or one letter where there is no colour."""
        return 1 if self.app.no_color else 2

    _colours: tuple[int, int] | None = None
    """Those of text and of the ground, as far as they were asked for."""

    def notify_style_update(self) -> None:
        """Textual's word that colours may be others now."""
        super().notify_style_update()
        self._colours = None
        self._kept = Size(), {}

    def _looks(self) -> tuple[int, int]:
        if self._colours is None:
            red, green, blue = self.background_colors[1].rgb
            self._colours = palette_of(self.app).text, red << 16 | green << 8 | blue
        return self._colours

    def render_line(self, y: int) -> Strip:
        return self._whole_row(y, self.size, Spacing())

    def _whole_row(self, y: int, size: Size, padding: Spacing) -> Strip:
        """A row of the content, or one above or below it, with what is beside it."""
        line = self._safely(y) if 0 <= y < size.height else ()
        return strip_of(line, size.width, *self._looks(), padding.left, padding.right)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows as they are: a picture has no border, for which Textual would look row by row."""
        size, padding = self.size, self.styles.padding
        if size != self._kept[0]:
            self._kept = size, {}
        kept, strips = self._kept[1], []
        for y in range(crop.y - padding.top, crop.bottom - padding.top):
            if (strip := kept.get(y)) is None:
                strip = kept[y] = self._whole_row(y, size, padding)
            strips.append(strip)
        for one in self.get_line_filters():
            strips = [strip.apply_filter(one, self.background_colors[1]) for strip in strips]
        return (
            strips
            if crop.column_span == (0, size.width + padding.width)
            else [strip.crop(*crop.column_span) for strip in strips]
        )

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Have some regions drawn anew, or all; a screen that can be told so is told at once."""
        _, kept = self._kept
        for y in [y for region in regions for y in region.line_range] or list(kept):
            kept.pop(y, None)
        placed = self._is_mounted and self.is_attached and self.display
        if layout or recompose or not repaint or not placed or not isinstance(screen := self.screen, Portrayed):
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        self._set_dirty(*regions)
        screen.redraw(self)
        return self

    def explain(self, event: MouseMove) -> None:
        """The pointer on a word of the kernel's shows what it means."""
        y = event.y - self.gutter.top
        line = "".join(span.text for span in self.row(y)) if y >= 0 else ""
        self.tooltip = meaning_at(line, event.x - self.gutter.left)

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Draw some rows anew."""
        width, height = self.size
        if regions := [Region(0, y, width, 1) for y in rows if 0 <= y < height]:
            self.refresh(*regions)


class Redrawn(Drawn):
    """A widget whose lines are all made at once."""

    _lines: list[Line] | None = None
    """Those made last; none in these colours yet."""

    def made(self) -> list[Line]:
        """The lines as they are now."""
        raise NotImplementedError

    def reload(self) -> None:
        """Make the lines anew; rows that look the same stay."""
        before, self._lines = self._lines or [], self.made()
        pairs = zip_longest(before, self._lines)
        self.refresh_rows(y for y, (one, other) in enumerate(pairs) if one != other)

    def on_resize(self) -> None:
        self.reload()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = None

    def row(self, y: int) -> Line:
        if self._lines is None:
            self._lines = self.made()
        return self._lines[y] if y < len(self._lines) else ()
