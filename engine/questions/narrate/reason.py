"""The sentence of a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final, get_args

from ...numbers.units import about_bytes
from ...protocol.reasons import (
    HugePageStays,
    LmbFailed,
    LookedOnce,
    NeverEnds,
    Reason,
    SectionsLeft,
    SomeStayOffline,
    StayedOnline,
    TimeOver,
    TriesOver,
    WouldNotComeBack,
)
from ...protocol.reasons.adding import AddReason
from ...protocol.reasons.blocking import Blocking
from ...protocol.reasons.effects import Effect, Warn
from ...protocol.reasons.files import FileReason
from ...protocol.reasons.notes import Note
from ...protocol.reasons.pages import PageReason
from ...protocol.reasons.placement import PlacementReason
from ...protocol.reasons.released import Released
from ...protocol.reasons.remedies import Given, Remedying
from ...protocol.reasons.taking import Backoff, HugePagesInCircles, NextHugePageInside, TakingReason
from ...protocol.reasons.unknown import Unknown
from ...protocol.reasons.worth import Worth
from ...protocol.reasons.zones import ZoneReason
from .words import Names, counted, some_names


def sentence(reason: Reason | None, names: Names = some_names) -> str:
    """A reason, an effect or a warning in words, without a capital and a full stop, so that it can be a part of a longer
    sentence; empty for None. `names` writes the names of memory blocks."""
    return _writer(type(reason))(reason, names) if reason is not None else ""


def page_of(reason: Reason | None) -> int | None:
    """The page (pfn) that a reason, or what caused it, is about; None if it is about no page."""
    about: object = reason
    while about is not None:
        pfn = getattr(about, "pfn", None)
        if isinstance(pfn, int):
            return pfn
        about = getattr(about, "cause", None)
    return None


def _left(reason: SectionsLeft, names: Names) -> str:
    stay = counted(reason.sections, "section that was finished stays", "sections that were finished stay")
    return (
        f"{sentence(reason.cause, names)}; {stay} behind with "
        f"{counted(reason.pages, 'memmap page')} ({about_bytes(reason.size)}) and without a block"
    )


def _stays(reason: HugePageStays, names: Names) -> str:
    return f"signal backoff: {_in_use(reason, names)}"


def _in_use(reason: HugePageStays, names: Names) -> str:
    return f"the huge page at {reason.pfn:#x} is in use: {sentence(reason.cause, names)}"


def _going_on(cause: Reason, names: Names) -> str:
    """Why offlining goes on, without a word on how it ends."""
    match cause:
        case HugePageStays():
            return _in_use(cause, names)
        case Backoff() | HugePagesInCircles() | NextHugePageInside():
            from .taking import going_on

            return going_on(cause)
        case _:
            return sentence(cause, names)


def _endless(reason: NeverEnds, names: Names) -> str:
    return (
        f"{names((reason.block,))} stays going-offline and this never ends, as no signal reaches the kernel's thread: "
        f"{_going_on(reason.cause, names)}; it holds the hotplug lock, so every later add, online and offline waits"
    )


def _time_over(reason: TimeOver, names: Names) -> str:
    return f"{_going_on(reason.cause, names)}; tried again and again, and given up after {reason.seconds:,} s"


def _tries_over(reason: TriesOver, names: Names) -> str:
    return f"{_going_on(reason.cause, names)}; given up when it had failed {reason.tries:,} times"


def _looked_once(reason: LookedOnce, names: Names) -> str:
    return f"{_going_on(reason.cause, names)}; the range is looked at once when nothing in it is left to migrate, and is not free"


def _lmb(reason: LmbFailed, names: Names) -> str:
    failed = f"{names((reason.block,))} failed ({reason.errno}): {sentence(reason.cause, names)}"
    return f"DLPAR undoes all of the request, as {failed}"


def _stayed(reason: StayedOnline, names: Names) -> str:
    return f"{names((reason.block,))} did not go offline: {sentence(reason.cause, names)}"


def _gone_for_good(reason: WouldNotComeBack, names: Names) -> str:
    return f"it could not be got back: {reason.errno}, {sentence(reason.cause, names)}"


def _some_stay(reason: SomeStayOffline, names: Names) -> str:
    first = (
        ""
        if reason.block is None
        else f": {names((reason.block,))} does not, {reason.errno}, {sentence(reason.cause, names)}"
    )
    return f"only {reason.online:,} of {reason.blocks:,} blocks go online, and no one is told{first}"


_Writer = Callable[[Any, Names], str]
_ELSEWHERE: Final[Mapping[type, str]] = {
    **dict.fromkeys(get_args(FileReason), "files.said"),
    **dict.fromkeys(get_args(PlacementReason), "placement.said"),
    **dict.fromkeys(get_args(AddReason), "adding.said"),
    **dict.fromkeys(get_args(ZoneReason), "zones.said"),
    **dict.fromkeys(get_args(TakingReason), "taking.said"),
    **dict.fromkeys(get_args(PageReason), "pages.said"),
    **dict.fromkeys(get_args(Note), "notes.said"),
    **dict.fromkeys(get_args(Unknown), "unknown.said"),
    **dict.fromkeys(get_args(Worth), "worth.said"),
    **dict.fromkeys(get_args(Effect), "effects.said"),
    **dict.fromkeys(get_args(Warn), "effects.warned"),
    **dict.fromkeys(get_args(Blocking), "blocking.said"),
    **dict.fromkeys(get_args(Remedying), "remedies.said"),
    **dict.fromkeys(get_args(Given), "remedies.assumed"),
    **dict.fromkeys(get_args(Released), "released.said"),
}
"""The file here, and the function in it, that writes reasons of a class."""
_HERE: Final[Mapping[type, _Writer]] = {
    SectionsLeft: _left,
    HugePageStays: _stays,
    LmbFailed: _lmb,
    NeverEnds: _endless,
    TimeOver: _time_over,
    TriesOver: _tries_over,
    LookedOnce: _looked_once,
    StayedOnline: _stayed,
    WouldNotComeBack: _gone_for_good,
    SomeStayOffline: _some_stay,
}


@cache
def _writer(kind: type) -> _Writer:
    """What writes the reasons of a class. Its file is imported for the first of them: an answer has few kinds."""
    if kind in _HERE:
        return _HERE[kind]
    file, _, name = _ELSEWHERE[kind].partition(".")
    writer: _Writer = getattr(import_module(f".{file}", __package__), name)
    return writer
