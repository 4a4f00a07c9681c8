"""What came of a command."""

from __future__ import annotations

from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..protocol.answered import Answered
from ..protocol.events import Event, Logged, PagesAssumed
from ..protocol.reasons import HotplugError, Reason
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import Certainty
from . import Command


class Outcome(Answered, frozen=True, gc=False):
    """What came of a command.

    `command`    what was to be done
    `result`     "ok", or the errno by name
    `reason`     why the kernel refused, as data (`sentence` writes it); None if it did not
    `pfn`        the page at fault, or the first of the range; None where there is none
    `events`     all that happened, in the kernel's order
    `taken`      pages of memory that was there before which the command took, by node, before anything went online
    `notes`      what is to be said besides, such as how a capture differs from the model
    `stopped`    a signal ended the command; `events` are those until then
    `certainty`  would a real kernel do the same? "yes" or "no", as the result says; "not known" if it hangs on pages that
                 no one saw, which are `assumed`
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
        """The pages that no one saw and on which the result hangs, as events; empty where `certainty` is known."""
        return tuple(event for event in self.events if isinstance(event, PagesAssumed))

    @property
    def ok(self) -> bool:
        """Did the command succeed?"""
        return self.result == "ok"

    def expect_ok(self) -> Outcome:
        """The outcome itself. Raises `HotplugError` if the kernel refused, unless the command expects that errno; and
        `BadInput` for a step of an opened file that was refused without a reason."""
        if self.ok or self.expected:
            return self
        if self.reason is None:
            raise BadInput(f"the step ended with {self.result} when it was saved, and the file does not say why")
        raise HotplugError(self.result, self.reason, self.pfn)

    @property
    def expected(self) -> bool:
        """Is the result what the command expects: the errno that it names, or else success?"""
        return self.result == (self.command.expect or "ok")

    @property
    def log(self) -> tuple[str, ...]:
        """The lines that the kernel log would show, without time stamps."""
        return tuple(event.text for event in self.events if isinstance(event, Logged))
