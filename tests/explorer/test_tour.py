"""Tours: how one is written, what is wrong with one, how it is walked; and that the bundled one says what is true."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from altmap.engine import MODELS, Add, BadInput, Offline, Online, Outcome, events, open_machine, save_machine
from altmap.explorer.headless.cli import main
from altmap.explorer.tour.stations import read_tour
from altmap.explorer.tour.walk import Walk, open_tour
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.play import Beside
from altmap.explorer.tui.screens.tour import TourScreen
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from .machines import drive, guest, press, text_of

SHORT = """A short tour
# not told
== First
machine small-guest memmap_on_memory=N
view memmap
go memory32
zoom block
> add 256M at 4G
 One line
 and the next.

 Another paragraph.
== Second
> online 32-33 movable
"""


@pytest.fixture(scope="module")
def bundled() -> Walk:
    return Walk(open_tour())


# -- the file -----------------------------------------------------------------------------------------------------------


def test_a_tour_is_read_as_it_is_written() -> None:
    tour = read_tour(SHORT, "short.tour")
    assert tour.title == "A short tour"
    first, second = tour.stations
    assert (first.title, first.machine, dict(first.options)) == ("First", "small-guest", {"memmap_on_memory": "N"})
    assert (first.view, first.place, first.level) == ("memmap", "memory32", "block")
    assert first.text == ("One line and the next.", "Another paragraph.")
    assert (second.machine, len(second.commands)) == (None, 2)


def test_a_station_goes_on_where_the_one_before_it_ended() -> None:
    walk = Walk(read_tour(SHORT, "short.tour"))
    assert [outcome.result for outcome in walk.outcomes(1)] == ["ok", "ok"]
    assert walk.start(0).settings.memmap_on_memory == "N"
    assert 32 not in walk.start(0).blocks
    assert walk.start(1).blocks[32].state == "offline"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "t: there is no station; one begins with a line such as: =="),
        ("== A\n text", "t: the first station opens no machine; give it a line such as: machine small-guest"),
        ("== A\nmachine small-guest\nviews use", "t, line 3: 'views' begins no line of a station"),
        ("== A\nmachine small-guest\nview uses", "t, line 3: 'uses' is no view; there are use, zones"),
        ("== A\nmachine small-guest\nzoom in", "t, line 3: 'in' is no level; there are machine, node"),
        ("== A\nmachine small-guest colour=red", "t, line 2: 'colour=red' is nothing that a boot decides"),
        ("== A\nmachine small-guest\n> add much", "t, line 3: "),
        ("== A\n" * 201, "t, line 201: there are more than 200 stations"),
        ("== A\n" + " b\n\n" * 202, "t, line 404: a station has no more than 200 lines"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_tour(text, "t")
    assert any(complaint in sentence for sentence in caught.value.args), caught.value.args


def test_a_machine_beside_the_tour_is_found_wherever_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.tour").write_text("== A\nmachine mine.json\n")
    save_machine(guest(), tmp_path / "mine.json")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert sorted(Walk(open_tour(str(tmp_path / "mine.tour"))).start(0).blocks) == [*range(8)]
    assert main(["tour", str(tmp_path / "mine.tour")]) == 0


def test_all_wrong_lines_are_told_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tour"
    wrong.write_text("== A\nmachine small-guest\nview uses\nzoom in\n")
    assert main(["tour", str(wrong)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.count("line 3") + 2 * line.count("line 4") for line in said] == [1, 2]


def test_a_machine_that_is_not_there_is_told_before_anything_is_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.tour"
    wrong.write_text("== A\nmachine no-such-guest\n")
    assert main(["tour", str(wrong)]) == 2
    said = capsys.readouterr()
    assert (said.out, "no-such-guest" in said.err) == ("", True)


def test_without_a_terminal_it_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    short = tmp_path / "short.tour"
    short.write_text(SHORT)
    assert main(["tour", str(short)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "A short tour",
        "",
        "1. First",
        "  machine small-guest memmap_on_memory=N",
        "  > add 256M at 4G … ok",
        "  One line and the next.",
        "  Another paragraph.",
        "",
        "2. Second",
        "  > online 32-33 movable … ok",
    ]


# -- the bundled tour ---------------------------------------------------------------------------------------------------


def told(outcomes: tuple[Outcome, ...], kind: type) -> list[Any]:
    return [event for outcome in outcomes for event in outcome.events if isinstance(event, kind)]


NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def test_each_number_in_the_bundled_tour_is_what_the_engine_says(bundled: Walk) -> None:
    tiny, small, big, newer = (bundled.start(number) for number in (0, 3, 9, 11))
    page, mib, gib = small.geometry.page_size, 1 << 20, 1 << 30
    dimm = 16 * gib
    (dies,), (fits,) = bundled.outcomes(1), bundled.outcomes(2)
    stepped = {event.pages for event in told(bundled.outcomes(4), events.MemmapSkipped)}
    compacted = {event.pages for event in told(bundled.outcomes(5), events.MemmapSkipped)}
    pools = [told(bundled.outcomes(number), events.HugePagesChanged)[-1] for number in (6, 7, 8)]
    heads = {block.head for block in bundled.after(9).blocks.values() if not block.early}
    upstream = {block.head for block in bundled.after(10).blocks.values() if not block.early}
    expected: list[list[object]] = [
        [
            small.geometry.memmap_bytes(1), page >> 10, sum(block.early for block in tiny.blocks.values()) * 128, dimm // gib,
            tiny.geometry.memmap_bytes(dimm // page) // mib,
        ],
        [
            tiny.geometry.block_size // mib, tiny.geometry.memmap_bytes_per_section // mib,
            len(told((dies,), events.MemmapPlaced)), tiny.model.name,
        ],
        [sum(pages for event in told((fits,), events.MemmapPlaced) for _, pages in event.chunks), fits.taken[0]],
        [small.geometry.pages_per_block, *stepped, small.geometry.pages_per_block - sum(stepped)],
        [sum(event.pages for event in told(bundled.outcomes(4), events.PagesMigrated)), *stepped],
        [*compacted],
        [1, len(told(bundled.outcomes(6), events.ExistingMemoryTaken)), pools[0].total],
        [1, pools[1].total, pools[1].wanted],
        [1, pools[2].total, *{outcome.taken[0] for outcome in bundled.outcomes(8) if outcome.taken}],
        [big.geometry.block_size // gib, *heads, 1],
        [*upstream, 1, small.geometry.block_size // mib, "5.13"],
        [newer.model.name, 0, first_to_take_slab_for_free()],
        [],
    ]  # fmt: skip
    for number, facts in enumerate(expected):
        words = " ".join(bundled.station(number).text)
        assert {found.replace(",", "") for found in NUMBER.findall(words)} == {str(fact) for fact in facts}, number


def first_to_take_slab_for_free() -> str:
    """The first release whose offline of memory32 does not end with EBUSY at once."""
    releases = [model.name for model in MODELS.values() if model.name[:1].isdigit()]
    file = Path(open_tour().folder, "slab-guest.msgpack.gz")
    results = {name: open_machine(file, model=name).apply(Offline(block=32)).result for name in releases}
    assert set(results.values()) == {"EBUSY", "EINTR"}
    return min((name for name in releases if results[name] == "EINTR"), key=lambda name: [*map(int, name.split("."))])


def test_what_the_station_on_a_newer_kernel_says(bundled: Walk) -> None:
    machine, (offline, eject) = bundled.start(11), bundled.outcomes(11)
    assert sum(section.frozen.bit_count() for section in machine.sections.values()) == 1
    assert machine.sections[32].of("slab").bit_count() == 1
    assert told((offline,), events.IsolationUndone), "the kernel undoes what it did"
    after = bundled.after(11)
    assert after.blocks[32].state == "going-offline"
    for command in (Add(start="8G", size="128M"), Online(block=33), Offline(block=0)):
        assert after.apply(command).result == "HANGS", "it waits as well"
    assert (offline.result, eject.result) == ("EINTR", "HANGS")


def test_the_commands_of_the_bundled_tour_come_out_as_it_says(bundled: Walk) -> None:
    results = [Counter(outcome.result for outcome in bundled.outcomes(number)) for number in range(len(bundled))]
    assert results[1] == {"ENOMEM": 1}
    assert results[11] == {"EINTR": 1, "HANGS": 1}
    assert all(set(result) <= {"ok"} for number, result in enumerate(results) if number not in (1, 11))
    assert all(outcome.expected for number in range(len(bundled)) for outcome in bundled.outcomes(number))
    assert not told(bundled.outcomes(1), events.BlockCreated), "before a single new page could be used"
    before, after = bundled.start(1), bundled.after(1)
    assert sum(zone.free for zone in after.zones.values()) < sum(zone.free for zone in before.zones.values())
    assert 35 not in bundled.after(10).blocks
    assert bundled.after(10).blocks[34].state == bundled.after(10).blocks[36].state == "online"
    hosts = {
        section.memmap.on for section in bundled.after(7).sections.values() if section.memmap and not section.early
    }
    assert hosts == {"self", "section"}


# -- the screen ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_a_tour_is_walked_with_two_keys_and_leaves_the_machine_alone(size: tuple[int, int]) -> None:
    machine = guest()

    async def story(pilot: Any, screen: MainScreen) -> None:
        screen.take_tour(Walk(read_tour(SHORT, "short.tour")))
        await press(pilot, "end")
        first = pilot.app.screen
        assert isinstance(first, TourScreen)
        assert 33 in first.machine.blocks
        map_ = first.query_one(MemoryMap)
        assert (map_.view.name, map_.cursor, map_.scope.level) == ("memmap", 32, "block")
        await press(pilot, "enter", "space", "end")
        second = pilot.app.screen
        assert isinstance(second, TourScreen)
        assert second.machine.blocks[33].state == "online"
        assert "enter leaves the tour" in second.query_one(ResultBar).text
        await press(pilot, "backspace", "backspace")
        again = pilot.app.screen
        assert isinstance(again, TourScreen)
        assert again._number == 0
        await press(pilot, "n", "enter")
        assert pilot.app.screen == screen
        assert len(machine.timeline) == 1

    drive(machine, story, size)


def test_where_nothing_is_played_no_key_plays_it(bundled: Walk) -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        pilot.app.push_screen(TourScreen(bundled))
        await press(pilot, "space", "right")
        touring = pilot.app.screen
        assert not touring._player.playing
        assert "space stops" not in touring.query_one(ResultBar).text
        assert {"pause", "step(1)", "end(True)"}.isdisjoint(
            one.binding.action for one in touring.active_bindings.values()
        )

    drive(guest(), look, (60, 20))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_no_title_is_cut(size: tuple[int, int], bundled: Walk) -> None:
    longest = max(range(len(bundled)), key=lambda number: len(bundled.station(number).title))
    title = "A title of a person's own that is much longer than there is room for above the words"
    own = Walk(read_tour(SHORT.replace("First", title), "own.tour"))

    async def look(pilot: Any, screen: MainScreen) -> None:
        pilot.app.push_screen(TourScreen(bundled, longest))
        await press(pilot, "space")
        row = pilot.app.screen.query_one(Beside).title_row()
        assert bundled.station(longest).title in "".join(span.text for span in row)
        pilot.app.switch_screen(TourScreen(own))
        await press(pilot, "space")
        beside = pilot.app.screen.query_one(Beside)
        assert title in " ".join(text_of(beside).split())

    drive(guest(), look, size)


def test_the_bundled_tour_is_a_key_away() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "T")
        touring = pilot.app.screen
        assert isinstance(touring, TourScreen)
        await press(pilot, "q")
        assert pilot.app.screen == screen

    drive(guest(), story)


def test_what_waits_for_a_signal_gets_it_by_its_key() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        pilot.app.push_screen(TourScreen(Walk(open_tour()), 11))
        await press(pilot, "space", "home")
        touring = pilot.app.screen
        assert isinstance(touring, TourScreen)
        while not touring._player.waits:
            await press(pilot, "right")
        assert "s sends it" in touring.query_one(ResultBar).text
        await press(pilot, "s")
        assert touring._player.playing
        await press(pilot, "end")
        assert touring._player.never_ends
        assert touring.machine.blocks[32].state == "going-offline"

    drive(guest(), story, (120, 40))


def test_words_that_have_no_room_are_read_on_with_the_arrows_and_the_page_keys(bundled: Walk) -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        pilot.app.push_screen(TourScreen(bundled, 11))
        await press(pilot, "end")
        beside = pilot.app.screen.query_one(Beside)
        assert "more lines, PgDn" in "".join(span.text for span in beside.row(beside.size.height - 1))
        await press(pilot, "down")
        assert beside.scroll_offset.y == 1
        await press(pilot, "pagedown", "pagedown", "pagedown")
        assert beside.scroll_offset.y == beside.max_scroll_y > 1
        assert "more lines" not in "".join(span.text for span in beside.row(beside.size.height - 1))
        await press(pilot, "pageup", "pageup", "pageup", "up")
        assert beside.scroll_offset.y == 0

    drive(guest(), story, (80, 24))
