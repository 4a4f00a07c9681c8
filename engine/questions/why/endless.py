"""What one would see of a command that does not come to an end, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator

from ...commands import Command, Offline
from ...commands.write import meant
from ...memory.state import State
from ...protocol.reasons import NeverEnds
from ...protocol.reasons.taking import LockHeld
from ...protocol.vocabulary import HANGS
from ...run.rehearsal import Attempt
from ...sysfs.hotplug_files import MEMORY


def endless(state: State, command: Command, tried: Attempt) -> Iterator[str]:
    """Warnings before a command that would hang; none for one that ends."""
    operation = meant(command)
    if tried.result == "EINTR" and isinstance(operation, Offline):
        yield (
            f"the write would not return: memory{operation.block} reads going-offline, and all other hotplug waits, until a "
            f"signal ends it (Ctrl-C, kill); safer: {_limited(operation.block)}"
        )
    elif tried.result == HANGS and isinstance(tried.reason, NeverEnds):
        yield (
            f"one would see no answer at all: no errno, nothing in the kernel log, memory{tried.reason.block} going-offline for "
            f"ever; only the page's owner or a boot ends it"
        )
        yield f"take it offline by hand first, which a signal can end: {_limited(tried.reason.block)}"
    elif tried.result == HANGS and isinstance(tried.reason, LockHeld):
        yield "one would see no answer at all; killing who waits ends the waiting, and changes nothing"


def _limited(block: int) -> str:
    """An offline with a time limit, as a shell's line."""
    return f"timeout 10 sh -c 'echo offline > {MEMORY}/memory{block}/state'"
