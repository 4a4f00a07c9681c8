"""Reels of what is compared and planned."""

from __future__ import annotations

from typing import Final

from altmap import engine
from altmap.explorer.tui.themes import DARK, LIGHT

from .machines import with_dimm
from .reel import ALL, COLOURLESS, Frame, Reel, bundled, dialog


def branches() -> engine.Machine:
    """A branch that was left, a state with a name, and a refusal at the end."""
    machine = with_dimm(movable=2)
    machine.undo()
    machine.timeline.name(2, "half")
    assert machine.apply(engine.Online(block=33)).ok
    assert machine.apply(engine.Offline(block=0)).result == "EINVAL"
    return machine


PLANS: Final[dict[str, Reel]] = {
    "compare": Reel(
        bundled("small-guest"),
        (
            Frame("placements", 'c "1G" enter', lambda shot: shot.dialog == "ComparisonScreen" and not shot.machine.history),
            Frame("kernel-models", "tab", dialog("ComparisonScreen")),
            Frame("block-sizes", "tab", dialog("ComparisonScreen")),
            Frame("online-types", "tab", dialog("ComparisonScreen")),
            Frame("released", "tab p", dialog("ComparisonScreen")),
            Frame("all-numbers", "t", dialog("Table")),
            Frame("done", "escape enter", lambda shot: shot.machine.blocks[39].zone == (0, "Movable")),
        ),
        ALL,
    ),
    "compare-elsewhere": Reel(
        bundled("firecracker-24g"),
        (
            Frame("chosen", 'c "16G" enter right right', lambda shot: shot.dialog == "ComparisonScreen"),
            Frame("asked", "enter", dialog("BootDialog")),
            Frame("done", "enter", lambda shot: shot.machine.settings.memmap_on_memory == "Y" and 327 in shot.machine.blocks),
        ),
        ("80x24", "120x40"),
        (DARK, COLOURLESS),
    ),
    "compare-refused": Reel(
        bundled("tiny-guest"),
        (Frame("placements", 'c "16G" enter', lambda shot: shot.dialog == "ComparisonScreen" and not shot.machine.history),),
        ("60x20", "120x40"),
        (DARK, LIGHT),
    ),
    "compare-terabyte": Reel(
        bundled("terabyte-server"),
        (Frame("placements", 'c "1T" enter', lambda shot: shot.dialog == "ComparisonScreen" and not shot.machine.history),),
        ("120x40", "200x60"),
    ),
    "branches": Reel(
        branches,
        (Frame("states", "t", lambda shot: shot.dialog == "TimelineScreen" and shot.last == "EINVAL"),),
        ("80x24",),
    ),
    "plan": Reel(
        branches,
        (
            Frame("chips", "", lambda shot: shot.machine.timeline.present.number == 5),
            Frame("states", "t up", dialog("TimelineScreen")),
            Frame("from-here", "home space", dialog("TimelineScreen")),
            Frame("differs", "end d", lambda shot: shot.dialog == "DifferenceScreen" and shot.last == "EINVAL"),
            Frame("the-other", "tab", dialog("DifferenceScreen")),
            Frame("the-next", "n", dialog("DifferenceScreen")),
        ),
        ALL,
    ),
    "plan-letters": Reel(
        branches,
        (Frame("states", "t", dialog("TimelineScreen")), Frame("differs", "home d", dialog("DifferenceScreen"))),
        ("80x24",),
        (COLOURLESS, LIGHT),
    ),
}  # fmt: skip
