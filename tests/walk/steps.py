"""What a walk may do next: a key, words and a line, a paste, the mouse, another size."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from altmap.engine import describe
from altmap.explorer.tui.verbs import VERBS
from altmap.explorer.tui.widgets.memory_map import MOVES
from textual import events

from ..stress.dice import Dice

SIZES: Final = ((60, 20), (80, 24), (120, 40), (200, 60), (40, 12), (101, 33), (170, 22), (75, 50))
"""Columns and lines: those that the layout is made for, and others."""
_KEYS: Final[Sequence[str]] = (
    *sorted(MOVES),
    *(key for verb in VERBS for key in verb.key.split(",") if verb.name != "quit"),
    *("enter", "escape", "escape", "tab", "shift+tab", "space", "backspace", "up", "down", "left", "right", "delete"),
    *("ctrl+p", "f1", "f2", "ctrl+a", "home", "end", *"0123456789xyzq?"),
)
_PLACES: Final = ("0", "32", "memory40", "5G", "pfn 0x100000", "node 1", "Movable", "0x20000", "nowhere", "99999999999")
_SEARCHES: Final = ("offline", "online", "movable", "node 0", "yes", "no", "hosts foreign memmap", "slab", "zzz", "")


class Step(NamedTuple):
    """One action: what kind, and with what."""

    kind: str
    what: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"{self.kind} {' '.join(map(str, self.what))}"


class Walker:
    """Chooses steps; the same seed and the same screens give the same steps."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def next(self, dice: Dice, size: tuple[int, int]) -> Step:
        """The next step on a screen of a size; `dice` throws commands for its machine."""
        kinds: dict[str, tuple[int, Callable[[], tuple[Any, ...]]]] = {
            "key": (60, lambda: (self.random.choice(_KEYS),)),
            "line": (12, lambda: (describe(dice.throw()),)),
            "paste": (3, lambda: (describe(dice.throw()) + self.random.choice(("", "\n", "\nq\nq", "\x1b[31m")),)),
            "go": (3, lambda: (self.random.choice(_PLACES),)),
            "search": (3, lambda: (self.random.choice(_SEARCHES),)),
            "click": (12, lambda: (*self._place(size), self.random.choice((1, 1, 2)))),
            "wheel": (4, lambda: (*self._place(size), self.random.choice((-1, 1)))),
            "drag": (2, lambda: (*self._place(size), *self._place(size))),
            "resize": (4, lambda: self.random.choice(SIZES)),
        }
        names = list(kinds)
        kind = self.random.choices(names, [kinds[name][0] for name in names])[0]
        return Step(kind, kinds[kind][1]())

    def _place(self, size: tuple[int, int]) -> tuple[int, int]:
        return self.random.randrange(size[0]), self.random.randrange(size[1])


async def do(pilot: Any, step: Step) -> None:
    """Do a step, and wait until nothing is left to do."""
    app, what = pilot.app, step.what
    match step.kind:
        case "key":
            await pilot.press(what[0])
        case "line":
            await pilot.press("colon", *what[0], "enter")
        case "paste":
            await pilot.press("colon")
            app.post_message(events.Paste(what[0]))
            await pilot.press("enter")
        case "go":
            await pilot.press("g", *what[0], "enter")
        case "search":
            await pilot.press("slash", *what[0], "enter")
        case "click":
            await pilot.click(offset=what[:2], times=what[2])
        case "wheel":
            kind = events.MouseScrollUp if what[2] > 0 else events.MouseScrollDown
            await pilot._post_mouse_events([kind], offset=what[:2])
        case "drag":
            await pilot.mouse_down(offset=what[:2])
            await pilot.hover(offset=what[2:])
            await pilot.mouse_up(offset=what[2:])
        case "resize":
            await pilot.resize_terminal(*what)
    await pilot.pause()
