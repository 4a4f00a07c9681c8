"""The map: memory at the scale of the moment, in one view, to be walked, zoomed, marked and clicked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import ClassVar, Final

from altmap.engine import Machine
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ... import facts
from ...picture.cursor import whole_cells
from ...picture.kept import Kept, Picture
from ...picture.lines import Line
from ...picture.memory import MemoryPicture
from ...picture.overlay import Happening, Overlay, Places
from ...picture.pages import PagesPicture
from ...picture.scope import Scope, below, whole
from ...picture.view import Scene, Verdicts, View
from ...picture.views import BY_NAME, VIEWS
from .drawn import palette_of
from .title import Titled

_ARROWS: Final = ("left", "right", "up", "down")
MOVES: Final = frozenset((*_ARROWS, *(f"shift+{key}" for key in _ARROWS), "pageup", "pagedown", "home", "end"))
"""The keys that move the cursor."""


class MemoryMap(Titled, can_focus=True):
    """Draws a `Picture`; holds the stack of scopes, the cursor (a pfn), the marks, and what is pointed out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"{shift}{key}", f"move({across}, {down}, {bool(shift)})", show=False, priority=True)
            for shift in ("", "shift+")
            for key, across, down in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))
        ),
        Binding("pageup", "jump(-1)", show=False, priority=True),
        Binding("pagedown", "jump(1)", show=False, priority=True),
        Binding("home", "end(False)", show=False, priority=True),
        Binding("end", "end(True)", show=False, priority=True),
    ]

    class Moved(Message, bubble=False):
        """The cursor is elsewhere."""

    class Marked(Message, bubble=False):
        """Other blocks are marked."""

    class Reshaped(Message, bubble=False):
        """Another scope or view is shown, or the same at another size."""

    def __init__(self, machine: Machine, verdicts: Verdicts) -> None:
        super().__init__(id="map")
        self.machine = machine
        self.verdicts = verdicts
        self.view: type[View] = VIEWS[0]
        self.folds = True
        self.expected: Mapping[int, int] = {}
        self.scopes: list[Scope] = [whole(machine)]
        self.pfn = min(machine.blocks, default=0) * machine.geometry.pages_per_block
        self.marks: frozenset[int] = frozenset()
        self.lit: frozenset[int] = frozenset()
        self.linked: Places = {}
        self.happening = Happening()
        self.hits: frozenset[int] | None = None
        self.notes: Mapping[int, str] = {}
        self._hosts: frozenset[int] = frozenset()
        self._anchor: int | None = None
        self._kept_pictures = Kept()
        self._now: Picture | None = None
        self._age = 0
        self._counted: tuple[int, int, int] | None = None
        self.placed = False
        """Was it told its size? Before, there is nothing to be seen on it."""

    # -- what is shown ----------------------------------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        """What the map shows."""
        return self.scopes[-1]

    @property
    def cursor(self) -> int:
        """The block in which the cursor is."""
        return self.pfn // self.machine.geometry.pages_per_block

    @property
    def counted(self) -> tuple[int, int]:
        """How many blocks are offline, and on how many nodes blocks are; kept until something changes."""
        if self._counted is None or self._counted[0] != self._age:
            blocks = self.machine.blocks.values()
            off = sum(block.state == "offline" for block in blocks)
            several = {block.nodes for block in blocks}  # a few, however many blocks there are
            self._counted = self._age, off, len({nodes[0] for nodes in several})
        return self._counted[1:]

    @property
    def scene(self) -> Scene:
        """What views may look at."""
        return Scene(self.machine, palette_of(self.app), self.verdicts, self.expected)

    @property
    def picture(self) -> Picture:
        """The picture of the scope at the size of the moment."""
        if self._now is None:
            size = (max(24, self.size.width), max(2, self.size.height))
            self._now = self.pictured(self.scope, self.view, size, self.folds, self.pfn)
        return self._now

    def pictured(self, scope: Scope, view: type[View], size: tuple[int, int], folds: bool, pfn: int) -> Picture:
        """A picture of a scope in which a page is in sight, from those that are kept if it is among them; these take in what
        has changed since."""
        key = (scope, view, size, self.halves, folds, palette_of(self.app))
        found: Picture
        if (kept := self._kept_pictures.take(key)) is not None:
            found, age = kept
            if age != self._age:
                found.changed_lines(self.overlay)
            found.reveal(pfn)
        elif scope.level == "page":
            found = PagesPicture(self.scene, view, scope, size, self.halves, pfn)
        else:
            found = MemoryPicture(self.scene, view, scope, size, self.halves, folds)
        self._kept_pictures.put(key, found, self._age)
        return found

    @property
    def overlay(self) -> Overlay:
        """What is laid over the picture."""
        return Overlay(self.pfn, self.marks, self._hosts, self.lit, self.linked, self.happening, self.hits, self.notes)

    def row(self, y: int) -> Line:
        return self.picture.line(y, self.overlay) if self.placed else ()

    def hold(self, machine: Machine) -> None:
        """Show another reading of the same machine, from the next `show` on."""
        self.machine, self._now = machine, None
        self._kept_pictures.clear()
        self.refresh()

    def show(self) -> None:
        """Draw what has changed in the machine; marks whose block is gone go."""
        self._age += 1
        if not self.placed:
            return
        self.marks &= self.machine.blocks.keys()
        if self.scopes[0] != (all_of_it := whole(self.machine, self.expected)):
            self.scopes = [all_of_it, *self.scopes[1:]]
            self._kept_pictures.clear()
            self._reshaped()
            return
        beyond = self.machine.blocks.keys() - self.expected.keys()
        if beyond != self._beyond:
            self._beyond = beyond
            self._kept_pictures.clear()
            self._reshaped()
            return
        self.refresh_rows(self.picture.changed_lines(self.overlay))

    _beyond: Set[int] | None = None
    """The blocks that have a place because they are there; None before the first look."""

    def _tell(self, message: Message) -> None:
        """To the screen itself, before it is told what to draw: what it changes because of this is drawn together with it."""
        self.screen.post_message(message)

    def _reshaped(self) -> None:
        self._now = None
        self.pfn = self._snapped(self.pfn)
        self._tell(self.Reshaped())
        self.refresh()

    def on_resize(self) -> None:
        self.placed = True
        self._reshaped()
        self.picture.reveal(self.pfn)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._now = None
        self.refresh()

    def set_view(self, name: str) -> None:
        """Show another view."""
        self.view = BY_NAME[name]
        self._reshaped()

    def next_view(self, by: int) -> None:
        """Show the next view, or the one before."""
        self.set_view(VIEWS[(VIEWS.index(self.view) + by) % len(VIEWS)].name)

    def fold(self) -> None:
        """Fold runs of blocks that are all alike, or unfold them."""
        self.folds = not self.folds
        self._reshaped()

    # -- where one is -----------------------------------------------------------------------------------------------

    def go(self, pfn: int) -> None:
        """The cursor to a page; where it is not in the scope, the scope grows until it is."""
        while len(self.scopes) > 1 and not self.scope.start <= pfn < self.scope.start + self.scope.pages:
            self.scopes.pop()
            self._reshaped()
        self._place(self._snapped(pfn))

    def _snapped(self, pfn: int) -> int:
        """Where the cursor stands to be on a page: of a cell that is several blocks in the block that is meant."""
        place, unit = self.picture.snapped(pfn), self.machine.geometry.pages_per_block
        return max(place, pfn // unit * unit) if place <= pfn < place + self.picture.step else place

    def select(self, block: int) -> None:
        """The cursor to a block, or to the nearest that there is."""
        there = {*self.machine.blocks, *facts.ghosts(self.machine)}
        if there:
            nearest = block if block in there else min(there, key=lambda number: (abs(number - block), number))
            self.go(nearest * self.machine.geometry.pages_per_block)

    def _place(self, pfn: int, extend: bool = False) -> None:
        before, here, picture = self.pfn, self.cursor, self.picture
        self.pfn = pfn
        moved = picture.reveal(pfn)
        if extend:
            self._anchor = here if self._anchor is None else self._anchor
            passed = whole_cells(self._anchor, self.cursor, picture.step // self.machine.geometry.pages_per_block)
            self.mark(nr for nr in passed if nr in self.machine.blocks)
        else:
            self._anchor = None
        if pfn != before:
            self._tell(self.Moved())
        self.refresh() if moved else self.refresh_rows({*picture.lines_of(before), *picture.lines_of(pfn)})

    def mark(self, blocks: Iterable[int]) -> None:
        """Mark exactly these blocks."""
        marks = frozenset(blocks)
        changed, self.marks = self.marks ^ marks, marks
        self._tell(self.Marked())
        self._redraw(changed)

    def link(self, hosts: frozenset[int], linked: Places) -> None:
        """Point out the blocks that hold the memmap of the selected one, and the pages that do; or those that are described
        by the page under the cursor."""
        if (hosts, linked) != (self._hosts, self.linked):
            touched = {*self._hosts, *hosts, *self._blocks_of(self.linked), *self._blocks_of(linked)}
            self._hosts, self.linked = hosts, linked
            self._redraw(touched)
            if isinstance(self.picture, MemoryPicture):
                self.refresh_rows(self.picture.hole_lines)

    def show_happening(self, happening: Happening) -> None:
        """Point out what an operation does, or did."""
        geometry = self.machine.geometry
        sections = self.happening.differing(happening, geometry.pages_per_section)
        self.happening = happening
        if not sections:
            return
        if isinstance(picture := self.picture, PagesPicture):
            self.refresh()
        else:
            blocks = {nr // geometry.sections_per_block for nr in sections}
            self.refresh_rows(picture.overlaid_lines(blocks, self.overlay))

    def show_notes(self, notes: Mapping[int, str]) -> None:
        """Write words on blocks: why each was refused."""
        if notes != self.notes:
            touched = self.notes.keys() | notes.keys()
            self.notes = notes
            self._redraw(touched)

    def show_hits(self, hits: frozenset[int] | None) -> None:
        """Dim all blocks but those that a search found; None: there is no search."""
        if hits != self.hits:
            self.hits = hits
            self.refresh()

    def _blocks_of(self, places: Places) -> set[int]:
        per_block = self.machine.geometry.sections_per_block
        return {nr // per_block for nr in places}

    def light(self, pages: frozenset[int]) -> None:
        """Point out single pages."""
        if pages != self.lit:
            self.lit = pages
            self.refresh()

    def repaint(self, blocks: Iterable[int]) -> None:
        """What the view knows of some blocks besides the machine has changed."""
        self._kept_pictures.drop(self.view, self._now)
        self.refresh_rows(self.picture.forget(blocks))

    def _redraw(self, blocks: Iterable[int]) -> None:
        size, picture = self.machine.geometry.pages_per_block, self.picture
        if isinstance(picture, PagesPicture):
            self.refresh()
        else:
            self.refresh_rows({line for block in blocks for line in self._lines_of(picture, block * size, size)})

    def _lines_of(self, picture: MemoryPicture, start: int, pages: int) -> set[int]:
        """The lines that show a block: several where they are less than one."""
        inside = range(
            max(start, self.scope.start),
            min(start + pages, self.scope.start + self.scope.pages),
            picture.plan.shape.row,
        )
        return {line for pfn in inside for line in picture.lines_of(pfn)}

    def begin_as(self, other: MemoryMap) -> None:
        """Show at first what another map of such a machine shows."""
        self.view, self.folds, self.scopes, self.pfn = other.view, other.folds, list(other.scopes), other.pfn

    # -- zoom -------------------------------------------------------------------------------------------------------

    def deeper(self) -> Scope | None:
        """The scope one step in at the cursor; None where there is none."""
        return below(self.machine, self.scope, self.pfn, self.picture.cell, self.counted[1])

    def expect(self, blocks: Mapping[int, int]) -> None:
        """Blocks, and the node of each, that have a place on the map whether they are there or not."""
        self.expected = blocks
        self.scopes[0] = whole(self.machine, blocks)

    def zoom_in(self) -> None:
        """One level in, at the cursor."""
        if (scope := self.deeper()) is not None:
            self.scopes.append(scope)
            self._reshaped()
            self.picture.reveal(self.pfn)

    def zoom_out(self) -> None:
        """One level out."""
        if len(self.scopes) > 1:
            self.scopes.pop()
            self._reshaped()

    def zoom_out_to(self, depth: int) -> None:
        """Out to the scope at a depth; the whole machine is at 1."""
        while len(self.scopes) > depth:
            self.zoom_out()

    def zoom_to_page(self, pfn: int) -> None:
        """To the pages around one, which is pointed out."""
        self.scopes = self.scopes[:1]
        self._reshaped()
        self._place(self.picture.snapped(pfn))
        while (scope := self.deeper()) is not None:
            self.scopes.append(scope)
            self.pfn, self._now = pfn, None
        self._reshaped()
        self.picture.reveal(pfn)
        self.light(frozenset({pfn}))

    # -- keys and the mouse -----------------------------------------------------------------------------------------

    def action_move(self, across: int, down: int, extend: bool = False) -> None:
        """Steps of the cursor; `extend`: they mark what they pass."""
        self._place(self.picture.moved(self.pfn, across, down), extend)

    def action_jump(self, way: int) -> None:
        """Half a map down, or up."""
        pfn = self.pfn
        for _ in range(max(1, self.size.height // 2)):
            pfn = self.picture.moved(pfn, 0, way)
        self._place(pfn)

    def action_end(self, last: bool) -> None:
        """To the last page that is shown, or the first."""
        pfn = self.picture.snapped(self.scope.start + self.scope.pages - 1 if last else self.scope.start)
        self._place(pfn)

    def _under(self, event: events.MouseEvent) -> int | None:
        return self.picture.at(event.x, event.y - self.gutter.top) if event.y >= self.gutter.top else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if (pfn := self._under(event)) is not None:
            self._place(pfn, event.shift)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self.app.mouse_captured is self:
            pfn = self._under(event)
            if pfn is not None and pfn != self.pfn:
                self._place(pfn, True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and event.y >= self.gutter.top:
            self.zoom_in()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        if (pfn := self._under(event)) is not None:
            self._place(pfn)
        self.zoom_in()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.zoom_out()
