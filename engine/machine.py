"""The one object that users hold, `Machine`: it takes commands, yields events, and can undo every step."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from types import MappingProxyType

from .commands import Command, Write
from .commands.outcome import Outcome
from .kernels.architectures import Preset
from .kernels.model import KernelModel
from .memory.block import Block, Group, Request
from .memory.origin import Origin
from .memory.section import Section
from .memory.settings import Boot, Settings
from .memory.state import Resource, State, clone
from .memory.zone import Node, Zone
from .numbers.geometry import Geometry
from .protocol.events import BlockStateChanged, Event
from .protocol.reasons import HotplugError, Reason
from .protocol.reasons.files import NoSuchBlock
from .protocol.reasons.notes import Note
from .protocol.reasons.taking import Interrupted
from .protocol.vocabulary import ZoneKey
from .questions.outlook import Outlook, outlook
from .questions.page_flags import page_flags
from .questions.pages import Page, pages_in
from .questions.summary import Summary, summaries, summary
from .questions.why.verdict import Verdict
from .run.dispatch import run, takes_signals
from .run.invariants import Broken, check
from .run.rehearsal import attempt, ended
from .run.timeline import Step, StepTree, Timeline, shown
from .sysfs import paths


class Machine:
    """A machine whose memory can be hot-added, onlined, offlined and removed.

    What it hands out are read-only views and values that cannot be changed; it changes by commands alone. `apply` runs a whole
    command. `steps` yields the events of a command one by one, for who wants to watch; to close that generator in the middle of
    an offline is the signal that interrupts the kernel (EINTR).
    """

    def __init__(self, state: State, origin: Origin) -> None:
        self._state = state
        self._origin = origin
        self._warnings: tuple[str, ...] = ()
        state.journal.begin()
        self._tree = StepTree(state.journal)

    # -- what there is ----------------------------------------------------------------------------------------------

    @property
    def origin(self) -> Origin:
        """Where its data come from, and which of them were measured or estimated."""
        return self._origin

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went differently when it was opened from a file, one sentence each; empty for most machines."""
        return self._warnings

    @property
    def geometry(self) -> Geometry:
        """The sizes of pages, pageblocks, sections and memory blocks, and what follows from them."""
        return self._state.geometry

    @property
    def architecture(self) -> Preset:
        """The row of the architecture that its kernel is built for."""
        return self._state.preset

    @property
    def model(self) -> KernelModel:
        """The kernel that it runs."""
        return self._state.model

    @property
    def blocks(self) -> Mapping[int, Block]:
        """Memory blocks, the sysfs devices ``memoryN``, by their number N."""
        return MappingProxyType(self._state.blocks)

    @property
    def sections(self) -> Mapping[int, Section]:
        """Sections that are present, by number; a section that is missing here is a hole."""
        return MappingProxyType(self._state.sections)

    @property
    def zones(self) -> Mapping[ZoneKey, Zone]:
        """Zones by node and name, such as ``(0, "Normal")``."""
        return MappingProxyType(self._state.zones)

    @property
    def nodes(self) -> Mapping[int, Node]:
        """The possible NUMA nodes by number, online or not."""
        return MappingProxyType(self._state.nodes)

    @property
    def groups(self) -> Mapping[int, Group]:
        """Memory groups (struct memory_group, one a memory device) by number."""
        return MappingProxyType(self._state.groups)

    @property
    def requests(self) -> Mapping[int, Request]:
        """Add requests that succeeded and are not removed, by their first pfn."""
        return MappingProxyType(self._state.requests)

    @property
    def resources(self) -> Mapping[int, Resource]:
        """The ranges of /proc/iomem by their first address, in bytes (for a window, see `Resource.key`)."""
        return MappingProxyType(self._state.resources)

    @property
    def settings(self) -> Settings:
        """The parameters that can be written while it runs."""
        return self._state.settings

    @property
    def parameters(self) -> Mapping[str, str]:
        """What the files of the parameters read as, by name, without those that its kernel does not have."""
        return MappingProxyType(paths.parameters(self._state))

    @property
    def boot(self) -> Boot:
        """What the boot decided: build options and the kernel command line."""
        return self._state.boot

    def valid_zones(self, block: int) -> str:
        """The text of a block's file valid_zones, without its end of line; also where its kernel has no memory hotplug, and shows
        no such file. Raises `HotplugError` ENOENT if there is no such block."""
        from .sysfs.report import block_report  # with all that is reported

        if block not in self._state.blocks:
            raise HotplugError("ENOENT", NoSuchBlock(block))
        return block_report(self._state, block).valid_zones

    def read(self, path: str) -> str:
        """The text of a modelled file of sysfs or procfs, such as ``/sys/devices/system/memory/memory32/state``. Raises
        `HotplugError` with the errno that the kernel would return."""
        from .sysfs.hotplug_files import read  # with all that can be written there

        return read(self._state, path)

    def check(self) -> list[Broken]:
        """The invariants of the kernel that do not hold; a sound machine gives an empty list."""
        return check(self._state)

    def summary(self, start: int, pages: int, *, orders: bool = True) -> Summary:
        """Count `pages` pages from pfn `start` on by kind, zone, pageblock type and order of free area. Only what changed
        since the last question is counted anew. Without `orders` those of free areas, the most of the work where a range cuts
        sections, are left out. Raises `BadInput` for a range that no machine can have."""
        return summary(self._state, start, pages, orders)

    def summaries(self, start: int, pages: int, cell: int, *, orders: bool = True) -> list[Summary]:
        """The `summary` of every `cell` pages of a range, in order. Raises `BadInput` if `cell` is not a power of two or the
        range does not begin and end at a multiple of it."""
        return summaries(self._state, start, pages, cell, orders)

    def pages(self, start: int, count: int) -> list[Page]:
        """Each of `count` pages from pfn `start` on: its kind, the order of its free area, its pageblock's type and its
        zone. Takes time in proportion to `count`. Raises `BadInput` for a range that no machine can have."""
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
        """Could a block go offline now, and which pages are in its way? Nothing changes, and remedies are not looked for
        (`why_not` does that). Raises `BadInput` if there is no such block."""
        return outlook(self._state, block)

    def why_not(self, command: Command) -> Verdict:
        """Would a command succeed? If not, why not, and what would clear the way? Nothing changes. Raises `BadInput` for a
        command that makes no sense."""
        from .questions.why.ask import why_not  # the largest part, and most machines are never asked

        return why_not(self._state, command)

    # -- what can be done -------------------------------------------------------------------------------------------

    def write(self, path: str, data: str) -> Outcome:
        """Write text to a file of sysfs or procfs, as a command that can be undone. A refusal is an outcome with its errno."""
        return self.apply(Write(path=path, data=data))

    def apply(self, command: Command, *, check: bool = False) -> Outcome:
        """Run a whole command and return what came of it. A refusal of the kernel is an outcome too; with `check` it is
        raised as `HotplugError` instead, unless the command expects it (`Outcome.expect_ok`). Raises `BadInput` for a
        command that makes no sense; then nothing has changed."""
        self._state.journal.undone = 0
        try:
            outcome = attempt(self._state, command)
        except BaseException:
            self._state.journal.rewind()
            raise
        self._tree.record(outcome)
        return outcome.expect_ok() if check else outcome

    def steps(self, command: Command) -> Generator[Event, None, Outcome]:
        """Run a command and yield its events one by one; the generator returns the outcome. If it is closed early, a command
        that looks for signals ends as the kernel ends it then, and is recorded so; any other command is taken back whole."""
        state = self._state
        state.journal.undone = 0
        events: list[Event] = []
        notes: list[Note] = []
        refusal: HotplugError | None = None
        try:
            for event in run(state, command, notes):
                events.append(event)
                yield event
        except HotplugError as error:
            refusal = error
        except GeneratorExit:
            if takes_signals(command):
                changed = [event.block for event in events if isinstance(event, BlockStateChanged)]
                done = any(state.blocks[block].state == "offline" for block in changed)
                result, reason = ("ok", None) if done else ("EINTR", Interrupted())
                self._tree.record(Outcome(command, result, reason, None, tuple(events), stopped=True))
            else:
                state.journal.rewind()
            raise
        except BaseException:
            state.journal.rewind()
            raise
        outcome = ended(state, command, events, notes, refusal)
        self._tree.record(outcome)
        return outcome

    def copy(self) -> Machine:
        """Another machine in the same state, with no history. The two share values that cannot change, so neither sees what
        is done to the other."""
        return Machine(clone(self._state), self._origin)

    # -- time -------------------------------------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """All states that the machine was in, the present one among them."""
        return Timeline(self._tree)

    @property
    def history(self) -> tuple[Outcome, ...]:
        """The outcomes of the commands that led to the present state, oldest first."""
        return self._tree.outcomes()

    @property
    def can_undo(self) -> bool:
        """Is there a state before the present one?"""
        return self._tree.present.parent is not None

    @property
    def can_redo(self) -> bool:
        """Was a later state left by `undo`?"""
        return self._tree.present.latest is not None

    def undo(self) -> Outcome | None:
        """Take back the last command. Returns its outcome, or None if there was no command."""
        step = self._tree.back()
        return step.outcome if step else None

    def redo(self) -> Outcome | None:
        """Make again what `undo` took back last. Returns its outcome, or None if there is nothing to make again."""
        step = self._tree.forward()
        return step.outcome if step else None

    def go_to(self, number: int) -> None:
        """Go to any state of the timeline by its number, earlier, later or on another branch. Raises `BadInput` if there is
        none."""
        self._tree.go_to(number)

    def visit(self, numbers: Iterable[int]) -> Iterator[Step]:
        """Be in some states of the timeline, one after the other, and in the end where it was, with undo and redo as they were.
        Raises `BadInput` for a number that no state has."""
        return map(shown, self._tree.visit(numbers))

    def __repr__(self) -> str:
        online = sum(block.state == "online" for block in self._state.blocks.values())
        return (
            f"<Machine {self.origin.name}: {self.geometry.arch}, model {self.model.name}, "
            f"{len(self._state.blocks)} blocks, {online} online>"
        )


def _said(reason: Reason) -> str:
    from .questions.narrate.reason import sentence  # with all that writes sentences

    return sentence(reason)


HotplugError._sentence = _said
