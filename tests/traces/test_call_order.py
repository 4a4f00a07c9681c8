"""The order of the kernel's steps, from function traces of real kernels: every online, offline and eject of the recordings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from altmap.engine import Eject, Write
from altmap.engine.protocol.events import (
    Event,
    HeadInitialized,
    IsolationUndone,
    NotifierCalled,
    PagesOnlined,
    PagesTaken,
    PresentAdjusted,
    RangeIsolated,
    RangeMoved,
    RangeRemoved,
)

from .recording import Action, Recording, traced_names
from .replay import played

Call = tuple[str | int, ...]

ACTIONS = {
    "6.1": {8: "MEM_GOING_ONLINE", 1: "MEM_ONLINE", 2: "MEM_GOING_OFFLINE", 4: "MEM_OFFLINE"},
    "6.12": {3: "MEM_GOING_ONLINE", 0: "MEM_ONLINE", 1: "MEM_GOING_OFFLINE", 2: "MEM_OFFLINE"},
}
"""Numbers of the notifier actions: bits up to 6.1, an enumeration later."""

UNSEEN = ("MEM_PREPARE_ONLINE", "MEM_FINISH_OFFLINE")
"""The compiler inlined the notifier calls of drivers/base/memory.c, so no probe sees these."""

_LINE = re.compile(r": (\w+): \([^)]*\) ?(.*)")


def kernel_calls(lines: list[str], kernel: str) -> Iterator[Call]:
    """The calls that the engine has events for; an isolation that failed, and what it undid, is left out."""
    isolating: Call | None = None
    for line in lines:
        match = _LINE.search(line)
        if match is None:
            continue
        name = match[1]
        value = {key: text for key, _, text in (word.partition("=") for word in match[2].split())}
        if name == "start_isolate_page_range":
            isolating = ("isolate", *_span(value))
        elif name == "start_isolate_page_range_r" and isolating is not None:
            if value["ret"] == "0":
                yield isolating
            isolating = None
        elif name == "undo_isolate_page_range" and isolating is None:
            yield ("undo", *_span(value))
        elif name == "mhp_init_memmap_on_memory":
            yield ("head", int(value["pfn"]), int(value["nr"]))
        elif name == "move_pfn_range_to_zone":
            yield ("to zone", int(value["pfn"]), int(value["nr"]))
        elif name == "remove_pfn_range_from_zone":
            yield ("from zone", int(value["pfn"]), int(value["nr"]))
        elif name == "adjust_present_page_count":
            yield ("present", int(value["nr"]))
        elif name == "memory_notify":
            yield ("notify", ACTIONS[kernel][int(value["action"])])


def _span(value: dict[str, str]) -> tuple[int, int]:
    return int(value["spfn"]), int(value["epfn"]) - int(value["spfn"])


def model_calls(events: tuple[Event, ...]) -> Iterator[Call]:
    """The same calls as the engine tells of them."""
    for event in events:
        if isinstance(event, HeadInitialized):
            yield ("head", event.pfn, event.pages)
            yield ("to zone", event.pfn, event.pages)
        elif isinstance(event, RangeMoved):
            yield ("to zone", event.pfn, event.pages)
        elif isinstance(event, RangeRemoved):
            yield ("from zone", event.pfn, event.pages)
        elif isinstance(event, PagesOnlined):
            yield ("present", event.pages)
        elif isinstance(event, PagesTaken):
            yield ("present", -event.pages)
        elif isinstance(event, PresentAdjusted):
            yield ("present", event.pages)
        elif isinstance(event, RangeIsolated):
            yield ("isolate", event.pfn, event.pages)
        elif isinstance(event, IsolationUndone):
            yield ("undo", event.pfn, event.pages)
        elif isinstance(event, NotifierCalled) and event.action not in UNSEEN:
            yield ("notify", event.action)


def _is_traced(action: Action) -> bool:
    """Is it an eject or a write to a block's own file, and were the kernel's calls recorded?"""
    command = action.command
    concerns = isinstance(command, Eject) or (isinstance(command, Write) and "/memory/memory" in command.path)
    return concerns and bool(action.calls)


@pytest.mark.parametrize("name", traced_names())
def test_calls_come_in_the_order_of_the_kernel(name: str) -> None:
    kernel = name.split("/")[0].removesuffix("-arm64")
    for transition in played(name).transitions:
        if _is_traced(transition.action):
            wanted = list(kernel_calls(transition.action.calls, kernel))
            assert list(model_calls(transition.outcome.events)) == wanted, str(transition)


def test_many_calls_were_traced() -> None:
    recordings = [Recording(name) for name in traced_names()]
    judged = [a for recording in recordings for a in recording.actions() if a.judged and not recording.blind(a)]
    traced = [action for action in judged if _is_traced(action)]
    assert len(traced) > 400
    assert sum(isinstance(action.command, Eject) for action in traced) > 40
