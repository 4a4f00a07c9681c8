"""The plan: chips, branches, what differs between states, and the graphs along it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.picture.lines import width
from altmap.explorer.picture.palette import DARK
from altmap.explorer.tui import plan
from altmap.explorer.tui.differing import differing
from altmap.explorer.tui.graphs import COURSES, bars, graphs
from altmap.explorer.tui.screens import doing
from altmap.explorer.tui.screens.difference import DifferenceScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.timeline import Graphs, TimelineScreen
from altmap.explorer.tui.session import Session
from altmap.explorer.tui.states import together, way
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.prose import Prose
from textual.widgets import OptionList

from .machines import drive, guest, press, result, text_of, title_of, with_dimm


def planned() -> engine.Machine:
    """A DIMM, half of it movable, a workload that was left again, and the other half for the kernel."""
    machine = with_dimm(movable=4)
    machine.timeline.name(5, "half")
    assert machine.apply(engine.Allocate(size="200M", zone="Movable")).ok
    machine.undo()
    for block in range(36, 40):
        assert machine.apply(engine.Online(block=block, type="online_kernel")).ok
    return machine


# -- chips --------------------------------------------------------------------------------------------------------------


def test_what_was_done_block_after_block_is_one_chip() -> None:
    """Also where it was done before this session; a branch that was left is counted."""
    made = plan.chips(Session(planned()))
    assert [(chip.label, chip.number, chip.others) for chip in made] == [
        ("add 1G at 0x100000000 node 0", 1, 0), ("half", 5, 1), ("online_kernel 36-39", 10, 0)
    ]  # fmt: skip


def test_each_verb_of_a_typed_line_is_a_chip_of_its_own() -> None:
    """And is taken back for itself."""

    async def story(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"offline 2-3; free all;offline 4", "enter")
        made = plan.chips(screen.session)
        assert [(chip.label, chip.number) for chip in made] == [("offline 2-3", 2), ("free all", 3), ("offline 4", 4)]
        assert "all 4 done" in screen.query_one(ResultBar).text
        await press(pilot, "u")
        assert [chip.label for chip in plan.chips(screen.session)] == ["offline 2-3", "free all"]
        await press(pilot, "u", "u", "U")
        assert [chip.label for chip in plan.chips(screen.session)] == ["offline 2-3"]

    drive(guest(), story)


def test_undo_takes_back_what_was_one_command() -> None:
    machine = planned()
    batch = Session(machine).undo()
    assert batch is not None
    assert len(batch.outcomes) == 1
    assert machine.timeline.present.number == 9


def test_only_what_is_alike_goes_together() -> None:
    machine = with_dimm(movable=2)
    assert machine.apply(engine.Online(block=34)).ok
    assert machine.apply(engine.Offline(block=33)).ok
    assert together(machine.timeline.steps) == {2: (2, "online_movable 32-33"), 3: (2, "online_movable 32-33")}


def test_a_name_or_another_way_begins_anew() -> None:
    machine = with_dimm(movable=4)
    machine.timeline.name(3, "two")
    assert [verb[1] for verb in together(machine.timeline.steps).values()] == [
        *["online_movable 32-33"] * 2, *["online_movable 34-35"] * 2
    ]  # fmt: skip
    machine.go_to(2)
    assert machine.apply(engine.Online(block=39, type="online_movable")).ok
    assert together(machine.timeline.steps).keys() == {4, 5}


def test_the_way_through_a_state_goes_on_where_redo_does() -> None:
    machine = planned()
    shown = {0, 1, 5, 6, 10}
    assert way(machine, 10, shown) == [0, 1, 5, 10]
    assert way(machine, 6, shown) == [0, 1, 5, 6]
    assert way(machine, 1, shown) == [0, 1, 5, 10]


# -- graphs -------------------------------------------------------------------------------------------------------------


def test_bars_are_between_the_least_and_the_biggest() -> None:
    assert bars([1, 1, 1]) == "▁▁▁"
    assert bars([0, 6, 3]) == "▁▇▄"
    assert bars([]) == ""


def test_graphs_tell_the_first_and_the_chosen_value() -> None:
    machine = planned()
    session = Session(machine)
    measures = session.measures([0, 1, 5, 10])
    lines = graphs(measures, 2, 4096, 60, DARK)
    assert len(lines) == len(COURSES) == 4
    assert all(width(line) == 60 for line in lines)
    text = ["".join(span.text for span in line) for line in lines]
    total, free = (f"{getattr(measures[2], name) * 4096 / (1 << 30):.2f}G" for name in ("total", "free"))
    assert f"→ {total}" in text[0]
    assert f"→ {free}" in text[1]
    assert "0 → 16M" in text[2]
    assert f"0% → {measures[2].movable * 100 / measures[2].total:.0f}%" in text[3]
    assert machine.timeline.present.number == 10


def test_measuring_leaves_redo_where_it_led() -> None:
    machine = planned()
    machine.go_to(5)
    session, before = Session(machine), machine.timeline.next
    session.measures([0, 6, 10])
    session.copies([6, 1])
    assert machine.timeline.next == before
    assert machine.timeline.present.number == 5


# -- the screen ---------------------------------------------------------------------------------------------------------


def graph(pilot: Any) -> str:
    """What the graphs say."""
    drawn = pilot.app.screen.query_one(Graphs)
    return "\n".join("".join(span.text for span in drawn.row(y)) for y in range(4))


def test_graphs_follow_the_cursor() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t")
        assert isinstance(pilot.app.screen, TimelineScreen)
        assert "16M" in graph(pilot)
        await press(pilot, "home")
        assert "→" not in graph(pilot)

    drive(planned(), look, (120, 40))


def test_what_differs_is_lit_and_told_until_it_is_left() -> None:
    machine = planned()

    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t", "home", "down", "space", "down", "d")
        shown = pilot.app.screen
        assert isinstance(shown, DifferenceScreen)
        words = text_of(shown.query_one(Prose))
        assert "memory32-35: state offline -> online" in " ".join(words.split())
        map_ = shown.query_one(MemoryMap)
        assert set(map_.happening.changed) == {32, 33, 34, 35}
        assert "add 1G at 0x100000000 node 0 → half" in shown.query_one(ResultBar).text
        assert map_.cursor == 32, "the first block that differs"
        assert "not the same" in shown.query_one(MapLegend).words
        assert "changed" not in shown.query_one(MapLegend).words
        await press(pilot, "v")
        assert set(map_.happening.changed) == {32, 33, 34, 35}
        await press(pilot, "home")
        visited = []
        for key in ("n", "n", "N", "N"):
            await press(pilot, key)
            visited.append(map_.cursor)
        assert visited[0] in {32, 33, 34, 35}
        assert (visited[1], visited[2]) == (visited[0] + 1, visited[0])
        here = text_of(shown.query_one(Prose)).partition("the machine")[0].split("\n")
        assert ["state", "offline", "online"] in [line.split() for line in here]
        states = [shown.machine.blocks[32].state]
        await press(pilot, "tab")
        states.append(shown.machine.blocks[32].state)
        assert states == ["online", "offline"]
        seen = []
        for _ in range(2):
            await press(pilot, "escape")
            seen.append(type(pilot.app.screen))
        assert seen == [TimelineScreen, type(screen)]
        assert machine.timeline.present.number == 10
        await press(pilot, "t", "home", "d", "n", "n")
        there = pilot.app.screen.query_one(MemoryMap).cursor
        assert there != screen.cursor
        await press(pilot, "enter")
        assert (pilot.app.screen, screen.cursor) == (screen, there)
        assert result(screen) == f"memory{there}."

    drive(machine, look, (120, 40))


def test_what_differs_is_told_in_numbers_first_and_then_thing_by_thing() -> None:
    before = guest()
    after = with_dimm(movable=2)
    said = [" ".join(line.cells).split() for line in differing(before, after)]
    titles = [
        " ".join(words) for words in said if " ".join(words) in ("the machine", "zones, in pages", "blocks", "memmap")
    ]
    assert titles == ["the machine", "zones, in pages", "blocks", "memmap"]
    assert ["MemTotal", "1008M", "1.23G"] in said
    assert ["blocks", "8", "16"] in said
    assert ["managed", "none", "64,512"] in said
    assert ["memory32-33:", "new,", "online", "in", "Movable"] in said
    assert ["memory34-39:", "new,", "offline"] in said
    assert "memory32-33: gone, was online in Movable" in [" ".join(line.cells) for line in differing(after, before)]
    assert [line.cells for line in differing(after, after)] == [("Nothing differs.",)]


def test_two_states_are_told_apart_by_clicks() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t", "up")
        heading = pilot.app.screen.query_one(Heading)
        at = heading.render_line(0).text.index("differs")
        await pilot.click(Heading, offset=(at, 0))
        await press(pilot)
        shown = pilot.app.screen
        assert isinstance(shown, DifferenceScreen)
        seen = shown.machine
        line = "".join(span.text for span in shown.query_one(ResultBar).row(1))
        await pilot.click(shown.query_one(ResultBar), offset=(line.index("tab"), 1))
        assert shown.machine is not seen

    drive(planned(), look, (120, 40))


def test_a_state_does_not_differ_from_itself() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t", "d")
        assert isinstance(pilot.app.screen, TimelineScreen)
        assert "the same state" in pilot.app.screen.query_one(Heading).render_line(0).text
        await press(pilot, "up")
        assert "d differs" in pilot.app.screen.query_one(Heading).render_line(0).text, "the keys are named again"

    drive(planned(), look, (120, 40))


def test_a_chip_leads_to_its_state_and_a_branch_to_the_states() -> None:
    """Going back and doing something else keeps the other branch."""
    machine = planned()

    async def look(pilot: Any, screen: MainScreen) -> None:
        bar = screen.query_one(ResultBar)
        text = title_of(bar)
        await pilot.click(bar, offset=(text.index("half"), 0))
        await press(pilot)
        assert machine.timeline.present.number == 5
        await press(pilot, "colon", *"offline 35", "enter")
        text = title_of(bar)
        assert "half ✓ +2" in text
        await pilot.click(bar, offset=(text.index("+2"), 0))
        await press(pilot)
        states = pilot.app.screen.query_one(OptionList)
        said = [str(states.get_option_at_index(at).prompt) for at in range(states.option_count)]
        assert any("allocate 200M" in line for line in said)
        assert any("online_kernel 36-39" in line for line in said)

    drive(machine, look, (120, 40))


def test_the_course_of_free_memory_stands_beside_the_chips() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"1G", "enter", "d", "m")
        text = title_of(screen.query_one(ResultBar))
        before, now = text.rsplit("MemFree", 1)[1].split()[1].split("→")
        assert (before, now) == (engine.about_bytes(first * 4096), engine.about_bytes(machine_free() * 4096))

    machine = engine.open_machine("small-guest")

    def machine_free() -> int:
        return sum(zone.free for zone in machine.zones.values())

    first = machine_free()
    drive(machine, look, (120, 40))


# -- saved --------------------------------------------------------------------------------------------------------------


def test_a_saved_plan_keeps_its_branches_and_names(tmp_path: Path) -> None:
    machine = planned()
    engine.save_machine(machine, tmp_path / "plan.json")
    again = engine.open_machine(tmp_path / "plan.json")
    assert [(step.number, step.parent, step.name) for step in again.timeline.steps] == [
        (step.number, step.parent, step.name) for step in machine.timeline.steps
    ]
    assert plan.chips(Session(again)) == plan.chips(Session(machine))
    assert Session(again).measures([0, 5, 6, 10]) == Session(machine).measures([0, 5, 6, 10])


def test_a_block_that_one_state_lacks_keeps_its_place_in_both() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t", "home", "d")
        shown = pilot.app.screen
        assert isinstance(shown, DifferenceScreen)
        map_, there, rows = shown.query_one(MemoryMap), list[bool](), list[range]()
        for _ in range(2):
            there.append(39 in shown.machine.blocks)
            rows.append(map_.picture.lines_of(39 * shown.machine.geometry.pages_per_block))
            await press(pilot, "tab")
        assert sorted(there) == [False, True]
        assert rows[0] == rows[1]
        assert len(rows[0]) > 0

    drive(planned(), look, (120, 40))


def test_a_state_is_called_by_the_verb_that_made_it() -> None:
    async def travel(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"offline 4-5", "enter", "colon", *"online 4", "enter")
        await press(pilot, "t", "up", "enter")
        assert result(screen).startswith("state 3  offline 4-5")

    drive(with_dimm(), travel)


def test_that_one_goes_over_many_states_is_seen_before_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = with_dimm(movable=8)
    monkeypatch.setattr(doing, "MANY", 3)
    seen: list[str] = []

    async def travel(pilot: Any, screen: MainScreen) -> None:
        show = screen.show_state

        def shown(badge: str, text: str) -> None:
            assert screen.query_one(ResultBar) not in screen._dirty_widgets, "it was drawn"
            seen.append(result(screen))
            show(badge, text)

        monkeypatch.setattr(screen, "show_state", shown)
        await press(pilot, "home", "colon", *"offline 32-35", "enter")
        done = machine.timeline.present.number
        await press(pilot, "u")
        assert machine.timeline.present.number == done - 4
        assert "undone" in result(screen)
        await press(pilot, "U")
        await press(pilot, "t", "home", "enter")
        assert machine.timeline.present.number == 0
        assert [said.partition("  ")[2] for said in seen] == [
            "taking back offline 32-35: 4 commands",
            "doing offline 32-35 again: 4 commands",
            f"going to state 0: {done} commands",
        ]
        assert screen.session.running is None
        await press(pilot, "colon", *"offline 1", "enter", "u")
        assert "taking back" not in seen[-1], "a single state takes no time"

    drive(machine, travel)
