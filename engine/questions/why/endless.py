"""What to be warned of before a command that does not come to an end."""

from __future__ import annotations

from collections.abc import Iterator

from ...commands import Command, Offline
from ...commands.outcome import Outcome
from ...commands.write import meant
from ...protocol.reasons import NeverEnds
from ...protocol.reasons.effects import GivesNoAnswer, OfflineByHandFirst, OnlyWaits, Warn, WouldNotReturn
from ...protocol.reasons.taking import LockHeld
from ...protocol.vocabulary import HANGS


def endless(command: Command, tried: Outcome) -> Iterator[Warn]:
    """The warnings before a command that would hang: what one would see, and what ends it. None for one that ends."""
    operation = meant(command)
    if tried.result == "EINTR" and isinstance(operation, Offline):
        yield WouldNotReturn(operation.block)
    elif tried.result == HANGS and isinstance(tried.reason, NeverEnds):
        yield GivesNoAnswer(tried.reason.block)
        yield OfflineByHandFirst(tried.reason.block)
    elif tried.result == HANGS and isinstance(tried.reason, LockHeld):
        yield OnlyWaits(tried.reason.block)
