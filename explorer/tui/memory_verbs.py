"""The verbs that do something to memory, or ask what would come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from altmap.engine import Command, Eject, Offline, Online, Remove

from . import words
from .verb import Verb, hot_ranges, no_hot_ranges, no_target, range_names, target

if TYPE_CHECKING:
    from .desk import Desk

OnlineType = Literal["online", "online_kernel", "online_movable"]


class AddMemory(Verb):
    name, key, label, title, group = "add", "a", "Add", "Add memory", "Memory"
    sentence = "Add memory: how much, where, to which node, and where its memmap goes."
    changes = True

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_add()


class OnlineDefault(Verb):
    name, key, label, title, group = "online", "o", "Online", "Online", "Memory"
    sentence = "Online into the zone that the kernel's policy chooses."
    changes = True
    kind: ClassVar[OnlineType] = "online"

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return no_target(desk, "offline")

    @classmethod
    def run(cls, desk: Desk) -> None:
        blocks = target(desk, "offline")
        desk.perform(f"{cls.kind} {words.numbers(blocks)}", [Online(block=nr, type=cls.kind) for nr in blocks])


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
    changes = True

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return no_target(desk, "online")

    @classmethod
    def run(cls, desk: Desk) -> None:
        blocks = target(desk, "online")
        desk.perform(f"offline {words.numbers(blocks)}", [Offline(block=nr) for nr in blocks])


class EjectDevice(Verb):
    name, key, label, title, group = "eject", "e", "Eject", "Eject the device", "Memory"
    sentence = "Take a memory device out as ACPI does: offline all its blocks, then remove them."
    changes = True

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return no_hot_ranges(desk)

    @classmethod
    def run(cls, desk: Desk) -> None:
        ranges = [Eject(start=start, size=size) for start, size in hot_ranges(desk)]
        desk.perform(f"eject {range_names(desk)}", ranges)


class RemoveMemory(Verb):
    name, key, label, title, group = "remove", "r", "Remove", "Remove", "Memory"
    sentence = "Remove hot-added memory whose blocks are all offline."
    changes = True

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return no_hot_ranges(desk, "offline")

    @classmethod
    def run(cls, desk: Desk) -> None:
        ranges = [Remove(start=start, size=size) for start, size in hot_ranges(desk)]
        desk.perform(f"remove {range_names(desk)}", ranges)


class Why(Verb):
    name, key, label, title, group = "why", "w", "Why", "Why, or why not", "Memory"
    sentence = "Why was the last command refused, or would the marked blocks go offline or online? What would clear it?"

    @classmethod
    def questions(cls, desk: Desk) -> list[Command]:
        """Would the marked blocks, else the selected one, go offline, each for itself; or online, if none of them is?"""
        there = [nr for nr in sorted(desk.marks or {desk.cursor}) if nr in desk.machine.blocks]
        return [Offline(block=nr) for nr in target(desk, "online")] or [Online(block=nr) for nr in there]

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        asked = desk.refused is not None or desk.marks or desk.cursor in desk.machine.blocks
        return "" if asked else f"nothing was refused, and there is no {words.block_name(desk.cursor)}"

    @classmethod
    def run(cls, desk: Desk) -> None:
        if desk.refused is not None:
            desk.explain(desk.refused)
        else:
            desk.ask_why(cls.questions(desk))


class CompareAdd(Verb):
    name, key, label, title, group = "compare", "c", "Compare", "Compare placements", "Memory"
    sentence = "What if: the placements of the memmap of new memory side by side, without adding it."
    changes = True
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_add(compares=True)


class CommandLine(Verb):
    name, key, label, title, group = "line", "colon", "Type", "Type a command", "Memory"
    sentence = (
        "Any line of a script: allocate, free, pin, compact, hugepages, poison, virtio-mem, echo and the rest; or several with ; "
        "between them, as what is pasted becomes. offline 2G says which blocks give back so much memory. "
        "With why before it a line is only explained; a place alone is gone to."
    )
    changes = True

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_line()


class OpenMachine(Verb):
    name, key, label, title, group = "open", "O", "Open", "Open a machine", "History"
    sentence = "Another machine: one that comes along, a file, or the one that this runs on; undo leads back."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_machine()
