"""What stands beside the map is told in full: a reason for each block, a legend for what is in sight, words that are not cut."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.picture.can_go import CanGo
from altmap.explorer.picture.memmap import head
from altmap.explorer.picture.overlay import Overlay
from altmap.explorer.picture.pages import PagesPicture
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.plan import Shape
from altmap.explorer.picture.scope import Scope
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene
from altmap.explorer.tui.changes import Changes, where_words
from altmap.explorer.tui.outlooks import Outlooks
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.sheets import Place, Sheet
from altmap.explorer.tui.widgets.bars import Offer, ResultBar
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.overview import OverviewLine
from altmap.explorer.tui.widgets.zone_table import ZoneTable

from .machines import drive, press, title_of, with_dimm


def test_each_block_that_is_not_sure_to_go_has_a_reason() -> None:
    machine = engine.open_machine("numa-guest")
    verdicts = Outlooks(machine)
    for block in machine.blocks:
        verdicts.ask(block)
    found = verdicts.prospects()
    assert sum(count for _, count in found.reasons) == len(machine.blocks) - len(found.answers.get("yes", ()))
    assert dict(found.reasons)["unseen pages"] == len(found.answers["not known"])


def test_pages_that_were_seen_are_not_called_unseen() -> None:
    """They show no flag, so that the kernel's are not told from free ones."""
    machine = engine.open_machine("firecracker-24g")
    verdicts = Outlooks(machine)
    told = verdicts.ask(37)
    assert told is not None
    assert (told.answer, told.doubt) == ("not known", "no flags")
    assert told.sentence == "260 of its pages show no flag: free, or the kernel's"
    assert ("pages without flags", 1) in verdicts.prospects().reasons
    tile = CanGo.tile(Scene(machine, DARK, verdicts), 37, Shape(32768, 16, 2, 16, 4, 1, 0, 2), 2, 2)
    assert "unseen" not in str(tile)
    assert "no flags" in str(tile)


@pytest.mark.parametrize("wide", [30, 34, 37, 40, 50])
def test_all_types_of_pageblocks_are_named_in_full_or_short(wide: int) -> None:
    place = Place(0, 512, "machine", None, None)
    lines = panel(engine.open_machine("numa-guest"), place, wide, 40)
    said = " ".join(" ".join(line for line in lines).split())
    long, short = "M 42 movable U 20 unmovable R 2 reclaimable", "M 42 movable U 20 unmov. R 2 recl."
    assert long in said if wide > 44 else short in said


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


def test_a_block_without_pages_is_told_from_a_place_without_a_block() -> None:
    sheet = Sheet(engine.open_machine("arm64-guest"), DARK, (38, 30), True)
    said = []
    for block in (0, 1):
        lines = sheet.lines(Place(block * 32768, 512, "machine", None, None))
        said.append(" ".join(" ".join(span.text for span in line).strip() for line in lines))
    assert said[0].startswith("online")
    assert "None of its sections is present: it has no pages." in said[0]
    assert said[1] == "No memory here."


def test_pages_that_hold_memmap_of_others_are_told_as_pages_of_memmap() -> None:
    found = Changes({}, {"vmemmap": {0: 4096}, "slab": {0: 1}}, {})
    said = where_words(found, engine.open_machine("numa-guest"))
    assert said == "4,096 memmap pages new in memory0; 1 slab page new in memory0"


def test_a_rule_that_keeps_a_block_is_told_by_a_word_where_its_sentence_is_too_long() -> None:
    machine = engine.open_machine("numa-guest")
    told = Outlooks(machine).ask(0)
    place = Place(0, 512, "machine", told, None)
    said = {
        wide: "".join(span.text for line in Sheet(machine, DARK, (wide, 6), True).lines(place) for span in line)
        for wide in (78, 160)
    }
    assert "EINVAL  two zones" in said[78]
    assert "memory0 holds pages of several zones or nodes" in said[160]
    assert "reserved, " not in said[78] + said[160]


def test_at_the_smallest_size_the_kernel_and_the_share_that_is_free_are_told() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        assert title_of(screen.query_one(OverviewLine)).split()[-5:] == ["Linux", "6.18", "6.11G", "free", "81%"]

    drive(engine.open_machine("firecracker-24g"), look, (60, 20))


def test_the_keys_of_all_panels_stand_above_them_before_the_address() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        for block in (0, 32):
            await press(pilot, "g", *f"{block}", "enter")
            said = title_of(screen.query_one("#inspector", Inspector))
            assert said.split()[-6:] == ["2", "zones", "3", "log", "4", "params"]
            assert said.startswith(f"▌memory{block} ")

    drive(with_dimm(), look, (80, 24))


