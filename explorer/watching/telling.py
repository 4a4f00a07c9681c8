"""Moments of a film: which of them tell most, and how a person names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from altmap.engine import BadInput, events

from .player import Player

WORD: Final = "event"
"""What a person writes before the number of a moment."""
LAST: Final = "last"

_TELLING: Final[Mapping[type, tuple[float, ...]]] = {
    events.RangeIsolated: (0.0,),
    events.PagesMigrated: (0.0,),
    events.MigrationFailed: (0.0,),
    events.PagesCompacted: (0.3, 0.8),
    events.MemmapPlaced: (0.0, 0.5, 1.0),
    events.MemmapSkipped: (0.0,),
    events.PagesTaken: (0.0,),
    events.BlockCreated: (1.0,),
    events.PagesOnlined: (1.0,),
    events.HugePagesChanged: (1.0,),
    events.HugePageTaken: (0.0, 1.0),
    events.HugePageFreed: (0.0, 1.0),
    events.HugePageDissolved: (0.0,),
    events.PagesPlugged: (0.5, 1.0),
    events.PagesUnplugged: (0.5, 1.0),
    events.IsolationUndone: (0.0,),
    events.MemmapReleased: (1.0,),
    events.PagesTakenByWorkload: (0.0,),
    events.PagesFreed: (0.0,),
}
"""By kind of event, the most telling first, which of those of the kind: from 0, the first, to 1, the last."""


def telling(player: Player, most: int) -> list[float]:
    """The moments that tell most, at most so many, in their order, as numbers for `Player.show`; the last one is always
    there. Pages that move are half way."""
    found: dict[type, list[int]] = {}
    for number, what in enumerate(player.moments, 1):
        found.setdefault(type(what), []).append(number)
    chosen = [len(player.moments) * 1.0]
    for kind, places in _TELLING.items():
        numbers = found.get(kind, [])
        for place in places if numbers else ():
            number = numbers[round(place * (len(numbers) - 1))]
            one = number - 0.5 if number in player.moves else number
            if one not in chosen and len(chosen) < most:
                chosen.append(one)
    return sorted(chosen)


def is_moment(text: str) -> bool:
    """Does a text name a moment?"""
    return text == LAST or text.endswith("%") or text.split(" ", 1)[0] == WORD


def moment_of(text: str, player: Player) -> float:
    """The moment that a text names: "event 5" (what has passed then; "event 4.5" is half way to it), "40%" or "last".
    Raises `BadInput`."""
    count = len(player.moments)
    number = text.removeprefix(WORD).strip()
    if number == LAST:
        return float(count)
    share = number.endswith("%")
    whole, _, part = number.removesuffix("%").partition(".")
    if whole.isdecimal() and len(whole) < 10 and (not part or (part.isdecimal() and len(part) < 4)):
        at = float(f"{whole}.{part or 0}")
        at = at * count / 100 if share else at
        if at <= count:
            return at
    raise BadInput(f"{text!r} is no moment; say event 0 to event {count:,}, 0% to 100%, or last")
