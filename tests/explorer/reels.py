"""Reels: the explorer opened once on a machine, and what a person sees after some keys, and after some more, each with what
then holds of the machine. A reel is a row of `REELS`; `test_reels` compares each frame, in each of its sizes, with its picture.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from altmap import engine
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.screens.play import PlayScreen
from altmap.explorer.tui.themes import CONTRAST, DARK, LIGHT
from altmap.explorer.watching.player import Player

from .machines import Staged, guest, numa, pinned, press, with_dimm
from .quiet import undrawn
from .reel import ALL, COLOURLESS, Frame, Reel, Shot, bundled, dialog
from .reels_of_plans import PLANS

FAILED: Final = "This part of the screen failed"
"""What a widget says instead of what it should."""


# -- machines -----------------------------------------------------------------------------------------------------------


def signs() -> engine.Machine:
    """Pages that virtio-mem withholds, a poisoned page, huge pages, and memmap of added memory in boot memory."""
    machine = guest()
    assert machine.apply(engine.VirtioMem(start="4G", size="300M")).ok
    for block in (32, 33, 34):
        assert machine.apply(engine.Online(block=block, type="online_movable")).ok
    assert machine.apply(engine.Poison(address=0x101400000)).ok
    assert machine.apply(engine.Add(start="8G", size="512M", placement="boot")).ok
    return machine


def busy() -> engine.Machine:
    """Two movable blocks that hold their own memmap, with pages of programs in both and in boot memory."""
    machine = with_dimm(movable=3)
    assert machine.apply(engine.Allocate(size="120M", kind="movable", pattern="random", zone="Movable")).ok
    return machine


def filled() -> engine.Machine:
    """6 GiB of which a third is in use, here and there."""
    machine = engine.boot_machine([(0, 0, "6G")], name="guest")
    assert machine.apply(engine.Allocate(size="2G", kind="movable", pattern="random")).ok
    return machine


def scattered() -> engine.Machine:
    """A DIMM online in ZONE_MOVABLE, half of its pages in use, here and there."""
    machine = with_dimm(movable=8)
    assert machine.apply(engine.Allocate(size="300M", kind="movable", pattern="random", zone="Movable")).ok
    return machine


# -- the reels ----------------------------------------------------------------------------------------------------------


def _view(name: str) -> Callable[[Shot], bool]:
    return lambda shot: shot.map.view.name == name and not shot.main.session.unsaved


def _level(level: str) -> Callable[[Shot], bool]:
    return lambda shot: shot.map.scope.level == level and not shot.main.session.unsaved


def _player(shot: Shot) -> Player:
    assert isinstance(shot.app.screen, PlayScreen)
    return shot.app.screen._player


def _moment(at: int) -> Callable[[Shot], bool]:
    return lambda shot: _player(shot).at == at and not _player(shot).playing


VIEWS: Final = tuple(
    Frame(name.replace(" ", "-"), "v" if number else "", _view(name))
    for number, name in enumerate(("use", "zones", "memmap", "can it go", "types", "orders", "nodes"))
)

REELS: Final[dict[str, Reel]] = {
    **PLANS,
    "views": Reel(bundled("firecracker-24g"), VIEWS),
    "guest": Reel(lambda: with_dimm(movable=4), VIEWS, ("60x20",)),
    "letters": Reel(lambda: with_dimm(movable=4), VIEWS, ("80x24",), (COLOURLESS,)),
    "terabyte": Reel(
        bundled("terabyte-server"),
        (
            *VIEWS[:4],
            Frame("last", "V V V end", lambda shot: shot.map.cursor > 4096),
            Frame("blocks", "plus", lambda shot: len(shot.machine.blocks) == 8192 and shot.map.scope.level == "blocks"),
        ),
    ),
    "zoom": Reel(
        bundled("firecracker-24g"),
        (
            Frame("block-42", 'g "42" enter', lambda shot: shot.main.cursor == 42 and shot.machine.sections[42].of("slab") > 0),
            Frame("block", "plus", _level("block")),
            Frame("page", "plus", _level("page")),
            Frame("page-orders", "V V", lambda shot: shot.map.view.name == "orders" and shot.map.scope.level == "page"),
            Frame("out", "v v minus minus", _level("machine")),
            Frame("unfolded", "z", lambda shot: not shot.map.folds),
        ),
        ALL,
    ),
    "sections": Reel(
        bundled("block2g-guest"),
        (
            Frame("machine", "", _level("machine")),
            Frame("block", "plus", _level("block")),
            Frame("section", "plus", _level("section")),
            Frame("page", "plus", _level("page")),
        ),
    ),
    "refusal": Reel(
        bundled("firecracker-24g"),
        (
            Frame("EBUSY", 'g "42" enter f', lambda shot: shot.last == "EBUSY" and shot.machine.blocks[42].state == "online"),
            Frame("why", "w", lambda shot: shot.dialog == "WhyScreen" and shot.last == "EBUSY"),
            Frame("page-in-the-way", "escape x", lambda shot: shot.map.pfn == 0x150DA0 and shot.map.scope.level == "page"),
            Frame(
                "instead", "minus minus b", lambda shot: len(shot.main.marks) > 1 and shot.machine.blocks[42].state == "online"
            ),
            Frame("they-go", "f", lambda shot: {shot.machine.blocks[nr].state for nr in shot.main.marks} == {"offline"}),
        ),
        ALL,
    ),
    "refused-batch": Reel(
        bundled("firecracker-24g"),
        (
            Frame("six", ':  "offline 40-45" enter', lambda shot: len(shot.machine.history) == 6 and shot.last == "EBUSY"),
            Frame("log", "3", lambda shot: len(shot.machine.history) == 6),
        ),
    ),
    "verbs": Reel(
        with_dimm,
        (
            Frame("offline", 'g "33" enter', lambda shot: shot.machine.blocks[33].state == "offline"),
            Frame("movable", "m", lambda shot: shot.machine.zones[0, "Movable"].managed == 32768 - 512),
            Frame("device", "d", lambda shot: shot.main.marks == frozenset(range(32, 40))),
            Frame("batch", "m", lambda shot: all(shot.machine.blocks[nr].zone == (0, "Movable") for nr in range(32, 40))),
            Frame("undone", "u", lambda shot: shot.machine.blocks[32].state == "offline"),
            Frame("done-again", "U", lambda shot: shot.machine.blocks[32].state == "online"),
            Frame("ejected", "e", lambda shot: 33 not in shot.machine.blocks),
            Frame("states", "t", dialog("TimelineScreen")),
        ),
        ("80x24",),
    ),
    "panels": Reel(
        lambda: pinned(),
        (
            Frame("zones", "2", lambda shot: shot.main.query_one("#right").has_class("-show-zones")),
            Frame("log", "3", lambda shot: shot.main.query_one("#right").has_class("-show-log")),
            Frame("parameters", "4", lambda shot: shot.main.query_one("#right").has_class("-show-parameters")),
            Frame("parameter", "enter", dialog("ParameterDialog")),
        ),
        ALL,
    ),
    "numa": Reel(
        numa,
        (
            Frame("guest-of-sections", 'g "44" enter', lambda shot: shot.main.cursor == 44),
            Frame("its-host", "h", lambda shot: shot.main.cursor == 32),
            Frame("and-back", "h", lambda shot: shot.main.cursor == 44),
            Frame("memmap", "v v", lambda shot: shot.map.view.name == "memmap"),
            Frame("zones", "2", lambda shot: {key for key, zone in shot.machine.zones.items() if zone.present} == {
                (0, "DMA"), (0, "DMA32"), (1, "DMA32"), (1, "Movable")
            }),
        ),
        ("60x20", "200x60"),
    ),
    "signs": Reel(
        signs,
        (
            Frame("withheld", 'g "34" enter', lambda shot: shot.machine.sections[34].count("offline") == 84 << 8),
            Frame("poisoned", 'g "pfn 0x101400" enter', lambda shot: shot.machine.pages(0x101400, 1)[0].kind == "poisoned"),
            Frame("memmap", "minus minus v v", lambda shot: shot.map.view.name == "memmap"),
        ),
        ("80x24",),
        (DARK, COLOURLESS),
    ),
    "themes": Reel(
        lambda: pinned(),
        (
            Frame("use", 'g "32" enter', lambda shot: shot.machine.blocks[32].zone == (0, "Movable")),
            Frame("why", "w", dialog("WhyScreen")),
            Frame("can-it-go", "escape v v v", lambda shot: shot.map.view.name == "can it go"),
            Frame("page", "v v v v plus plus", lambda shot: shot.map.scope.level == "page"),
        ),
        ("80x24",),
        (DARK, LIGHT, CONTRAST, COLOURLESS, "nord", "textual-light"),
    ),
    "themes-real": Reel(
        bundled("firecracker-24g"),
        (Frame("use", 'g "42" enter', lambda shot: shot.main.cursor == 42), *VIEWS[1:4]),
        ("120x40",),
        (LIGHT, COLOURLESS),
    ),
    "dialogs": Reel(
        with_dimm,
        (
            Frame("add", 'a "2G"', lambda shot: shot.dialog == "AddDialog" and len(shot.machine.history) == 1),
            Frame("comparison", "escape c enter", lambda shot: shot.dialog == "ComparisonScreen" and shot.last == "ok"),
            Frame("wrong-line", 'escape escape : "pin" enter', lambda shot: shot.dialog == "CommandLine" and shot.last == "ok"),
            Frame("go-to", 'escape g "0x20000"', lambda shot: shot.dialog == "GoToDialog" and shot.main.cursor == 0),
            Frame("search", 'escape / "offline"', lambda shot: shot.main.hits == frozenset(range(32, 40))),
            Frame("found", "enter n", lambda shot: shot.main.cursor in range(32, 40)),
            Frame("help", "escape ?", dialog("HelpScreen")),
            Frame("save", "escape s", dialog("SaveDialog")),
            Frame("leave", 'escape g "39" enter m q', lambda shot: shot.dialog == "LeaveDialog" and shot.last == "ok"),
            Frame("watch", "escape u W m end", lambda shot: shot.machine.blocks[39].state == "offline"),
        ),
        ("60x20", "80x24", "120x40"),
    ),
    "no-room": Reel(
        bundled("numa-guest"),
        (
            Frame("machine", "", lambda shot: not shot.machine.history),
            Frame("add", 'a "256G"', lambda shot: shot.dialog == "AddDialog" and not shot.machine.history),
        ),
        ("80x24",),
    ),
    "out-of-memory": Reel(
        bundled("tiny-guest"),
        (Frame("add", ': "add 12G at 4G" enter', lambda shot: shot.last == "ENOMEM" and max(shot.machine.blocks) < 32),),
        ("80x24",),
    ),
    "open": Reel(
        guest,
        (
            Frame("list", "O down down", lambda shot: shot.dialog == "OpenScreen" and not shot.machine.history),
            Frame("filter", '/ "node two"', lambda shot: shot.dialog == "OpenScreen"),
            Frame("new", 'escape n "2G,2G,0"', dialog("NewDialog")),
            Frame("model", "escape m", dialog("ParameterDialog")),
        ),
        ALL,
    ),
    "open-letters": Reel(guest, (Frame("list", "O down down", dialog("OpenScreen")),), ("80x24",), (COLOURLESS, LIGHT)),
    "watching": Reel(
        busy,
        (
            Frame("isolated", 'g "32" enter W f space home right right right', _moment(3)),
            Frame("moved", "right right", _moment(5)),
            Frame("ended", "end", lambda shot: shot.machine.blocks[32].state == "online" and _player(shot).ended),
            Frame("done", "enter", lambda shot: shot.machine.blocks[32].state == "offline" and not shot.dialog),
        ),
        ALL,
    ),
    "watching-letters": Reel(
        busy,
        (Frame("moved", f'g "32" enter W f space home {"right " * 5}', _moment(5)),),
        ("80x24",),
        (COLOURLESS,),
    ),
    "watching-rfc": Reel(
        lambda: with_dimm("rfc-v2", movable=8),
        (Frame("stepped-over", 'g "32" enter W f space home right right right right right', _moment(5)),),
    ),
    "watching-endless": Reel(
        lambda: pinned(),
        (
            Frame("until-a-signal", f'g "32" enter W f space home {"right " * 6}', lambda shot: _player(shot).waits),
            Frame("the-undo", "s space end", lambda shot: _player(shot).machine.blocks[32].state == "online"),
            Frame("never", 'q W : "eject 1G at 4G" enter space end', lambda shot: _player(shot).never_ends),
        ),
        ("60x20", "120x40"),
    ),
    "watching-add": Reel(
        guest,
        (
            Frame("boot", ': "add 1G at 4G placement boot" enter R space home ' + "right " * 8, _moment(8)),
            Frame("range", 'q u : "add 1G at 4G placement range" enter R space home ' + "right " * 8, _moment(8)),
            Frame("sections", 'q u : "add 1G at 4G placement sections" enter R space home ' + "right " * 8, _moment(8)),
            Frame("blocks", 'q u : "add 1G at 4G placement block" enter R space home ' + "right " * 8, _moment(8)),
            Frame("online", 'q g "32" enter k R space home right right right right', _moment(4)),
            Frame("huge", 'q : "hugepages 8 of 2M" enter R space end', lambda shot: _player(shot).ended),
            Frame("virtio-mem", 'q : "virtio-mem 300M at 8G unit 2M" enter R space home ' + "right " * 8, _moment(8)),
        ),
        ("80x24",),
    ),
    "watching-gigantic": Reel(
        filled,
        (
            Frame("moved", ': "hugepages 1 of 1G" enter R space home ' + "right " * 4, _moment(4)),
            Frame("taken", "end", lambda shot: _player(shot).machine.summary(0x140000, 0x40000).of("huge") == 0x40000),
        ),
        ("80x24", "120x40"),
    ),
    "watching-compaction": Reel(
        scattered,
        (Frame("scanners", ': "compact node 0" enter R space home ' + "right " * 40, _moment(40)),),
        ("80x24", "120x40"),
    ),
    "live": Reel(
        guest,
        (
            Frame("first", "", lambda shot: "The running machine" in shot.said),
            Frame("changed", "f5 3", lambda shot: 32 in shot.machine.blocks and "memory32-39: new" in shot.said),
            Frame("again", "f5 0", lambda shot: "memory32-33: state offline -> online" in shot.said),
            Frame("not-there", "f", lambda shot: "only looked at" in shot.said and shot.machine.blocks[1].state == "online"),
            Frame("copy", "l", lambda shot: "✓ a copy" in shot.said and shot.main.live is False),
        ),
        ALL,
        reader=lambda: Staged([guest(), with_dimm(), with_dimm(movable=2)], with_dimm(movable=4)),
    ),
    "habits": Reel(
        with_dimm,
        (
            Frame("jump", "j", dialog("JumpScreen")),
            Frame("jumped", "d", lambda shot: shot.dialog == "" and shot.map.view.name == "memmap"),
            Frame("help", "2 ?", dialog("HelpScreen")),
            Frame("help-found", '"mark dev"', dialog("HelpScreen")),
            Frame("help-of-open", "escape escape O ?", dialog("HelpScreen")),
        ),
        ("60x20", "80x24", "120x40"),
    ),
    "tour": Reel(guest, (Frame("first", "T", lambda shot: shot.dialog == "TourScreen" and not shot.machine.history),), ALL),
}  # fmt: skip


# -- playing ------------------------------------------------------------------------------------------------------------


def keys_of(text: str) -> list[str]:
    """The keys one by one."""
    found: list[str] = []
    for typed, key in re.findall(r'"([^"]*)"|(\S+)', text):
        found += [*typed] if typed else [key]
    return ["space" if key == " " else key for key in found]


@cache
def played(name: str, size: str, theme: str) -> dict[str, str | BaseException]:
    """Each frame of a reel as SVG. Where something is wrong, the frame is what was wrong, and those behind it are missing."""
    reel, frames = REELS[name], dict[str, str | BaseException]()
    wide, _, high = size.partition("x")

    async def play() -> None:
        reader = reel.reader() if reel.reader is not None else None
        machine = reader.read().machine if reader is not None else reel.machine()
        app = ExplorerApp(machine, letters=theme == COLOURLESS, reader=reader)
        app.animation_level = "none"
        if theme != COLOURLESS:
            app.theme = theme
        async with app.run_test(size=(int(wide), int(high))) as pilot:
            await pilot.pause()
            for frame in reel.frames:
                await _take(app, pilot, frame, frames)

    try:
        with undrawn():
            asyncio.run(play())
    except BaseException as error:  # a frame's own, or what the app ended with
        missing = next((frame.name for frame in reel.frames if frame.name not in frames), reel.frames[-1].name)
        frames[missing] = error
    return frames


async def _take(app: ExplorerApp, pilot: Any, frame: Frame, frames: dict[str, str | BaseException]) -> None:
    await press(pilot, *keys_of(frame.keys))
    if app._exception is not None:
        raise app._exception
    shot = Shot(app)
    assert frame.holds(shot), f"after {frame.keys!r} it does not hold; {shot.dialog or 'the main screen'}: {shot.said}"
    picture = app.export_screenshot(title=f"{frame.name}: {frame.keys}")
    assert FAILED not in picture, "a part of the screen failed"
    frames[frame.name] = picture
