"""What came of a command."""

from __future__ import annotations

import msgspec

from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..protocol.events import Event, Logged, PagesAssumed
from ..protocol.reasons import HotplugError, Reason
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import Certainty
from . import Command


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What came of a command: "ok" or the errno by name, the reason, the page at fault, and all events.

    `taken` says how many pages of existing memory the command took by node, before anything went online: the RFC's
    drawback (a). `notes` are said besides: drift that a sync found, and the like. `stopped`: a signal ended it early, and
    its events are those until then. `certainty` says whether a real kernel would do the same: "yes" or "no", as the result
    is, or "not known", where it hangs on pages that no one saw; then `assumed` has these.
    """

    command: Command
    result: str
    reason: Reason | None = None
    pfn: int | None = None
    events: tuple[Event, ...] = ()
    taken: Frozen[int, int] = Frozen()
    notes: tuple[Note, ...] = ()
    stopped: bool = False
    certainty: Certainty = "yes"

    @property
    def assumed(self) -> tuple[PagesAssumed, ...]:
        """The pages that no one saw, and on which the result hangs."""
        return tuple(event for event in self.events if isinstance(event, PagesAssumed))

    @property
    def ok(self) -> bool:
        """Did the kernel do it?"""
        return self.result == "ok"

    def expect_ok(self) -> Outcome:
        """The outcome itself. Raises `HotplugError` where the kernel refused, unless the command expects just that; and
        `BadInput` for a refusal of an opened file that says no reason."""
        if self.ok or self.expected:
            return self
        if self.reason is None:
            raise BadInput(f"the step ended with {self.result} when it was saved, and the file does not say why")
        raise HotplugError(self.result, self.reason, self.pfn)

    @property
    def expected(self) -> bool:
        """Is it what the script said it would be (success, if it said nothing)?"""
        return self.result == (self.command.expect or "ok")

    @property
    def log(self) -> tuple[str, ...]:
        """The lines of the kernel log."""
        return tuple(event.text for event in self.events if isinstance(event, Logged))
