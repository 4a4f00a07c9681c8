"""Every verb of the explorer, once: key bindings, footer, palette, help and dispatch are all made from these classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from .. import facts
from . import words
from .memory_verbs import (
    AddMemory,
    CommandLine,
    CompareAdd,
    EjectDevice,
    OfflineBlocks,
    OnlineDefault,
    OnlineKernel,
    OnlineMovable,
    OpenMachine,
    RemoveMemory,
    Why,
)
from .screen_verbs import (
    ChangeParameter,
    Help,
    InspectorPane,
    Jump,
    Live,
    LogPane,
    MapPane,
    ParametersPane,
    Quit,
    Rehearse,
    TakeTour,
    ZonesPane,
)
from .verb import Verb

if TYPE_CHECKING:
    from .desk import Desk


class Undo(Verb):
    name, key, label, title, group = "undo", "u", "Undo", "Undo", "History"
    sentence = "Take the last command back, all its blocks; or go back to the machine before."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return (
            ""
            if desk.session.can_undo or desk.session.before is not None
            else "nothing was done that could be taken back"
        )

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.take_back()


class Redo(Verb):
    name, key, label, title, group = "redo", "U", "Redo", "Redo", "History"
    sentence = "Do again what was taken back; or go on to the machine that was gone back from."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        after = desk.session.can_redo or desk.session.after is not None
        return "" if after else "nothing was taken back"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.do_again()


class Watch(Verb):
    name, key, label, title, group = "watch", "W", "Watch", "Watch the next verb", "History"
    sentence = (
        "Play what the next verb does, event by event, before it is done; again takes that back. There: space stops and plays, "
        "left and right step, + and - change the speed, home and end, v another view, s sends the signal, esc leaves."
    )
    changes = True

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.watch_next()


class Replay(Verb):
    name, key, label, title, group = "replay", "R", "Replay", "Watch the last verb again", "History"
    sentence = "Play what the last verb did, event by event, forwards and back."
    changes = True
    footer = False

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.session.can_undo else "nothing was done that could be watched"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.watch_again()


class States(Verb):
    name, key, label, title, group = "states", "t", "States", "States, what differs", "History"
    sentence = "All states so far with their branches and the course of memory: go to any, name it, see what differs between two."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if len(desk.machine.timeline) > 1 else "there is no other state than this one"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_state()


class Save(Verb):
    name, key, label, title, group = "save", "s", "Save", "Save to a file", "History"
    sentence = "Save the machine with all its states, to open it again later."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_file()


class TakeHome(Verb):
    name, key, label, title, group = "take_home", "y", "Take home", "Take home", "History"
    sentence = "Lines for the real machine, a script, the machine itself or a picture: to the clipboard or a file."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.take_home()


class Stop(Verb):
    name, key, label, title, group = "stop", "escape", "Stop", "Stop the operation", "History"
    sentence = "Send the running operation a signal; it ends as the kernel ends it (EINTR)."
    waits = False

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.session.running is not None else "nothing is running"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.session.stop()


class Mark(Verb):
    name, key, label, title, group = "mark", "space", "Mark", "Mark the block", "Blocks"
    sentence = "Mark a block, or take its mark away (shift and arrows mark many); verbs act on all marked blocks."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.mark(desk.marks ^ {desk.cursor})


class MarkDevice(Verb):
    name, key, label, title, group = "mark_device", "d", "Device", "Mark the whole device", "Blocks"
    sentence = "Mark all blocks that were added together with this one."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        device = facts.device_of(desk.machine, desk.cursor)
        if len(device) < 2:
            return f"{words.block_name(desk.cursor)} {'is all of its device' if device else 'is of no device'}"
        return f"all of {words.block_names(device)} is marked already" if desk.marks == frozenset(device) else ""

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.mark(frozenset(facts.device_of(desk.machine, desk.cursor)))


class Unmark(Verb):
    name, key, label, title, group = "unmark", "escape", "Unmark", "Take all marks away", "Blocks"
    sentence = "Take all marks away."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.marks else "no block is marked"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.unmark()


class GoTo(Verb):
    name, key, label, title, group = "goto", "g", "Go to", "Go to a block", "Blocks"
    sentence = "Go to a block, an address, a page, a node or a zone: 40, 5G, pfn 0x150c31, node 1, Movable."

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_block()


class ZoomIn(Verb):
    name, key, label, title, group = "zoom_in", "plus,enter", "In", "Zoom in", "Map"
    sentence = "A level in at the cursor: machine, node, block, section, page. The wheel does it too."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        if desk.pane == "parameters":
            return "the parameters have the keys; 0 gives them to the map"
        return "" if desk.can_zoom_in else "a page is the closest there is"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.zoom(True)


class ZoomOut(Verb):
    name, key, label, title, group = "zoom_out", "minus,backspace", "Out", "Zoom out", "Map"
    sentence = "A level out again."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.depth else "this is the whole machine"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.zoom(False)


class NextView(Verb):
    name, key, label, title, group = "view", "v", "View", "Next view", "Map"
    sentence = (
        "Show something else of the same memory: use, zones, memmap, can it go (what is in the way in each block, which would "
        "give memory back, which have the fewest pages in the way), types, orders, nodes."
    )
    by: ClassVar[int] = 1

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.change_view(cls.by)


class ViewBefore(NextView):
    name, key, label, title = "view_before", "V", "View", "View before"
    sentence = "The view before."
    footer = False
    by = -1


class Fold(Verb):
    name, key, label, title, group = "fold", "z", "Fold", "Fold or unfold", "Map"
    sentence = "Fold long runs of blocks that are all alike into one row, or unfold them."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.fold()


class ShowPage(Verb):
    name, key, label, title, group = "show_page", "x", "Page", "Show the page in the way", "Map"
    sentence = (
        "Zoom to the page that the last refusal or why named; else to the first in the way of the selected block."
    )
    footer = False

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return (
            ""
            if desk.fault is not None
            else "no page is known to be in the way of this block, or was of the last command"
        )

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.show_fault()


class GoHost(Verb):
    name, key, label, title, group = "host", "h", "Host", "To the memmap and back", "Map"
    sentence = (
        "To the pages that hold the struct pages of what is under the cursor; on memmap, to what it describes; back."
    )

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.memmap_link()[0] else "its struct pages lie in kernel memory, and nothing says where"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.go_host()


class SearchBlocks(Verb):
    name, key, label, title, group = "search", "slash", "Find", "Find blocks", "Blocks"
    sentence = "Find blocks by state, zone, node, kind of page, verdict, or what they host; all others are dimmed."

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_search()


class NextHit(Verb):
    name, key, label, title, group = "next_hit", "n", "Next", "Next found block", "Blocks"
    sentence = "To the next block that the search found."
    footer = False
    by: ClassVar[int] = 1

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.hits else "nothing is searched for; / searches" if desk.hits is None else "no block was found"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.next_hit(cls.by)


class HitBefore(NextHit):
    name, key, label, title = "hit_before", "N", "Before", "Found block before"
    sentence = "To the block before that the search found."
    by = -1


class EndSearch(Verb):
    name, key, label, title, group = "end_search", "escape", "End", "End the search", "Blocks"
    sentence = "Show all blocks again."
    footer = False

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        if desk.marks:
            return "the marks go first"
        return "" if desk.hits is not None else "nothing is searched for"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.end_search()


class Instead(Verb):
    name, key, label, title, group = "instead", "b", "Instead", "Mark what would go", "Blocks"
    sentence = (
        "Mark the blocks of this device, or of this zone and node, that can go offline and so give memory back; in the view of "
        "verdicts, all."
    )
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.mark_others()


VERBS: Final[tuple[type[Verb], ...]] = (
    Stop, AddMemory, OnlineDefault, OnlineMovable, OnlineKernel, OfflineBlocks, EjectDevice, RemoveMemory, Why, Undo, Redo,
    ZoomIn, ChangeParameter, ZoomOut, NextView, ViewBefore, GoHost, SearchBlocks, Fold, ShowPage, NextHit, HitBefore, Instead,
    Help, Quit, TakeTour, CommandLine, Watch, Replay, States, GoTo, MarkDevice, Unmark, EndSearch, CompareAdd, Save,
    TakeHome, OpenMachine, Mark, Live, Rehearse, Jump, MapPane, InspectorPane, ZonesPane, LogPane, ParametersPane,
)  # fmt: skip
"""In the footer's order."""

BY_NAME: Final = {verb.name: verb for verb in VERBS}
