"""What a word means where it stands, the help of the pane that has the keys, and a pane that fails."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.picture.palette import WORDS
from altmap.explorer.tui.glossary import GLOSSARY, meaning_at, words_in
from altmap.explorer.tui.manual import PANES, Entry, matching, of_keys, of_pane
from altmap.explorer.tui.screens.help import HEAD, NARROW, HelpScreen, HelpText
from altmap.explorer.tui.screens.main import PANES as PANES_OF_THE_SCREEN
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.verbs import VERBS
from altmap.explorer.tui.widgets.drawn import Drawn
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.keys import Keys
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.zone_table import ZoneTable

from .machines import drive, guest, press, result, stand_on, text_of, with_dimm

FAULT = Drawn.fault
"""What is shown of a fault; the other tests fail by one."""


def test_words_are_found_where_they_stand() -> None:
    assert words_in("altmap base_pfn 0x1 free 512, 63 pageblocks, Unmovable") == [
        "pageblock", "altmap", "base_pfn", "free", "unmovable"
    ]  # fmt: skip
    assert words_in("unfree freedom memmaps_on slabs") == ["slab"]
    line = "  free, per CPU   12"
    assert meaning_at(line, 4) == meaning_at(line, 11)
    assert meaning_at(line, 0) is None
    assert meaning_at(line, 18) is None


def test_every_kind_of_page_and_every_flag_has_a_meaning() -> None:
    assert {*WORDS.values()} <= GLOSSARY.keys()
    machine = with_dimm(movable=4)
    flags = {flag for page in range(1 << 18) for flag in machine.page_flags(page) or ()}
    assert {*flags, *machine.model.head_flags} <= GLOSSARY.keys()
    assert PANES.keys() == {*PANES_OF_THE_SCREEN}


def test_the_help_is_that_of_the_pane_that_has_the_keys() -> None:
    async def ask(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        for key, pane, word in (("0", "map", "memmap"), ("1", "inspector", "altmap"), ("2", "zones", "managed")):
            await press(pilot, key, "question_mark")
            said = text_of(pilot.app.screen.query_one(HelpText))
            assert said.startswith(f"The {pane}")
            here, _, _ = said.partition("\nMemory\n")
            assert word in here
            assert GLOSSARY[word].split(";")[0][:30] in here
            await press(pilot, "escape")
            assert pilot.app.screen is screen

    drive(with_dimm(movable=4), ask, (120, 40))


def test_the_pointer_explains_a_word() -> None:
    async def point(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        inspector = screen.query_one("#inspector", Inspector)
        rows = inspector.words.split("\n")
        at = next(number for number, row in enumerate(rows) if "altmap" in row)
        await pilot.hover(Inspector, offset=(rows[at].index("altmap") + 1 + inspector.gutter.left, at + 1))
        assert str(inspector.tooltip).startswith("altmap: ")
        await pilot.hover(Inspector, offset=(30, 2))
        assert inspector.tooltip is None

    drive(with_dimm(movable=4), point, (120, 40))


def test_a_pane_that_fails_says_so_and_the_rest_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, whole = with_dimm(), ZoneTable.lines

    def broken(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(Drawn, "fault", FAULT)

    async def use(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(ZoneTable, "lines", broken)
        await stand_on(pilot, 32)
        await press(pilot, "2", "m")
        assert machine.blocks[32].zone == (0, "Movable")
        assert "memory32 is online" in result(screen)
        assert "ZeroDivisionError: on purpose" in screen.query_one("#zones", ZoneTable).words
        monkeypatch.setattr(ZoneTable, "lines", whole)
        await press(pilot, "u")
        assert "Movable" not in screen.query_one("#zones", ZoneTable).words
        assert "DMA32" in screen.query_one("#zones", ZoneTable).words

    drive(machine, use, (120, 40))


def test_a_picture_that_fails_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(Drawn, "fault", FAULT)
        monkeypatch.setattr(MapLegend, "row", lambda self, y: 1 // 0)
        legend = screen.query_one(MapLegend)
        assert "ZeroDivisionError" in legend.render_line(0).text
        await press(pilot, "v")
        assert screen.query_one("#map").has_focus

    drive(engine.open_machine("tiny-guest"), use)


def test_escape_says_what_it_does_in_the_help_and_giving_back_is_found() -> None:
    async def read(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "question_mark")
        heading = pilot.app.screen.query_one(Heading)
        assert "esc closes" in "".join(span.text for span in heading.row(0))
        await press(pilot, *"give back")
        assert "esc shows all" in "".join(span.text for span in heading.row(0))
        assert "offline 2G" in text_of(pilot.app.screen.query_one(HelpText))

    drive(guest(), read)


def test_what_is_typed_in_the_help_leaves_what_it_stands_in() -> None:
    async def find(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "question_mark", *"memmap back")
        assert "To the memmap and back" in text_of(pilot.app.screen.query_one(HelpText))
        assert "Eject" not in text_of(pilot.app.screen.query_one(HelpText))
        await press(pilot, "escape")
        assert "Eject" in text_of(pilot.app.screen.query_one(HelpText))
        await press(pilot, "escape")
        assert pilot.app.screen is screen

    drive(with_dimm(movable=4), find, (120, 40))


@pytest.mark.parametrize(("typed", "title"), [("h", "To the memmap and back"), ("F1", "Help"), (":", "Type a command")])
def test_a_single_character_is_a_key(typed: str, title: str) -> None:
    found = [entry for chapter in matching(of_pane("map", ""), typed) for entry in chapter.entries]
    assert title in [entry.title for entry in found]
    if len(typed) == 1:
        assert all(typed in entry.keys.split() for entry in found)


@pytest.mark.parametrize("wish", ["fewest", "give memory back", "mouse", "pasted"])
def test_what_a_person_wishes_leads_to_a_key(wish: str) -> None:
    assert matching(of_pane("map", ""), wish)


def test_the_only_verb_that_is_left_is_done_by_enter_and_each_by_a_click() -> None:
    async def do(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        await press(pilot, "question_mark", *"mark the whole", "enter")
        assert screen.marks == frozenset(range(32, 40))
        await press(pilot, "question_mark", *"all marks away")
        text = pilot.app.screen.query_one(HelpText)
        row = (
            text_of(text)
            .split("\n")
            .index(next(line for line in text_of(text).split("\n") if "Take all marks" in line))
        )
        await pilot.click(HelpText, offset=(12, row))
        await press(pilot)
        assert (pilot.app.screen, screen.marks) == (screen, frozenset())

    drive(with_dimm(movable=4), do, (120, 40))


def test_each_verb_stands_in_the_help_with_its_keys() -> None:
    entries = [entry for chapter in of_pane("log", "") for entry in chapter.entries]
    for verb in VERBS:
        (entry,) = (entry for entry in entries if entry.action == f"verb('{verb.name}')")
        assert entry.title == verb.title
        assert len(entry.title) < HEAD - NARROW, "a title that is longer is glued to its sentence"
        assert len(entry.keys.split()) == len(verb.key.split(","))


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (("O",), ("Other model", "Filter", "This machine")),
        (("O", "f"), ("Folder above", "Close")),
        (("T",), ("Next", "Leave")),
        ((*"g32", "enter", "W", "f", "space", "home", "right"), ("A signal comes at this moment", "esc q", "Leave")),
        (("t",), ("↑ ↓ enter", "Choose a line", "Name it")),
    ],
)
def test_other_screens_tell_their_keys_too(way: tuple[str, ...], words: tuple[str, ...]) -> None:
    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, *way)
        asked = pilot.app.screen
        await press(pilot, "f1")
        said = text_of(pilot.app.screen.query_one(HelpText))
        assert all(word in said for word in words), said
        assert "Focus Next" not in said
        await press(pilot, "f1", "escape")
        assert pilot.app.screen is asked

    drive(with_dimm(movable=4), ask, (120, 40))


def test_a_key_that_its_word_does_not_explain_has_a_sentence_and_keys_of_one_action_are_one_entry() -> None:
    keys = [
        Entry("p", "Released", "Only some.", "less"),
        Entry("q", "Leave", "", "leave"),
        Entry("escape", "Leave", "", "leave"),
    ]
    assert of_keys(keys)[0].entries == (
        Entry("p", "Released", "Only some.", "less"),
        Entry("q esc", "", "Leave", "leave"),
    )


@pytest.mark.parametrize("keys", [("g",), ("a",), ("y",), ("w",), ("s",), ("a", "f2", "t")], ids=" ".join)
def test_a_dialog_names_the_key_of_its_help_and_a_click_on_it_opens_that(keys: tuple[str, ...]) -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, *keys)
        dialog = pilot.app.screen
        heading = dialog.query_one(Heading)
        x, y, _ = next(place for place in heading.clickable() if place[2] == "screen.help")
        assert "F1 help" in heading.render_line(0).text
        await pilot.click(Heading, offset=(x + 1, y))
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        assert "F1" not in pilot.app.screen.query_one(Heading).render_line(0).text
        await press(pilot, "escape")
        assert pilot.app.screen is dialog

    drive(with_dimm(), look, (80, 24))


def test_a_line_and_a_footer_name_the_key_of_the_help_where_there_is_room() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        for key in ("colon", "slash"):
            await press(pilot, key)
            assert pilot.app.screen.query_one(".hint").region.right == 119
            await press(pilot, "escape")
        await press(pilot, "O")
        footer = pilot.app.screen.query_one(Keys)
        assert any(key.binding.action == "app.help" for _, key in footer.placed)
        await press(pilot, "slash")
        assert " F1 Help" in footer.render_line(0).text

    drive(with_dimm(), look, (120, 40))
