"""The latency of the explorer, in CPU time and as ratios to an empty Textual app that is measured in the same run.

``python -m tests.benchmarks explorer``. A key costs what passes from its press until all is drawn and nothing is left to do;
drawing goes all the way to the bytes for the terminal, which nobody reads. Figures are medians.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

from altmap.__main__ import COLLECTED
from altmap.engine import Film, Machine, boot_machine, bundled_machines, open_machine, parse_line, save_machine
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.watch import WatchScreen
from altmap.explorer.tui.widgets.levels import REST
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.watching.player import FRAMES
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

from ..explorer.terminal import Terminal
from .empty import Empty

SIZES: Final = ((120, 40), (200, 60))
TURNS: Final = 6
"""How often keys are pressed that are measured, in a round."""
ROUNDS: Final = 3
"""How often all that is compared is measured in turn: a machine that wanders does so for all of it."""
AT_LAST: Final = "palette"
"""What both apps write last of their first screen: the end of the footer."""
KEYS: Final = (
    ("cursor", ("right", "down", "left", "up"), "at most 3 x"),
    ("view", ("v", "V"), "at most 3 x"),
    ("zoom", ("plus", "minus"), "at most 3 x"),
    ("mark", ("space",), "at most 4 x"),
)
"""What is done by keys that are pressed in turn."""

Say = Callable[..., None]


class Silent(HeadlessDriver):
    """A terminal that takes what is written, and shows it to nobody."""

    @property
    def is_headless(self) -> bool:
        return False


# -- a cold process -----------------------------------------------------------------------------------------------------


def cold(compiled: Path, *words: str | Path) -> float:
    """CPU seconds of a new process (``python -m WORDS``) until its first screen is there. What Python compiles is in the folder
    `compiled`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    with Terminal(
        *words[1:], module=str(words[0]), size=(120, 40), cwd=Path(__file__).parents[2], environment=environment
    ) as terminal:
        terminal.until(AT_LAST)
        os.kill(terminal.process.pid, signal.SIGKILL)
        _, _, used = os.wait4(terminal.process.pid, 0)
        terminal.process.returncode = -signal.SIGKILL
        return used.ru_utime + used.ru_stime


def beside_empty(compiled: Path, machine: str | Path, runs: int = 5) -> tuple[float, float]:
    """CPU seconds of the first screen of a machine and of an empty app, started in turn, for a machine that wanders does so for
    both. Each was started once before, so that it is compiled, as it is for a person after the first time."""
    times = [(cold(compiled, "altmap", machine), cold(compiled, "tests.benchmarks.empty")) for _ in range(runs + 1)]
    seconds, empty = (median(each) for each in zip(*times[1:], strict=True))
    return seconds, empty


def first_paints(say: Say, folder: Path, large: Path) -> None:
    """Opening bundled machines, and a large snapshot."""
    for machine in bundled_machines():
        seconds, empty = beside_empty(folder, machine.name)
        figure = f"{seconds * 1e3:.0f} ms = {seconds / empty:.2f} x of {empty * 1e3:.0f} ms"
        say(f"first paint of {machine.name}, a cold process, against an empty app", figure, "at most 1.4 x")
    seconds, empty = beside_empty(folder, large, runs=3)
    say("opening a snapshot of 65,536 blocks to its map", f"{seconds:.2f} s = {seconds / empty:.1f} x", "below 1.2 s")


# -- keys ---------------------------------------------------------------------------------------------------------------


async def pressed(app: App[Any], size: tuple[int, int], sets: Sequence[Sequence[str]]) -> list[float]:
    """CPU seconds of a key, for each set of keys that are pressed in turn."""
    found = []
    async with app.run_test(size=size, headless=False) as pilot:
        for keys in sets:
            times = []
            for turn in range(TURNS + len(keys)):
                await pilot.pause()
                before = process_time()
                await pilot.press(keys[turn % len(keys)])
                await pilot.pause()
                if turn >= len(keys):  # the first time of each is warming up
                    times.append(process_time() - before)
                await asyncio.sleep(REST * 2)  # what waits until no key comes any more is no part of the answer
            found.append(median(times))
    return found


def silent(app: App[Any]) -> App[Any]:
    """The app with a terminal that nobody sees."""
    app.driver_class = Silent
    app.animation_level = "none"
    return app


def keys(say: Say, large: Machine) -> None:
    """A key on 192 blocks and on very many."""
    named = {"192 blocks": open_machine("firecracker-24g"), "65,536 blocks": large}
    for size in SIZES:
        wide = f"{size[0]}x{size[1]}"
        found: dict[str, list[list[float]]] = {name: [] for name in ("", *named)}
        for _ in range(ROUNDS):
            found[""].append(asyncio.run(pressed(silent(Empty()), size, [("right",)])))
            for name, machine in named.items():
                turns = [turn for _, turn, _ in KEYS]
                found[name].append(asyncio.run(pressed(silent(ExplorerApp(machine)), size, turns)))
        costs_of = {name: [*map(median, zip(*rounds, strict=True))] for name, rounds in found.items()}
        (empty,) = costs_of.pop("")
        say(f"a key in an empty app at {wide}", f"{empty * 1e3:.2f} ms")
        first = costs_of["192 blocks"]
        for name, costs in costs_of.items():
            for (what, _, goal), cost, before in zip(KEYS, costs, first, strict=True):
                against = f", {cost / before:.2f} of 192" if costs is not first else ""
                more = ", 1.3" if costs is not first else ""
                say(f"{what}, {name}, {wide}", f"{cost * 1e3:.2f} ms = {cost / empty:.1f} x{against}", f"{goal}{more}")


