"""`Machine`: the one object that users hold. Commands go in, events come out, and every step can be taken back."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from types import MappingProxyType

from .commands import Command, Write
from .commands.outcome import Outcome
from .kernels.architectures import Preset
from .kernels.model import KernelModel
from .memory.block import Block, Group, Request
from .memory.origin import Origin
from .memory.section import Section
from .memory.settings import Boot, Settings
from .memory.state import Resource, State
from .memory.zone import Node, Zone
from .numbers.frozen import Frozen
from .numbers.geometry import Geometry
from .protocol.events import BlockState, Event, ExistingMemoryTaken
from .protocol.reasons import HotplugError, Reason
from .protocol.reasons.notes import Note
from .protocol.reasons.taking import Interrupted
from .protocol.vocabulary import ZoneKey
from .questions.outlook import Outlook, outlook
from .questions.page_flags import page_flags
from .questions.summary import Page, Summary, pages_in, summaries, summary
from .questions.why import Verdict, why_not
from .run.certainty import certainty
from .run.dispatch import run, takes_signals
from .run.invariants import Broken, check
from .run.rehearsal import clone
from .run.timeline import Moments, Timeline
from .sysfs import hotplug_files


class Machine:
    """A machine whose memory can be hot-added, onlined, offlined and removed.

    Its tables are read-only views of immutable values, so that it changes by commands alone. `apply` runs a command to its
    end; `steps` yields its events one by one, so that a person can watch, and closing it in the middle of an offline is the
    signal that ends it (EINTR).
    """

    def __init__(self, state: State, origin: Origin) -> None:
        self._state = state
        self._origin = origin
        self._warnings: tuple[str, ...] = ()
        state.journal.begin()
        self._moments = Moments(state.journal)

    # -- what there is ----------------------------------------------------------------------------------------------

    @property
    def origin(self) -> Origin:
        """Where its data come from, and how well it is known."""
        return self._origin

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of how it was opened, a sentence each."""
        return self._warnings

    @property
    def geometry(self) -> Geometry:
        """Sizes of page, pageblock, section and memory block."""
        return self._state.geometry

    @property
    def architecture(self) -> Preset:
        """The architecture that its kernel is built for."""
        return self._state.preset

    @property
    def model(self) -> KernelModel:
        """The kernel that it runs."""
        return self._state.model

    @property
    def blocks(self) -> Mapping[int, Block]:
        """Memory blocks by number."""
        return MappingProxyType(self._state.blocks)

    @property
    def sections(self) -> Mapping[int, Section]:
        """Present sections by number."""
        return MappingProxyType(self._state.sections)

    @property
    def zones(self) -> Mapping[ZoneKey, Zone]:
        """Zones by (node, name)."""
        return MappingProxyType(self._state.zones)

    @property
    def nodes(self) -> Mapping[int, Node]:
        """Possible nodes by number."""
        return MappingProxyType(self._state.nodes)

    @property
    def groups(self) -> Mapping[int, Group]:
        """Memory groups by number."""
        return MappingProxyType(self._state.groups)

    @property
    def requests(self) -> Mapping[int, Request]:
        """Finished add requests by first pfn."""
        return MappingProxyType(self._state.requests)

    @property
    def resources(self) -> Mapping[int, Resource]:
        """/proc/iomem by start address."""
        return MappingProxyType(self._state.resources)

    @property
    def settings(self) -> Settings:
        """The parameters that can be written."""
        return self._state.settings

    @property
    def boot(self) -> Boot:
        """Facts of the boot."""
        return self._state.boot

    def valid_zones(self, block: int) -> str:
        """The text of a block's valid_zones file. Raises `HotplugError` ENOENT where there is no such block."""
        return hotplug_files.read(self._state, f"{hotplug_files.MEMORY}/memory{block}/valid_zones").rstrip("\n")

    def read(self, path: str) -> str:
        """Read a file of sysfs; raises `HotplugError` with the errno."""
        return hotplug_files.read(self._state, path)

    def check(self) -> list[Broken]:
        """The invariants that do not hold; an empty list is a sound machine."""
        return check(self._state)

    def summary(self, start: int, pages: int) -> Summary:
        """What lies in `pages` pages from pfn `start` on, by kind, zone, pageblock type and order of free area. Costs what
        has changed since the last question. Raises `BadInput` for a range that no machine can have."""
        return summary(self._state, start, pages)

    def summaries(self, start: int, pages: int, cell: int) -> list[Summary]:
        """`summary` of every `cell` pages of a range: a power of two, to which the range is aligned, else `BadInput`."""
        return summaries(self._state, start, pages, cell)

    def pages(self, start: int, count: int) -> list[Page]:
        """Each of `count` pages from pfn `start` on: kind, order of its free area, pageblock type and zone. Costs as much
        as the range is long. Raises `BadInput` for a range that no machine can have."""
        return pages_in(self._state, start, count)

    def page_flags(self, pfn: int) -> tuple[str, ...] | None:
        """The flags that /proc/kpageflags is sure to show of a page, such as ``("buddy",)``; a running kernel shows more of
        one in use. None where what the page is was guessed."""
        return page_flags(self._state, pfn)

    def huge_page(self, pfn: int) -> tuple[int, int] | None:
        """First pfn and number of base pages of the huge page in which a page is; None if it is in none of the pool."""
        sizes = {huge.pages for huge in self._state.hugepages.values()}
        heads = ((pfn // size * size, size) for size in sorted(sizes))
        return next(
            (one for one in heads if (huge := self._state.hugepages.get(one[0])) and huge.pages == one[1]), None
        )

    def outlook(self, block: int) -> Outlook:
        """Could a block go offline now, and what is in its way? Nothing changes, and no ways around are looked for. Raises
        `BadInput` if there is no such block."""
        return outlook(self._state, block)

    def why_not(self, command: Command) -> Verdict:
        """Would a command succeed, and if not, why, and what would clear it? Nothing changes."""
        return why_not(self._state, command)

    # -- what can be done -------------------------------------------------------------------------------------------

    def write(self, path: str, data: str) -> Outcome:
        """Write to a file of sysfs, as a command."""
        return self.apply(Write(path=path, data=data))

    def apply(self, command: Command, *, check: bool = False) -> Outcome:
        """Run a command to its end. A refusal is an outcome, and with `check` raised as `HotplugError` (see
        `Outcome.expect_ok`); `BadInput` says that the command makes no sense, and then nothing has changed."""
        steps = self.steps(command)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome.expect_ok() if check else outcome

    def steps(self, command: Command) -> Generator[Event, None, Outcome]:
        """Run a command event by event; the generator's return value is the outcome. What is closed before its end
        leaves the machine as the kernel does after a signal, where a signal can come; else as it was."""
        state = self._state
        events: list[Event] = []
        result: str = "ok"
        reason: Reason | None = None
        pfn: int | None = None
        notes: list[Note] = []
        try:
            for event in run(state, command, notes):
                events.append(event)
                yield event
        except HotplugError as error:
            result, reason, pfn = error.errno, error.reason, error.pfn
        except GeneratorExit:
            if takes_signals(command):
                changed = [event.block for event in events if isinstance(event, BlockState)]
                done = any(state.blocks[block].state == "offline" for block in changed)
                if not done:
                    result, reason = "EINTR", Interrupted()
                self._moments.record(Outcome(command, result, reason, None, tuple(events), stopped=True))
            else:
                state.journal.rewind()
            raise
        except BaseException:
            state.journal.rewind()
            raise
        taken: dict[int, int] = {}
        for event in events:
            if isinstance(event, ExistingMemoryTaken):
                taken[event.node] = taken.get(event.node, 0) + event.pages
        sure = certainty(state, result, events)
        outcome = Outcome(command, result, reason, pfn, tuple(events), Frozen(taken), tuple(notes), certainty=sure)
        self._moments.record(outcome)
        return outcome

    def copy(self) -> Machine:
        """Another machine in the present state, without a past. The two share values, and no change of one is seen in the
        other."""
        return Machine(clone(self._state), self._origin)

    # -- time -------------------------------------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """Every state that it was in, this one included."""
        return Timeline(self._moments)

    @property
    def history(self) -> tuple[Outcome, ...]:
        """The outcomes that led to the present state, oldest first."""
        return self._moments.outcomes()

    @property
    def can_undo(self) -> bool:
        """Is there a state before this one?"""
        return self._moments.present.parent is not None

    @property
    def can_redo(self) -> bool:
        """Was a state after this one left?"""
        return self._moments.present.latest is not None

    def undo(self) -> Outcome | None:
        """Take the last command back; returns what it was, or None."""
        step = self._moments.back()
        return step.outcome if step else None

    def redo(self) -> Outcome | None:
        """Do again what was taken back; returns what it was, or None."""
        step = self._moments.forward()
        return step.outcome if step else None

    def go_to(self, number: int) -> None:
        """To any earlier or later state, also on another branch. Raises `BadInput` if there is none of that number."""
        self._moments.go_to(number)

    def __repr__(self) -> str:
        online = sum(block.state == "online" for block in self._state.blocks.values())
        return (
            f"<Machine {self.origin.name}: {self.geometry.arch}, model {self.model.name}, "
            f"{len(self._state.blocks)} blocks, {online} online>"
        )
