"""Why, the command line, the tree of states and saving: what they do to the machine and the screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.screens.command_line import CommandLine
from altmap.explorer.tui.screens.error import ErrorScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.save import SaveDialog
from altmap.explorer.tui.screens.timeline import TimelineScreen
from altmap.explorer.tui.screens.why import WhyScreen, told
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.kernel_log import KernelLog
from altmap.explorer.tui.widgets.prose import Prose
from textual import events
from textual.widgets import Input, OptionList, Static

from .machines import DIMM, drive, guest, pinned, press, result, stand_on, text_of, with_dimm


def said(pilot: Any, name: str) -> str:
    """What a dialog says in one of its places."""
    return str(pilot.app.screen.query_one(name, Static).render())


async def fill_in(pilot: Any, text: str) -> None:
    """Write into the first field of a dialog, and enter."""
    pilot.app.screen.query_one(Input).value = text
    await press(pilot, "enter")


async def press_on(pilot: Any, key: str, text: str) -> None:
    """Open a dialog by its key and fill it in."""
    await press(pilot, key)
    await fill_in(pilot, text)


# -- give back --------------------------------------------------------------------------------------------------------


def test_a_size_on_the_command_line_asks_which_blocks_give_it_back_and_enter_takes_them() -> None:
    machine = guest()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "colon", "256 MiB node 0")
        why = pilot.app.screen
        assert isinstance(why, WhyScreen)
        assert "offline 256M node 0: yes, 2 blocks of 128M can go together" in text_of(why.query_one(Prose))
        await press(pilot, "enter")
        assert len(machine.history) == 2
        assert sum(block.state == "offline" for block in machine.blocks.values()) == 2

    drive(machine, story)


def test_a_size_that_cannot_be_asked_is_explained_on_the_line() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        for line, wrong in (("2G now", "is not understood behind a size"), ("2G node 7", "there is no node 7")):
            await press_on(pilot, "colon", line)
            assert wrong in said(pilot, "#complaint")
            await press(pilot, "escape")

    drive(guest(), story)


# -- why ------------------------------------------------------------------------------------------------------------


def test_a_refusal_is_explained_and_cleared() -> None:
    """`w` on the refused offline, enter on its remedy: the pages are let go, and the block is offline."""
    machine = pinned()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "f")
        assert machine.history[-1].result != "ok"
        assert "w what would help" in result(screen)
        await press(pilot, "w")
        assert [type(open_one) for open_one in pilot.app.screen_stack] == [MainScreen, WhyScreen]
        words = text_of(pilot.app.screen.query_one(Prose))
        assert words.startswith("offline 32: no, EINTR")
        assert "someone holds" in words
        await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert machine.blocks[32].state == "offline"
        assert machine.check() == []
        await press(pilot, "u")
        assert machine.history[-1].result != "ok"

    drive(machine, story)


def test_why_of_another_block_forgets_the_refusal() -> None:
    machine = pinned()

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 0)
        await press(pilot, "f")
        assert "w what would help" in result(screen)
        await stand_on(pilot, 36)
        assert "EINVAL" in result(screen)
        assert "w what would help" not in result(screen)
        await press(pilot, "w")
        assert text_of(pilot.app.screen.query_one(Prose)).startswith("online 36 online: yes")
        before = len(machine.history)
        await press(pilot, "escape", "w", "down", "enter")
        assert machine.history[before:][0].command == engine.Online(block=36, type="online_movable")
        assert machine.blocks[36].zone == (0, "Movable")

    drive(machine, ask)


def test_a_refusal_is_explained_by_the_state_that_it_met() -> None:
    """The add lacked memory; asked again it would find what it left behind."""
    machine = engine.open_machine("tiny-guest")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"16G")
        await pilot.click("#add")
        await press(pilot, "w")
        refused = machine.history[-1]
        assert refused.result == "ENOMEM"
        words = text_of(pilot.app.screen.query_one(Prose))
        assert words.startswith("add 16G at 0x100000000 node 0: no, ENOMEM")
        assert "free pages too few" in words
        assert "Now, after that:" in words
        assert "no, EEXIST" in words
        assert machine.history[-1] is refused
        await press(pilot, "enter")
        assert 32 in machine.blocks
        assert machine.check() == []

    drive(machine, ask)


def test_all_marked_blocks_are_asked_about() -> None:
    machine = pinned()

    async def ask(pilot: Any, screen: MainScreen) -> None:
        screen.mark(frozenset(DIMM))
        await press(pilot, "w")
        words = " ".join(text_of(pilot.app.screen.query_one(Prose)).split())
        assert words.startswith("3 of 4 would succeed offline 32: no, EINTR signal backoff")
        assert "In the way:" in words
        await press(pilot, "end", "enter")
        assert [machine.blocks[nr].state for nr in DIMM[:4]] == ["online", "offline", "offline", "offline"]

    drive(machine, ask)


def test_a_long_explanation_is_read_with_the_keys() -> None:
    """The arrows go through the text and then through the choices, the page keys through the text alone."""
    machine = pinned()

    async def read(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "d", "w")
        text, choices = pilot.app.screen.query_one(Prose), pilot.app.screen.query_one(OptionList)
        assert text.max_scroll_y > 0
        assert "more lines" in text.render_line(text.size.height - 1).text
        await press(pilot, "pagedown", "pagedown")
        assert text.scroll_offset.y == text.max_scroll_y
        assert "more lines" not in text.render_line(text.size.height - 1).text
        await press(pilot, "pageup", "pageup")
        assert (text.scroll_offset.y, choices.highlighted) == (0, 0)
        await press(pilot, *["down"] * text.max_scroll_y)
        assert (text.scroll_offset.y, choices.highlighted) == (text.max_scroll_y, 0)
        await press(pilot, "down")
        assert choices.highlighted == 1
        await press(pilot, "up", "up")
        assert (text.scroll_offset.y, choices.highlighted) == (text.max_scroll_y - 1, 0)

    drive(machine, read, (60, 20))


def test_what_is_in_the_way_is_seen_at_once_on_a_small_screen() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "f", "w")
        text = pilot.app.screen.query_one(Prose)
        seen = "\n".join(text.render_line(row).text for row in range(text.size.height))
        assert "512 pages" in seen.partition("In the way:")[2]

    drive(pinned(), look, (60, 20))


def test_an_empty_line_covers_the_keys_alone() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon")
        place = pilot.app.screen.query_one("#complaint", Static)
        assert not place.display
        await fill_in(pilot, "pin")
        assert place.display

    drive(guest(), look, (60, 20))


def test_what_no_command_can_do_is_said_and_cannot_be_chosen() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def choose(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "w")
        why = pilot.app.screen
        assert isinstance(why, WhyScreen)
        assert "no command makes it so:\n  once these pages are gone" in text_of(why.query_one(Prose))
        assert not why.query(OptionList)
        assert "enter" not in why.query_one(Heading).render_line(0).text
        await press(pilot, "end", "enter")
        assert machine.history == ()

    drive(machine, choose)


@pytest.mark.parametrize(
    "command",
    [
        engine.Offline(block=32),
        engine.Online(block=36),
        engine.Offline(block=0),
        engine.Remove(start="4G", size="1G"),
        engine.Add(start="8G", size="64G", placement="boot"),
    ],
    ids=engine.describe,
)
def test_the_words_of_the_engine_are_all_there(command: engine.Command) -> None:
    """The screen shows each line of the verdict once, the numbers of the remedies aside."""
    verdict = pinned().why_not(command)
    lines, heading, choices = told(verdict)
    shown = [
        *engine.plain(lines).splitlines(),
        heading,
        *(line for choice in choices for line in (choice.words, *choice.script)),
    ]
    wanted = [
        re.sub(r"^  \d+\. ", "", line).strip() for line in engine.plain(engine.describe_verdict(verdict)).splitlines()
    ]
    assert set(wanted) - {line.strip() for line in shown} <= {"", "Instead:"}
    assert len(choices) == len(verdict.remedies) + verdict.ok
    for choice, remedy in zip(choices[verdict.ok :], verdict.remedies, strict=True):
        assert choice.commands == (() if remedy.given else remedy.commands)


def test_a_fault_of_the_engine_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = guest()

    def broken(*request: object) -> engine.Verdict:
        raise RuntimeError("a fault")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(machine, "why_not", broken)
        await press(pilot, "w")
        assert isinstance(pilot.app.screen, ErrorScreen)

    drive(machine, ask)


# -- the command line -----------------------------------------------------------------------------------------------


def test_lines_are_run_and_come_back() -> None:
    machine = with_dimm(movable=2)

    async def type_them(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "colon", "allocate 64M zone Movable")
        assert machine.history[-1].command == engine.Allocate(size=64 << 20, zone="Movable")
        await press_on(pilot, "colon", "hugepages 3 of 2M")
        assert "the pool of 2M pages of all nodes has 3, 3 of them free" in result(screen)
        await press(pilot, "3")
        assert "has 3, 3 of them free" in text_of(screen.query_one(KernelLog)).replace("\n    ", " ")
        await press(pilot, "colon", "x", "up", "up", "up")
        line = pilot.app.screen.query_one(Input)
        assert line.value == "allocate 64M zone Movable"
        await press(pilot, "down")
        assert line.value == "hugepages 3 of 2M"
        await press(pilot, "down")
        assert line.value == "x"
        await press(pilot, "escape", "u", "u")
        assert machine.timeline.present.number == 3

    drive(machine, type_them)


def test_no_line_of_what_is_pasted_is_lost() -> None:
    machine = with_dimm()

    async def paste(pilot: Any, screen: MainScreen) -> None:
        script = "# a plan\nonline 32 movable\r\n\tonline 33 \x1bmovable # too\n\noffline 32\n"
        screen.post_message(events.Paste(script))
        await press(pilot)
        line = pilot.app.screen.query_one(Input)
        assert line.value == r"online 32 movable; online 33 \x1bmovable; offline 32"
        await press(pilot, "ctrl+u")
        line.post_message(events.Paste(script.replace("\x1b", "")))
        await press(pilot, "enter")
        assert [machine.blocks[nr].state for nr in (32, 33)] == ["offline", "online"]
        assert len(machine.history) == 1 + 3

    drive(machine, paste)


def test_what_makes_no_sense_stays_to_be_corrected() -> None:
    """Also where only the machine can tell."""
    machine = guest()

    async def type_it(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "colon", "offlin 3")
        assert "'offlin' is not a command; did you mean 'offline'?" in said(pilot, "#complaint")
        await fill_in(pilot, "hugepages 1 of 3M")
        assert [type(open_one) for open_one in pilot.app.screen_stack] == [MainScreen, CommandLine]
        assert "there are no huge pages of 3M here" in said(pilot, "#complaint")
        assert result(screen) == "", "it is said once"
        assert pilot.app.screen.query_one(Input).value == "hugepages 1 of 3M"
        await fill_in(pilot, "  # nothing")
        assert pilot.app.screen is screen
        assert machine.history == ()

    drive(machine, type_it)


def test_a_line_is_what_a_script_would_make_of_it() -> None:
    assert engine.parse_line("online 32-33 movable") == [
        engine.Online(block=nr, type="online_movable") for nr in (32, 33)
    ]
    assert engine.parse_line("add 1G at 8G node 1 placement range") == [
        engine.Add(start=8 << 30, size=1 << 30, node=1, placement="range"),
    ]
    with pytest.raises(engine.BadInput, match=r"^'SIZE at START' is missing"):
        engine.parse_line("add")


# -- states ---------------------------------------------------------------------------------------------------------


def test_any_state_can_be_named_and_gone_to() -> None:
    machine = with_dimm(movable=1)
    for block, kind in ((33, "online"), (34, "online_kernel")):
        assert machine.apply(engine.Online(block=block, type=kind)).ok  # type: ignore[arg-type]

    async def travel(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t", "up", "up", "n", *"one", "enter")
        assert isinstance(pilot.app.screen, TimelineScreen)
        assert machine.timeline.find("one") == 2
        assert "one: online 32" in str(pilot.app.screen.query_one(OptionList).get_option_at_index(2).prompt)
        await press(pilot, "enter")
        assert [machine.blocks[nr].state for nr in DIMM[:3]] == ["online", "offline", "offline"]
        assert "state 2" in result(screen)
        assert "one" in result(screen)
        await stand_on(pilot, 39)
        await press(pilot, "k", "t", "home", "enter")
        assert sorted(machine.blocks) == list(range(8))
        await press(pilot, "U", "t", "end", "enter")
        assert machine.blocks[39].zone == (0, "Normal")
        assert machine.check() == []

    drive(machine, travel)


# -- saving ---------------------------------------------------------------------------------------------------------


def test_a_machine_is_saved_with_its_states(tmp_path: Path) -> None:
    machine = with_dimm(movable=1)
    file = tmp_path / "it.msgpack.gz"

    async def save(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "s", str(tmp_path / "it.txt"))
        assert [type(open_one) for open_one in pilot.app.screen_stack] == [MainScreen, SaveDialog]
        assert ".msgpack" in said(pilot, "#said")
        assert "it.txt" in said(pilot, "#said")
        for wrong in ("", "~nobody-of-this-name/it.json", f"{tmp_path}/{'x' * 300}.json"):
            await fill_in(pilot, wrong)
            assert len(pilot.app.screen_stack) == 2
            assert said(pilot, "#said")
        file.write_bytes(b"mine")
        await fill_in(pilot, str(file))
        assert "is there already. Save again to replace it." in said(pilot, "#said")
        assert file.read_bytes() == b"mine"
        await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert "✓ saved" in result(screen)

    drive(machine, save)
    again = engine.open_machine(file)
    assert [outcome.command for outcome in again.history] == [outcome.command for outcome in machine.history]
    assert again.blocks[32] == machine.blocks[32]


# -- clicks ------------------------------------------------------------------------------------------------------------


def test_the_keys_of_a_dialog_can_be_clicked() -> None:
    machine = with_dimm()

    async def click(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a")
        heading = pilot.app.screen.query_one(Heading)
        at = heading.render_line(0).text.index("esc")
        await pilot.click(Heading, offset=(at, 0))
        assert pilot.app.screen is screen
        await press(pilot, "a")
        at = pilot.app.screen.query_one(Heading).render_line(0).text.index("enter")
        await pilot.click(Heading, offset=(at, 0))
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert len(machine.history) == 2

    drive(machine, click)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)], ids=str)
def test_a_dialog_is_as_wide_as_what_it_lies_on(size: tuple[int, int]) -> None:
    """Nothing that has words is seen in part beside it."""

    async def open_them(pilot: Any, screen: MainScreen) -> None:
        edge = screen.query_one("#map").region.right if size[0] >= 110 else size[0]
        for keys in ("a", "f w", "y", "t", "g", "question_mark", "q"):
            await press(pilot, *keys.split())
            box = pilot.app.screen.query_one(".box").region
            assert (box.x, box.right) == (0, edge), keys
            *_, (_, last) = pilot.app.screen.query_one(Heading)._placed()
            assert last.text.strip() in ("leaves", "closes", "stays"), keys
            await press(pilot, "escape")

    drive(pinned(), open_them, size)
