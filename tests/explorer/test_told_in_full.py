"""What stands beside the map is told in full: a reason for each block, a legend for what is in sight, words that are not cut."""

from __future__ import annotations

from typing import Any

from altmap import engine
from altmap.explorer.picture.overlay import Overlay
from altmap.explorer.picture.pages import PagesPicture
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.scope import Scope
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene
from altmap.explorer.tui.outlooks import Outlooks
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from .machines import drive, press


def test_each_block_that_is_not_sure_to_go_has_a_reason() -> None:
    machine = engine.open_machine("numa-guest")
    verdicts = Outlooks(machine)
    for block in machine.blocks:
        verdicts.ask(block)
    found = verdicts.prospects()
    assert sum(count for _, count in found.reasons) == len(machine.blocks) - len(found.answers.get("yes", ()))
    assert dict(found.reasons)["unseen pages"] == len(found.answers["not known"])


def test_pages_have_a_legend_where_the_view_is_of_whole_blocks() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        screen.action_view("can it go")
        screen.query_one(MemoryMap).zoom_to_page(0x100)
        await press(pilot)
        assert "free" in screen.query_one(MapLegend).words

    drive(engine.open_machine("numa-guest"), look, (120, 40))


def test_beside_the_strip_of_a_block_stand_whole_words() -> None:
    machine = engine.open_machine("numa-guest")
    scene = Scene(machine, DARK, Outlooks(machine))
    scope = Scope("page", 0, machine.geometry.pages_per_block)
    for wide, words in ((80, ("memory0", "", "types")), (120, ("memory0", "a column is", "a pageblock"))):
        picture = PagesPicture(scene, Use, scope, (wide, 40), 2, 0)
        said = ["".join(span.text for span in picture.line(y, Overlay()))[: picture.gutter].strip() for y in range(3)]
        assert said == list(words)
