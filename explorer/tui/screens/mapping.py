"""What is done on the map: views, zoom, search, the way to the memmap and back, what would go instead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from textual import work

from ...picture.can_go import CanGo
from ...picture.links import Range, links_of
from ...picture.memmap import Memmap
from ...picture.overlay import places
from .. import prospects, words
from ..outlooks import Outlooks
from ..sheets import Place
from ..widgets.bars import Offer, ResultBar
from ..widgets.inspector import Inspector
from ..widgets.map_legend import MapLegend
from ..worded import Word
from .mapped import Mapped
from .watching import WatchingScreen

if TYPE_CHECKING:
    from ..search import Search
    from ..widgets.head_strip import HeadStrip
    from ..widgets.levels import Levels
    from ..widgets.node_strip import NodeStrip

ASKING: Final = 0.005
"""Seconds that asking may take before keys are answered; it decides how smooth the screen is, never what is said."""
REPAINTED: Final = 0.25
"""Seconds from one look at the answers so far to the next."""
_MARKED: Final = "✓ marked"
"""The badge of what was marked for somebody."""


class MappingScreen(Mapped, WatchingScreen):
    """A screen with a map."""

    verdicts: Outlooks
    _levels: Levels | None = None
    _node_strip: NodeStrip | None = None
    _head_strip: HeadStrip | None = None
    _search: Search | None = None
    _sought: str = ""
    _search_said: tuple[str, int] = ("", -1)
    _came_from: tuple[int, int, int] | None = None
    """Page and depth before the last jump to memmap, and the page where it led."""
    _repaint_at: float = 0
    _news: list[int]

    # -- the map ----------------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The selected block."""
        return self._map.cursor

    @property
    def marks(self) -> frozenset[int]:
        """The marked blocks."""
        return self._map.marks

    def mark(self, blocks: frozenset[int]) -> None:
        """Mark exactly these blocks."""
        self._map.mark(blocks)

    def unmark(self) -> None:
        """Take all marks away; it is not said any longer that there are some."""
        self.mark(frozenset())
        if (bar := self.query_one(ResultBar)).badge == _MARKED:
            bar.say("", "no block is marked", "plain")
            self.show_offers()

    def change_view(self, by: int) -> None:
        """The next view, or the one before."""
        self._map.next_view(by)

    def zoom(self, inwards: bool) -> None:
        """A level in at the cursor, or out."""
        if inwards:
            self._map.zoom_in()
        else:
            self._map.zoom_out()

    @property
    def depth(self) -> int:
        """Levels that the map is zoomed in."""
        return len(self._map.scopes) - 1

    @property
    def can_zoom_in(self) -> bool:
        """Is there a level further in?"""
        return self._map.scope.level != "page"

    def fold(self) -> None:
        """Fold runs of blocks that are alike, or unfold them."""
        self._map.fold()

    @property
    def fault(self) -> int | None:
        """The page (pfn) that was in the way of the last command; else the first in the way of the selected block."""
        outlook = self.verdicts.of(self.cursor)
        return self._fault if self._fault is not None or outlook is None else outlook.page

    def show_fault(self) -> None:
        """Zoom to the page in the way."""
        if self.fault is not None:
            self._map.zoom_to_page(self.fault)

    def on_levels_asked(self, message: Levels.Asked) -> None:
        self._map.zoom_to_page(message.pfn)

    def on_levels_followed(self) -> None:
        """The page that is worth a look is told of together with what is around it."""
        assert self._levels is not None
        pfn = self._levels.pfn
        page = self.query_one("#page", Inspector)
        page.entitle([Word("▌", "faint"), Word(f"page {pfn:#x}", "strong")])
        page.show(replace(self._place(), pfn=pfn, level="page"))

    def _point(self, place: Place) -> int:
        """The page of a block that is worth a look: where the cursor is, else what is in the way, else its first."""
        size = self.machine.geometry.pages_per_block
        if self._map.scope.level in ("block", "section", "page"):
            return place.pfn
        first = next((pfn for _, _, pfn in place.outlook.blockers if pfn is not None), None) if place.outlook else None
        found = place.fault if place.fault is not None else first
        return found if found is not None and found // size == self.cursor else self.cursor * size

    def node_strip(self, display: bool = False) -> NodeStrip:
        """The table of nodes, made; `display`: it is there before the map is told its size."""
        from ..widgets.node_strip import NodeStrip

        self._node_strip = NodeStrip(self._map, display)
        return self._node_strip

    def show_strips(self, changed: bool) -> None:
        """What stands below the map where there is room; `changed`: the machine is another than it was."""
        if not self._map.placed:
            return
        if self._node_strip is None and len(self.machine.nodes) > 1:
            self.mount(self.node_strip(), before=self.query_one(MapLegend))
        if self._head_strip is None and self._map.view is Memmap:
            from ..widgets.head_strip import HeadStrip

            self._head_strip = HeadStrip(self._map)
            self.mount(self._head_strip, before=self.query_one(MapLegend))
        if self._node_strip is not None:
            self._node_strip.show(changed)
        if self._head_strip is not None:
            self._head_strip.show(self.cursor)

    # -- memmap -----------------------------------------------------------------------------------------------------

    def _under_cursor(self) -> Range:
        """The pages under the cursor: a block, or less where the map shows less."""
        map_, geometry = self._map, self.machine.geometry
        unit = geometry.pages_per_block
        if map_.scope.level in ("block", "section", "page"):
            unit = min(unit, map_.picture.step)
        return map_.pfn // unit * unit, unit

    def memmap_link(self) -> tuple[tuple[Range, ...], bool]:
        """The pages that are linked to those under the cursor; and whether they are described by these (else they hold
        their struct pages)."""
        links, (start, pages) = links_of(self.machine), self._under_cursor()
        if pages < self.machine.geometry.pages_per_block and (described := links.described(start, pages)):
            return described, True
        return links.struct_pages(start, pages), False

    def _link(self) -> None:
        """Point out what is linked to the cursor."""
        geometry = self.machine.geometry
        ranges, _ = self.memmap_link()
        hosts = {
            nr
            for pfn, pages in ranges
            for nr in (pfn // geometry.pages_per_block, (pfn + pages - 1) // geometry.pages_per_block)
        }
        self._map.link(frozenset(hosts - {self.cursor}), places(ranges, geometry.pages_per_section))
        self.query_one(MapLegend).follow()

    def go_host(self) -> None:
        """To the memmap of what is under the cursor, or from memmap to what it describes; and back. Where that is in the same
        place of the map, to the page itself."""
        map_, here, depth = self._map, self._map.pfn, self.depth
        if self._came_from is not None and self._came_from[2] == here:
            pfn, depth, _ = self._came_from
            self._came_from = None
            map_.zoom_out_to(depth + 1)
            self._go_to(pfn)
            self._say_host(f"back at {pfn:#x}, in {words.block_name(self.cursor)}")
            return
        ranges, describes = self.memmap_link()
        goal, pages = ranges[0]
        block = goal // self.machine.geometry.pages_per_block
        where = f"pfn {goal:#x}-{goal + pages - 1:#x}, in {'the same block' if block == self.cursor else words.block_name(block)}"
        said = f"{'it describes' if describes else 'its struct pages lie in'} {where}"
        self._go_to(goal)
        if map_.pfn == here and map_.scope.level != "page":
            map_.zoom_to_page(goal)
        if map_.pfn == here and self.depth == depth:
            self._say_host(f"{said}: this page itself among them")
            return
        self._came_from = here, depth, map_.pfn
        self._say_host(f"{said}; h leads back")

    def _say_host(self, text: str) -> None:
        self.query_one(ResultBar).say("memmap", text, "plain")
        self.show_offers()

    def _go_to(self, pfn: int) -> None:
        """To a page, at the scale of the map."""
        if self._map.scope.level == "page":
            self._map.zoom_to_page(pfn)
        else:
            self._map.go(pfn)

    # -- search -----------------------------------------------------------------------------------------------------

    @property
    def hits(self) -> frozenset[int] | None:
        """The blocks that the search found; None if there is none."""
        return self._map.hits

    def ask_search(self) -> None:
        """Open the search line."""
        from .search_line import SearchLine

        before = self._sought

        def answered(text: str | None) -> None:
            self.search(before if text is None else text)

        self.app.push_screen(SearchLine(before, self._found), answered)

    def _found(self, text: str) -> str:
        """Show what a text finds; returns how many blocks that is."""
        from ..search import understood

        self._search = understood(self.machine, text) if text.strip() else None
        return self._find()

    def _find(self) -> str:
        if self._search is None:
            self._map.show_hits(None)
            return ""
        hits = self._search.blocks(self.machine, self.verdicts.answers())
        self._map.show_hits(hits)
        count = f"{len(hits):,} of {len(self.machine.blocks):,} blocks"
        rest = len(self.verdicts.pending()) if self._search.asks else 0
        return f"{self._search.words}: {count}{f', {rest:,} not asked yet' if rest else ''}"

    def search(self, text: str) -> None:
        """Dim all blocks but those that a text describes; an empty one ends the search."""
        self._sought = text
        said = self._found(text)
        if self._search is not None:
            if self._map.hits and self.cursor not in self._map.hits:
                self.next_hit(1)
            self.query_one(ResultBar).say("/", said, "plain")
        self._search_said = said, self._map.pfn
        self._ask_all()
        self.show_offers()

    def _tell_found(self) -> None:
        """More answers are there: say how many blocks were found by now, and go to the first of them from where one began."""
        said, pfn = self._search_said
        now = self._find()
        self.query_one(ResultBar).amend(said, now)
        if pfn == self._map.pfn and self._map.hits and self.cursor not in self._map.hits:
            self.next_hit(1)
        self._search_said = now, self._map.pfn

    def end_search(self) -> None:
        """Take the search away."""
        self.search("")
        self.query_one(ResultBar).say("", "no search: all blocks are shown", "plain")

    def next_hit(self, by: int) -> None:
        """To the next block that was found, or the one before, round the end."""
        hits = sorted(self._map.hits or ())
        if hits:
            beyond = [nr for nr in hits if (nr > self.cursor if by > 0 else nr < self.cursor)]
            goal = (beyond or hits)[0 if by > 0 else -1]
            self._map.select(goal)

    # -- what can go ------------------------------------------------------------------------------------------------

    def _asked_now(self) -> list[int]:
        """The blocks to be asked now: all, where the map or a search shows their answers."""
        wanted = self._map.view is CanGo or (self._search is not None and self._search.asks)
        return self.verdicts.pending() if wanted and self.session.running is None else []

    def _ask_all(self) -> None:
        """Ask of all blocks whose answers are shown, a slice at a time beside the screen."""
        if self._asked_now():
            self._ask_in_slices()

    @work(group="outlooks", exclusive=True, exit_on_error=False)
    async def _ask_in_slices(self) -> None:
        while pending := self._asked_now():
            await self._ask_some(pending)
            if self._search is not None and self._search.asks:
                self._tell_found()
        self._show_news()
        self._show_block()

    def _show_news(self) -> None:
        """The blocks that were asked since the last time."""
        news, self._news = self._news, []
        if self._map.view is CanGo:
            self._map.repaint(news)
            self.query_one(MapLegend).refresh()

    async def _ask_some(self, blocks: Sequence[int]) -> None:
        """Ask of as many blocks as one slice allows."""
        until = monotonic() + ASKING
        for block in blocks:
            self.verdicts.ask(block)
            self._news.append(block)
            if monotonic() >= until:
                break
        if monotonic() >= self._repaint_at:
            self._show_news()
            self._repaint_at = monotonic() + REPAINTED
        await asyncio.sleep(0)

    def mark_others(self) -> None:
        """Mark the blocks that can go instead of the one under the cursor."""
        self._mark_others()

    @work(group="others", exclusive=True, exit_on_error=False)
    async def _mark_others(self) -> None:
        if self._map.view is CanGo:
            place, asked = (
                "the machine",
                sorted(nr for nr, block in self.machine.blocks.items() if block.state == "online"),
            )
        else:
            place, asked = prospects.others(self.machine, self.cursor)
        bar, state = self.query_one(ResultBar), self.machine.timeline.present.number
        while rest := [nr for nr in asked if self.verdicts.of(nr) is None and nr in self.machine.blocks]:
            if self.session.running is not None or self.machine.timeline.present.number != state:
                return
            bar.say("…", f"asking {len(rest):,} of {len(asked):,} blocks of {place}", "busy")
            await self._ask_some(rest)
        known = {nr: answer for nr in asked if (answer := self.verdicts.of(nr)) is not None}
        sums = prospects.prospects(known, len(asked))
        go, unseen, closest = frozenset(sums.answers.get("yes", ())), sums.answers.get("not known", []), sums.closest
        size = words.size_of(self.machine, len(go))
        near = f"; closest to going: memory{closest[0][0]}, {closest[0][1]:,} pages in the way" if closest else ""
        if go:
            self._map.mark(go)
            bar.say(_MARKED, f"{words.block_names(go)} of {place} can go ({size}){near}", "ok")
        elif unseen:
            may = words.block_names(unseen)
            bar.say("≈ not known", f"no other block of {place} is sure to go; {may} may{near}", "plain")
        else:
            bar.say("✗ none", f"no other block of {place} can go{near}", "refused")
            if closest and self._map.view is not CanGo:
                self._map.select(closest[0][0])
        self.show_offers()

    # -- what the main screen does ------------------------------------------------------------------------------------

    def show_offers(self) -> None:
        """Show the keys that lead on."""
        raise NotImplementedError

    def _show_block(self) -> None:
        raise NotImplementedError

    def _place(self) -> Place:
        raise NotImplementedError

    def _search_offers(self) -> list[Offer]:
        if self._map.hits is None:
            return []
        return [
            Offer("n", "next", "next", "verb('next_hit')"),
            Offer("N", "previous", "before", "verb('hit_before')"),
            Offer("esc", "ends the search", "end", "verb('end_search')"),
        ]