def test_where_the_table_of_zones_has_not_all_columns_their_numbers_stand_below_it() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "2")
        words = screen.query_one("#zones", ZoneTable).words
        said = [line.split() for line in words.split("\n")]
        assert ["DMA32", "of", "node", "1"] in said
        zone = screen.machine.zones[1, "DMA32"]
        assert zone.pcp
        for name, pages in (("spanned", zone.spanned), ("managed", zone.managed), ("free", zone.free)):
            assert [name, f"{pages:,}", engine.about_bytes(pages * 4096)] in said
        assert ["start", "pfn", f"{zone.start:#x}"] in said

    drive(engine.open_machine("numa-guest"), look, (120, 40))


def panel(machine: engine.Machine, place: Place, wide: int, high: int) -> list[str]:
    return [
        "".join(span.text for span in line).rstrip() for line in Sheet(machine, DARK, (wide, high), True).lines(place)
    ]


def test_beside_a_page_stand_the_free_areas_of_its_pageblock_and_of_its_block() -> None:
    said = panel(engine.open_machine("firecracker-24g"), Place(0x153C20, 1, "page", None, None), 38, 32)
    at = next(number for number, line in enumerate(said) if line.startswith("its free areas by order"))
    assert said[at].endswith("largest 6")
    assert said[at + 2].split() == ["25", "20", "10", "13", "8", "1", "1", "·", "·", "·", "·"]
    types = [number for number, line in enumerate(said) if line.endswith("pages free")]
    assert [said[number].split()[0] for number in types] == ["Movable", "Unmovable"]
    counts = [
        sum(int(text) << order for order, text in enumerate(said[at + 2].replace("·", "0").split())) for at in types
    ]
    assert [f"{count:,}" for count in counts] == [said[number].split()[1] for number in types]


def test_in_a_low_panel_who_could_move_a_page_comes_first() -> None:
    machine = engine.open_machine("firecracker-24g")
    for high in (1, 5):
        said = panel(machine, Place(0x150C31, 1, "page", None, None), 59, high)
        assert any("no: slab is never migrated" in line for line in said[:high][:2])


def test_counts_of_free_areas_never_run_together() -> None:
    machine = with_dimm("rfc-v2", movable=7)
    assert machine.apply(engine.Allocate(size="450M", kind="movable", pattern="random", zone="Movable")).ok
    for wide in (38, 30):
        said = panel(machine, Place(33 << 15, 512, "machine", None, None), wide, 32)
        at = next(number for number, line in enumerate(said) if line.startswith("free areas by order"))
        assert [*map(int, said[at + 1].split())] == [*range(machine.geometry.max_order + 1)]
        assert len(said[at + 2].split()) == machine.geometry.max_order + 1
        assert int(said[at + 2].split()[0].replace("k", "000")) > 999


def test_of_single_pages_the_legend_says_what_a_digit_is() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g", *"42", "enter", "f", "x")
        assert "order of a free area" in screen.query_one(MapLegend).words
        await press(pilot, "minus")
        assert "order" not in screen.query_one(MapLegend).words

    drive(engine.open_machine("firecracker-24g"), look, (60, 20))


def test_a_refusal_says_how_many_pages_stay_where_there_is_room_beside_the_keys() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g", *"42", "enter", "f")
        bar = screen.query_one(ResultBar)
        said = "".join(span.text for span in bar.row(1))
        assert all(words in said for words in ("show", "w", "b"))
        assert ("2,489 slab and 31 page table pages stay" in said) == (screen.app.size.width == 120)

    for size in ((120, 40), (60, 20)):
        drive(engine.open_machine("firecracker-24g"), look, size)


def test_in_the_head_of_a_host_the_page_of_the_block_under_the_cursor_is_named() -> None:
    machine = with_dimm("rfc-v2")
    lines = head(Scene(machine, DARK, Outlooks(machine)), 35, 81, 13, 2)
    said = ["".join(span.text for span in line).split() for line in lines]
    assert said[5] == ["+0", "+2M", "+4M", "0x100600", "+8M", "+10M", "+12M", "+14M"]


def test_in_a_low_panel_where_the_memmap_lies_is_seen_without_scrolling() -> None:
    for machine, block, where in (
        (engine.open_machine("firecracker-24g"), 42, "memmap in kernel memory"),
        (with_dimm(movable=1), 32, "memmap in the block itself"),
        (with_dimm("rfc-v2", movable=8), 35, "memmap in memory32"),
    ):
        assert any(where in line for line in panel(machine, Place(block << 15, 512, "machine", None, None), 78, 5)[:5])


def test_a_long_refusal_leaves_room_for_the_keys_that_tell_the_rest_of_it() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        bar = screen.query_one(ResultBar)
        for text in ("this hangs on " * 30, "this hangs on " * (bar.size.width // 9)):
            bar.say("✗ EBUSY", text, "refused")
            bar.offer(
                [
                    Offer("x", "show the page", "show", "verb('show_page')"),
                    Offer("w", "what would help", "why", "verb('why')"),
                ]
            )
            await press(pilot)
            said = "".join(span.text for span in bar.row(1))
            assert len(said) <= bar.size.width
            assert "x show" in said
            assert said.endswith(("w why", "w what would help"))

    for size in ((120, 40), (60, 20)):
        drive(with_dimm(), look, size)
