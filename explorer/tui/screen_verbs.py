"""The verbs that are about the screen: its panes, help, the tour, the running machine; and the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .verb import Verb

if TYPE_CHECKING:
    from .desk import Desk


class MapPane(Verb):
    name, key, label, title, group = "pane_map", "0", "Map", "To the map", "Screen"
    sentence = "Memory by address; arrows walk, a click selects, the wheel zooms."
    footer = False
    waits = False
    pane: ClassVar[str] = "map"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.show_pane(cls.pane)


class InspectorPane(MapPane):
    name, key, label, title, pane = "pane_inspector", "1", "Inspector", "To the inspector", "inspector"
    sentence = "The selected block: state, zones, memmap and pages."


class ZonesPane(MapPane):
    name, key, label, title, pane = "pane_zones", "2", "Zones", "To nodes and zones", "zones"
    sentence = "Nodes and their zones, in pages and sizes."


class LogPane(MapPane):
    name, key, label, title, pane = "pane_log", "3", "Log", "To the kernel log", "log"
    sentence = "All commands so far, what the kernel printed, and the results."


class ParametersPane(MapPane):
    name, key, label, title, pane = "pane_parameters", "4", "Parameters", "To the parameters", "parameters"
    sentence = "Kernel model, options of the boot, and what a running kernel lets one write."


class ChangeParameter(Verb):
    name, key, label, title, group = "change", "enter", "Change", "Change the parameter", "Screen"
    sentence = "Write the chosen parameter, or boot a machine with another one."
    changes = True

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.pane == "parameters" else "4 shows the parameters, of which one can be chosen"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.ask_parameter()


class Help(Verb):
    name, key, label, title, group = "help", "question_mark,f1", "Help", "Help", "Screen"
    sentence = "All keys and what they do; in dialogs too, F1 where letters are typed."
    waits = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.show_help()


class Jump(Verb):
    name, key, label, title, group = "jump", "j", "Jump", "Jump to a place", "Screen"
    sentence = "A letter on every pane and word that can be chosen; its key goes there, as a click does."
    footer = False
    waits = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.jump()


class TakeTour(Verb):
    name, key, label, title, group = "tour", "T", "Tour", "Take the tour", "Screen"
    sentence = "The story of memmap in hot-added memory, station by station; the machine here stays as it is."
    footer = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.take_tour()


class Quit(Verb):
    name, key, label, title, group = "quit", "q", "Quit", "Quit", "Screen"
    sentence = "Leave the explorer; where states were not saved, it asks first."
    waits = False

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.leave()


class Live(Verb):
    name, key, label, title, group = "live", "l", "Live", "Go to the running machine", "History"
    sentence = (
        "Read the machine that this runs on again and again; what changes there is lit, what differs from here told."
    )
    footer = False

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "this is the running machine" if desk.live else ""

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.go_live()


class Rehearse(Verb):
    name, key, label, title, group = "rehearse", "l", "Rehearse", "Leave for a copy", "History"
    sentence = "A copy of the running machine as it was read last, on which everything can be tried; u leads back."

    @classmethod
    def lacking(cls, desk: Desk) -> str:
        return "" if desk.live else "this is no running machine"

    @classmethod
    def run(cls, desk: Desk) -> None:
        desk.rehearse()
