"""Every verb of the explorer, once: key bindings, footer, palette, help and dispatch are all made from these classes."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from engine import Command, Eject, Offline, Online, Remove

from . import facts, words
from .desk import Desk

OnlineType = Literal["online", "online_kernel", "online_movable"]


class Verb:
    """One thing that a person can do. `key`: as Textual writes it, several divided by commas; `label`: in the footer;
    `title`: in the palette and the help; `sentence`: what it does; `footer`: is it shown there?"""

    name: ClassVar[str]
    key: ClassVar[str]
    label: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    group: ClassVar[str]
    footer: ClassVar[bool] = True

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        """Would it do something now?"""
        return desk.session.running is None

    @classmethod
    def run(cls, desk: Desk) -> None:
        """Do it."""
        raise NotImplementedError


def target(desk: Desk, state: str) -> tuple[int, ...]:
    """The blocks that a verb acts on: those marked, else the selected one, as far as they are in a state."""
    if desk.session.running is not None:
        return ()
    blocks = desk.machine.blocks
    return tuple(nr for nr in sorted(desk.marks or {desk.cursor}) if nr in blocks and blocks[nr].state == state)


def hot_ranges(desk: Desk, state: str | None = None) -> list[tuple[int, int]]:
    """Start and size in bytes of the hot-added memory that is marked, else of the whole device under the cursor; nothing
    if boot memory is among it, or, where a state is asked for, a block in another state."""
    machine = desk.machine
    chosen = desk.marks or frozenset(facts.device_of(machine, desk.cursor))
    blocks = [machine.blocks[nr] for nr in sorted(chosen) if nr in machine.blocks]
    if desk.session.running is not None or any(b.early or (state is not None and b.state != state) for b in blocks):
        return []
    unit = machine.geometry.block_size
    return [(first * unit, count * unit) for first, count in facts.runs(block.id for block in blocks)]


def _ranges(desk: Desk, ranges: list[tuple[int, int]]) -> str:
    unit = desk.machine.geometry.block_size
    return words.block_names(nr for start, size in ranges for nr in range(start // unit, (start + size) // unit))


class AddMemory(Verb):
    name, key, label, title, group = "add", "a", "Add", "Add memory", "Memory"
    sentence = "Add memory: how much, where, to which node, and where its memmap goes."

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_add()


class OnlineDefault(Verb):
    name, key, label, title, group = "online", "o", "Online", "Online", "Memory"
    sentence = "Online into the zone that the kernel's policy chooses."
    kind: ClassVar[OnlineType] = "online"

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return bool(target(desk, "offline"))

    @classmethod
    def run(cls, desk: Desk) -> None:
        blocks = target(desk, "offline")
        desk.perform(f"{cls.kind} {words.block_names(blocks)}", [Online(block=nr, type=cls.kind) for nr in blocks])


class OnlineMovable(OnlineDefault):
    name, key, label, title = "online_movable", "m", "Movable", "Online movable"
    sentence = "Online into ZONE_MOVABLE, so that it can go offline again."
    kind = "online_movable"


class OnlineKernel(OnlineDefault):
    name, key, label, title = "online_kernel", "k", "Kernel", "Online kernel"
    sentence = "Online into a kernel zone, for any use."
    kind = "online_kernel"


class OfflineBlocks(Verb):
    name, key, label, title, group = "offline", "f", "Offline", "Offline", "Memory"
    sentence = "Take offline: move what is movable elsewhere, and take the pages out of use."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return bool(target(desk, "online"))

    @classmethod
    def run(cls, desk: Desk) -> None:
        blocks = target(desk, "online")
        desk.perform(f"offline {words.block_names(blocks)}", [Offline(block=nr) for nr in blocks])


class EjectDevice(Verb):
    name, key, label, title, group = "eject", "e", "Eject", "Eject the device", "Memory"
    sentence = "Take a memory device out as ACPI does: offline all its blocks, then remove them."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return bool(hot_ranges(desk))

    @classmethod
    def run(cls, desk: Desk) -> None:
        ranges = hot_ranges(desk)
        desk.perform(f"eject {_ranges(desk, ranges)}", [Eject(start=start, size=size) for start, size in ranges])


class RemoveMemory(Verb):
    name, key, label, title, group = "remove", "r", "Remove", "Remove", "Memory"
    sentence = "Remove hot-added memory whose blocks are all offline."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return bool(hot_ranges(desk, "offline"))

    @classmethod
    def run(cls, desk: Desk) -> None:
        ranges = hot_ranges(desk, "offline")
        desk.perform(f"remove {_ranges(desk, ranges)}", [Remove(start=start, size=size) for start, size in ranges])


class Why(Verb):
    name, key, label, title, group = "why", "w", "Why", "Why, or why not", "Memory"
    sentence = (
        "Would the last refused command work now, or the selected block go offline or online? What would clear it?"
    )

    @classmethod
    def question(cls, desk: Desk) -> Command | None:
        """What is asked about; None if there is nothing to ask."""
        here = desk.machine.blocks.get(desk.cursor)
        if desk.refused is not None or here is None:
            return desk.refused
        return Offline(block=here.id) if here.state == "online" else Online(block=here.id)

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return desk.session.running is None and cls.question(desk) is not None

    @classmethod
    def run(cls, desk: Desk) -> None:
        if (command := cls.question(desk)) is not None:
            desk.ask_why(command)


class CompareAdd(Verb):
    name, key, label, title, group = "compare", "c", "Compare", "Compare placements", "Memory"
    sentence = "What if: the placements of the memmap of new memory side by side, without adding it."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_add(compares=True)


class CommandLine(Verb):
    name, key, label, title, group = "line", "colon", "Type", "Type a command", "Memory"
    sentence = "Any line of a script: allocate, free, pin, compact, hugepages, poison, virtio-mem, echo and the rest."

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_line()


class Undo(Verb):
    name, key, label, title, group = "undo", "u", "Undo", "Undo", "History"
    sentence = "Take the last command back, all its blocks."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return desk.session.can_undo

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.take_back()


class Redo(Verb):
    name, key, label, title, group = "redo", "U", "Redo", "Redo", "History"
    sentence = "Do again what was taken back."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return desk.session.can_redo

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.do_again()


class States(Verb):
    name, key, label, title, group = "states", "t", "States", "Go to a state", "History"
    sentence = "All states so far with their branches: go to any of them, or name it."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return desk.session.running is None and len(desk.machine.timeline.steps) > 1

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


class Stop(Verb):
    name, key, label, title, group = "stop", "escape", "Stop", "Stop the operation", "History"
    sentence = "Send the running operation a signal; it ends as the kernel ends it (EINTR)."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return desk.session.running is not None

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
    def possible(cls, desk: Desk) -> bool:
        device = facts.device_of(desk.machine, desk.cursor)
        return len(device) > 1 and desk.marks != frozenset(device)

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.mark(frozenset(facts.device_of(desk.machine, desk.cursor)))


class Unmark(Verb):
    name, key, label, title, group = "unmark", "escape", "Unmark", "Take all marks away", "Blocks"
    sentence = "Take all marks away."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return bool(desk.marks) and desk.session.running is None

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.mark(frozenset())


class GoTo(Verb):
    name, key, label, title, group = "goto", "g", "Go to", "Go to a block", "Blocks"
    sentence = "Go to a block by its number or by an address in it."

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_block()


class MapPane(Verb):
    name, key, label, title, group = "pane_map", "1", "Blocks", "To the block map", "Screen"
    sentence = "Memory blocks by address; arrows walk, a click selects."
    footer = False
    pane: ClassVar[str] = "map"

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return True

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.show_pane(cls.pane)


class InspectorPane(MapPane):
    name, key, label, title, pane = "pane_inspector", "2", "Inspector", "To the inspector", "inspector"
    sentence = "The selected block: state, zones, memmap and pages."


class ZonesPane(MapPane):
    name, key, label, title, pane = "pane_zones", "3", "Zones", "To nodes and zones", "zones"
    sentence = "Nodes and their zones, in pages and sizes."


class LogPane(MapPane):
    name, key, label, title, pane = "pane_log", "4", "Log", "To the kernel log", "log"
    sentence = "All commands so far, what the kernel printed, and the results."


class Help(Verb):
    name, key, label, title, group = "help", "question_mark,f1", "Help", "Help", "Screen"
    sentence = "All keys and what they do."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return True

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.show_help()


class Quit(Verb):
    name, key, label, title, group = "quit", "q", "Quit", "Quit", "Screen"
    sentence = "Leave the explorer."

    @classmethod
    def possible(cls, desk: Desk) -> bool:
        return True

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.leave()


VERBS: Final[tuple[type[Verb], ...]] = (
    Stop, AddMemory, OnlineDefault, OnlineMovable, OnlineKernel, OfflineBlocks, EjectDevice, RemoveMemory, Why, Undo, Redo,
    Help, Quit, CommandLine, States, GoTo, MarkDevice, Unmark, CompareAdd, Save, Mark,
    MapPane, InspectorPane, ZonesPane, LogPane,
)  # fmt: skip
"""In the footer's order."""

BY_NAME: Final = {verb.name: verb for verb in VERBS}