# -- watching -----------------------------------------------------------------------------------------------------------


WATCHED: Final = (
    ("an offline", "firecracker-24g", (), "offline 48", 2),
    (
        "compaction",
        "small-guest",
        ("add 1G at 4G", "online 32-39 movable", "allocate 500M movable random"),
        "compact",
        2,
    ),
    ("an add of 512 blocks", "terabyte-server", (), "add 64G at 1100G node 2", 4),
    (
        "512 offlines",
        "terabyte-server",
        ("add 64G at 1100G node 2", "online 8800-9311 movable"),
        "offline 8800-9311",
        16,
    ),
)
"""What is watched: a machine, what is done before, what is watched, how fast."""
_FRAMES: Final = 90
"""Frames that are measured, at most."""


async def empty_frames() -> float:
    """CPU seconds of a frame in which all of an empty app is drawn."""
    app, drawn = silent(Empty()), 0

    def draw() -> None:
        nonlocal drawn
        drawn += 1
        app.screen.refresh()

    async with app.run_test(size=SIZES[-1], headless=False) as pilot:
        await pilot.pause()
        app.set_interval(1 / FRAMES, draw)
        start = process_time()
        while drawn < _FRAMES:
            await asyncio.sleep(0.02)
        return (process_time() - start) / drawn


async def frames(machine: Machine, line: str, speed: int) -> tuple[float, int]:
    """CPU seconds of a frame of what is watched, and how many moments that has."""
    app = silent(ExplorerApp(machine))
    async with app.run_test(size=SIZES[-1], headless=False) as pilot:
        await pilot.pause()
        screen = WatchScreen(line, Film(machine, parse_line(line)), app.screen.query_one(MemoryMap), False)
        screen._player.speed = speed
        await app.push_screen(screen)
        await pilot.pause()
        drawn, tick = 0, screen._player.tick

        def counted() -> bool:
            nonlocal drawn
            drawn += 1
            return tick()

        screen._player.tick = counted  # type: ignore[method-assign]
        start = process_time()
        while drawn < _FRAMES and not screen._player.ended:
            await asyncio.sleep(0.02)
        return (process_time() - start) / max(1, drawn), len(screen._player.moments)


def watching(say: Say) -> None:
    """What watching costs at the largest size, 30 frames a second."""
    empty = asyncio.run(empty_frames())
    say(f"a frame of an empty app at {SIZES[-1][0]}x{SIZES[-1][1]}", f"{empty * 1e3:.1f} ms")
    for name, bundled, before, line, speed in WATCHED:
        machine = open_machine(bundled)
        for command in (command for one in before for command in parse_line(one)):
            machine.apply(command, check=True)
        cost, moments = asyncio.run(frames(machine, line, speed))
        figure = f"{cost * 1e3:.1f} ms = {cost / empty:.1f} x, {cost * FRAMES * 100:.0f} % of a core"
        say(f"a frame of {name}, {moments:,} moments, at {speed}x", figure, "below 60 %")


# -- verdicts -----------------------------------------------------------------------------------------------------------


async def can_they_go(machine: Machine) -> tuple[float, float]:
    """CPU seconds until the view tells of every block, and the longest that a key would wait meanwhile."""
    app = silent(ExplorerApp(machine))
    async with app.run_test(size=(120, 40), headless=False) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        await pilot.pause()
        longest, start = 0.0, process_time()
        screen.action_view("can it go")
        last = process_time()
        while any(worker.is_running for worker in app.workers) or screen.verdicts.pending():
            await asyncio.sleep(0)
            now = process_time()
            longest, last = max(longest, now - last), now
        return process_time() - start, longest


def verdicts(say: Say) -> None:
    """Whether each block can go, asked beside the screen."""
    server = boot_machine([(0, 0, "2G"), (0, "4G", f"{1022}G")], block_size=128 << 20)
    for name, machine, goal in (
        ("the 24 GiB machine", open_machine("firecracker-24g"), "below 0.4 s"),
        (f"{len(server.blocks):,} blocks", server, "below 3 s"),
        ("the terabyte server", open_machine("terabyte-server"), "below 3 s"),
    ):
        gc.freeze()  # as the program does with the machine that it has opened
        seconds, longest = asyncio.run(can_they_go(machine))
        say(f"which blocks of {name} can go", f"{seconds:.2f} s", goal)
        say("the longest that a key waits meanwhile", f"{longest * 1e3:.0f} ms", "below 50 ms")


def all_of_it(say: Say) -> None:
    """The whole table."""
    large = boot_machine([(0, 0, "2G"), (0, "4G", f"{8 * 1024 - 2}G")], block_size=128 << 20, name="large")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.msgpack.gz"
        save_machine(large, file)
        first_paints(say, Path(folder), file)
    gc.set_threshold(COLLECTED)  # as the program does, which has no other machines to look through either
    gc.freeze()
    keys(say, large)
    watching(say)
    verdicts(say)
