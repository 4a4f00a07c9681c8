"""Pictures of the screen in all sizes and colours; each with a look at the machine behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from altmap import engine
from altmap.explorer import facts
from altmap.explorer.tui import states
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.themes import CONTRAST, LIGHT
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from .machines import guest, numa, pinned, press, result, stand_on, with_dimm

Snap = Callable[..., bool]

SIZES = {"60x20": (60, 20), "80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_first_paint(snap: Snap, size: tuple[int, int]) -> None:
    """Boot memory, a hole, a DIMM that is half online; the first block selected."""
    machine = with_dimm(movable=4)

    def check(pilot: Any) -> None:
        assert pilot.app.screen.cursor == 0
        states = [machine.blocks[nr].state for nr in sorted(machine.blocks)]
        assert states == ["online"] * 12 + ["offline"] * 4

    assert snap(ExplorerApp(machine), terminal_size=size, run_before=check)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_bundled_machine(snap: Snap, size: tuple[int, int]) -> None:
    """A real machine of 192 blocks with every page known, a kernel block in the inspector."""
    machine = engine.open_machine("firecracker-24g")

    async def check(pilot: Any) -> None:
        screen = await stand_on(pilot, 42)
        assert machine.sections[screen.cursor].count("slab") > 0

    assert snap(ExplorerApp(machine), terminal_size=size, run_before=check)


def test_terabyte(snap: Snap) -> None:
    """8192 blocks on two nodes, four to a cell; the cursor on the last."""
    machine = engine.open_machine("terabyte-server")

    def check(pilot: Any) -> None:
        assert len(machine.blocks) == 8192
        map_ = pilot.app.screen.query_one(MemoryMap)
        assert map_.pfn <= max(machine.blocks) * machine.geometry.pages_per_block < map_.pfn + map_.picture.cell

    assert snap(ExplorerApp(machine), press=("end",), terminal_size=(120, 40), run_before=check)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_online_movable(snap: Snap, size: tuple[int, int]) -> None:
    """The block under the cursor went online in ZONE_MOVABLE; its head pages stay out."""
    machine = with_dimm()

    def check(pilot: Any) -> None:
        assert machine.blocks[32].zone == (0, "Movable")
        assert machine.zones[0, "Movable"].managed == 32768 - 512
        assert "memory32 is online in zone Movable" in result(pilot.app.screen)

    assert snap(ExplorerApp(machine), press=("down", "down", "m"), terminal_size=size, run_before=check)


def test_refusal(snap: Snap) -> None:
    """A block with kernel pages does not go offline; the page at fault is shown where it is."""
    machine = engine.open_machine("firecracker-24g")

    async def refuse(pilot: Any) -> None:
        screen = await stand_on(pilot, 32)
        await press(pilot, "f")
        assert machine.history[-1].result == "EBUSY"
        assert machine.blocks[32].state == "online"
        assert "EBUSY" in result(screen)

    assert snap(ExplorerApp(machine), terminal_size=(80, 24), run_before=refuse)


def test_memmap_in_another_block(snap: Snap) -> None:
    """The memmap of the selected block lies in a low section of its node, which the map points out."""
    machine = numa()

    async def look(pilot: Any) -> None:
        screen = await stand_on(pilot, 44)
        assert facts.memmap_of(machine, 44).hosts == (32,)
        assert screen.query_one(MemoryMap).overlay.hosts == {32}

    assert snap(ExplorerApp(machine), terminal_size=(120, 40), run_before=look)


def test_marks(snap: Snap) -> None:
    """The whole device is marked, and verbs act on all of it."""
    machine = with_dimm(movable=4)

    async def mark(pilot: Any) -> None:
        screen = await stand_on(pilot, 34)
        await press(pilot, "d")
        assert screen.marks == frozenset(range(32, 40))
        assert facts.device_of(machine, 34) == tuple(range(32, 40))

    assert snap(ExplorerApp(machine), terminal_size=(80, 24), run_before=mark)


@pytest.mark.parametrize("size", [(60, 20), (120, 40)], ids=["60x20", "120x40"])
def test_add_dialog(snap: Snap, size: tuple[int, int]) -> None:
    """A size of 2G is typed; the address that is suggested is the first free one."""
    machine = with_dimm()

    def check(pilot: Any) -> None:
        assert pilot.app.screen.command() == engine.Add(start=5 << 30, size=2 << 30)
        assert len(machine.history) == 1

    assert snap(ExplorerApp(machine), press=("a", "2", "G"), terminal_size=size, run_before=check)


@pytest.mark.parametrize("size", [(60, 20), (120, 40)], ids=["60x20", "120x40"])
def test_why(snap: Snap, size: tuple[int, int]) -> None:
    """A refused offline explained, with the remedy ready to be run."""
    machine = pinned()

    async def ask(pilot: Any) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "w")
        verdict = machine.why_not(engine.Offline(block=32))
        assert (verdict.result, [blocker.kind for blocker in verdict.blockers]) == ("EINTR", ["pinned"])

    assert snap(ExplorerApp(machine), terminal_size=size, run_before=ask)


def test_command_line(snap: Snap) -> None:
    """A line that cannot be understood is explained where it stands, and stays."""
    machine = with_dimm(movable=1)
    assert snap(ExplorerApp(machine), press=("colon", *"pin", "enter"), terminal_size=(80, 24))
    assert len(machine.history) == 2


def test_states(snap: Snap) -> None:
    """A branch that was left, a state with a name, and a refusal at the end."""
    machine = with_dimm(movable=2)
    machine.undo()
    machine.timeline.name(2, "half")
    assert machine.apply(engine.Online(block=33)).ok
    assert machine.apply(engine.Offline(block=0)).result == "EINVAL"

    def check(pilot: Any) -> None:
        assert [row.depth for row in states.rows(machine)] == [0, 0, 0, 1, 0, 0]

    assert snap(ExplorerApp(machine), press=("t",), terminal_size=(80, 24), run_before=check)


def test_save_asks_before_it_replaces(snap: Snap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = guest()
    (tmp_path / "guest.json").write_text("mine")
    monkeypatch.chdir(tmp_path)
    assert snap(ExplorerApp(machine), press=("s", "enter"), terminal_size=(60, 20))
    assert (tmp_path / "guest.json").read_text() == "mine"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_comparison(snap: Snap, size: tuple[int, int]) -> None:
    """All placements of a 128 MiB add side by side; the machine stays as it is."""
    machine = with_dimm()
    blocks = dict(machine.blocks)
    assert snap(ExplorerApp(machine), press=("c", "enter"), terminal_size=size)
    assert dict(machine.blocks) == blocks


def test_an_add_that_does_not_fit(snap: Snap) -> None:
    """What is missing is said before enter."""
    machine = engine.open_machine("numa-guest")
    assert snap(ExplorerApp(machine), press=("a", *"256G"), terminal_size=(80, 24))
    assert machine.history == ()


def test_leaving_unsaved(snap: Snap) -> None:
    """One state was made and not saved; no key of the main screen is cut."""
    machine = with_dimm()
    assert snap(ExplorerApp(machine), press=("end", "m", "q"), terminal_size=(60, 20))
    assert machine.blocks[39].zone == (0, "Movable")


def test_signs(snap: Snap) -> None:
    """Memmap in a boot block, a poisoned page, and pages that virtio-mem withholds: all marked on the map."""
    machine = guest()
    assert machine.apply(engine.VirtioMem(start="4G", size="300M")).ok
    for block in (32, 33, 34):
        assert machine.apply(engine.Online(block=block, type="online_movable")).ok
    assert machine.apply(engine.Poison(address=0x101400000)).ok
    assert machine.apply(engine.Add(start="8G", size="512M", placement="boot")).ok

    async def look(pilot: Any) -> None:
        await stand_on(pilot, 34)
        assert machine.sections[34].count("offline") == 84 << 8
        assert [nr for nr, section in machine.sections.items() if section.count("poisoned")] == [32]

    assert snap(ExplorerApp(machine), terminal_size=(80, 24), run_before=look)


def test_help(snap: Snap) -> None:
    """Every verb with its key, then the words."""
    machine = guest()
    assert snap(ExplorerApp(machine), press=("question_mark",), terminal_size=(120, 40))
    assert machine.history == ()


def test_zones_in_a_small_terminal(snap: Snap) -> None:
    """There is room for one pane below the map: the zones were asked for."""
    machine = numa()

    def check(pilot: Any) -> None:
        assert {key for key, zone in machine.zones.items() if zone.present} == {
            (0, "DMA"), (0, "DMA32"), (1, "DMA32"), (1, "Movable")
        }  # fmt: skip

    assert snap(ExplorerApp(machine), press=("2",), terminal_size=(60, 20), run_before=check)


def test_without_colour(snap: Snap, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: glyphs and letters alone tell states and zones apart."""
    monkeypatch.setenv("NO_COLOR", "1")
    machine = with_dimm(movable=4)

    async def look(pilot: Any) -> None:
        await stand_on(pilot, 33)
        assert (machine.blocks[33].state, machine.blocks[36].state) == ("online", "offline")

    assert snap(ExplorerApp(machine), terminal_size=(80, 24), run_before=look)


@pytest.mark.parametrize("theme", [LIGHT, CONTRAST])
def test_other_themes(snap: Snap, theme: str) -> None:
    """The same on white, and with more contrast."""
    machine = with_dimm(movable=4)
    app = ExplorerApp(machine)

    async def look(pilot: Any) -> None:
        app.theme = theme
        await stand_on(pilot, 33)
        assert machine.blocks[33].zone == (0, "Movable")

    assert snap(app, terminal_size=(80, 24), run_before=look)


def test_a_crash_is_never_a_picture(snap: Snap) -> None:
    """What `snap` is for: an app that raises fails its test with its own error."""

    class Crashing(ExplorerApp):
        def key_f9(self) -> None:
            raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        snap(Crashing(guest()), press=("f9",))
