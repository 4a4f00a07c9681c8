"""Playing a recording to the engine: every transition on its own, from what the real kernel showed just before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from altmap.engine import Add, Command, Eject, Machine, Outcome, Sync, Write, capture, sentence
from altmap.engine.memory.state import state_of
from altmap.engine.mm.free_area import order_counts, pagetypeinfo
from altmap.engine.mm.watermarks import Watermarks
from altmap.engine.protocol.vocabulary import MEMMAP, ZoneKey
from altmap.engine.reading.procfs import parse_pagetypeinfo
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

from .recording import ROOT, Action, Observation, Recording, Show, areas, number, page_runs, recorded, showing, zones

FREE_SLACK, FREE_SLACK_PER_BLOCK = 160, 4
"""Pages that an idle system may take or give back meanwhile, and page tables and objects of a block more or less."""

OWNER_PRIVATE, RESERVED, HWPOISON = 1 << 37, 1 << 32, 1 << 19
HEAD_FLAGS = {"owner_private": OWNER_PRIVATE, "reserved": RESERVED}


class Transition(NamedTuple):
    """One judged step: what was said to the machine, what came of it, and where it went another way than the kernel."""

    trace: str
    number: int
    command: Command
    outcome: Outcome
    action: Action
    misses: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.trace} step {self.number}, {self.command}: {self.outcome.result} {'; '.join(self.misses)}"


class Played(NamedTuple):
    """All that a recording has to say of the engine. The observations are shown once, one after the other, to three readers.

    `transitions`: every step that can be judged, done by one machine that is told before each what the kernel showed.
    `captured`: the same steps, each done by a machine that was captured just before it and knows nothing else.
    `idle`: the zones of hot-added memory of which nothing was in use after a step.
    `boot`: a capture of the beginning, without /proc/kpageflags.
    """

    transitions: tuple[Transition, ...]
    captured: tuple[Transition, ...]
    idle: tuple[IdleZone, ...]
    boot: Machine


class IdleZone(NamedTuple):
    """A zone of hot-added memory of which nothing is in use: free areas by order and pageblocks by type, the kernel's and
    the model's."""

    trace: str
    number: int
    key: ZoneKey
    areas: tuple[list[int], list[int]]
    pageblocks: tuple[dict[str, int], dict[str, int]]


Act = Callable[[Machine, Command], Outcome]


@lru_cache(maxsize=2)
def played(name: str) -> Played:
    """A recording played to the engine. The tests of one recording run one after the other (conftest.py)."""
    recording = recorded(name)
    transitions: list[Transition] = []
    captured: list[Transition] = []
    idle: list[IdleZone] = []
    with showing(recording.kernel) as show:
        show(without_pages(recording.boot))
        boot = capture(ROOT)
        for transition, machine in _play(recording, show, Machine.apply):
            transitions.append(transition)
            idle += _idle_zones(transition, machine)
            captured.append(_judged(recording, transition.action, capture(ROOT), Machine.apply))
    return Played(tuple(transitions), tuple(captured), tuple(idle), boot)


def play(name: str, act: Act) -> list[Transition]:
    """Every transition of a recording, with something else than the engine to do the commands."""
    recording = recorded(name)
    with showing(recording.kernel) as show:
        return [transition for transition, _ in _play(recording, show, act)]


def without_pages(seen: Observation) -> Observation:
    """An observation of someone who may not read /proc/kpageflags."""
    return {**seen, "kpf": [], "kpf_boot": []}


def _play(recording: Recording, show: Show, act: Act) -> Iterator[tuple[Transition, Machine]]:
    """Every step that can be judged, and the machine as it is after it; what was before it is shown."""
    show(recording.boot)
    machine = capture(ROOT)
    for action in recording.actions():
        if not action.judged:
            machine.apply(action.command)
            continue
        show(action.before)
        machine.apply(Sync(root=ROOT))
        if recording.blind(action):
            act(machine, action.command)
        else:
            yield _judged(recording, action, machine, act), machine


def _judged(recording: Recording, action: Action, machine: Machine, act: Act) -> Transition:
    outcome = act(machine, action.command)
    found = tuple(misses(recording, action, machine, outcome))
    return Transition(recording.name, action.number, action.command, outcome, action, found)


def _idle_zones(transition: Transition, machine: Machine) -> Iterator[IdleZone]:
    after, state = transition.action.after, state_of(machine)
    real, counts = zones(after), areas(after)
    idle = [
        key
        for key, zone in state.zones.items()
        if zone.present and not zone.early and key in real and real[key]["free"] == real[key]["managed"]
    ]
    if not idle:
        return
    types = [parse_pagetypeinfo(text)[1] for text in (after["proc"]["pagetypeinfo"], pagetypeinfo(state))]
    for key in idle:
        name = f"{key[0]}/{key[1]}"
        yield IdleZone(
            transition.trace,
            transition.number,
            key,
            (counts[key], order_counts(state, key)),
            (types[0][name], types[1][name]),
        )


def misses(recording: Recording, action: Action, machine: Machine, outcome: Outcome) -> Iterator[str]:
    """What is otherwise than the kernel had it after a step."""
    result = "refused" if isinstance(action.command, Eject) and not outcome.ok else outcome.result
    if result != action.answer:
        yield f"answered {action.answer}, the model {outcome.result} ({sentence(outcome.reason)})"
    yield from _block_misses(action.after, machine)
    yield from _zone_misses(action, machine)
    yield from _memmap_misses(recording, action, machine)
    yield from _head_misses(recording, action.after, machine)
    yield from map(str, machine.check())


def _block_misses(after: Observation, machine: Machine) -> Iterator[str]:
    real, mine = after["blocks"], block_reports(state_of(machine))
    if {str(number(name)) for name in real} != set(mine):
        yield f"blocks {sorted(map(number, real))}, the model has {sorted(map(int, mine))}"
        return
    for name, block in real.items():
        report = mine[str(number(name))]
        for what, wanted, have in (
            ("state", block["state"], report.state),
            ("valid_zones", block["valid_zones"], report.valid_zones),
            ("nodes", sorted(int(node[4:]) for node in block["node"]), sorted(report.nodes)),
        ):
            if not str(wanted).startswith("!") and wanted != have:
                yield f"{name} {what} {wanted}, the model has {have}"


def _zone_misses(action: Action, machine: Machine) -> Iterator[str]:
    was, real = zones(action.before), zones(action.after)
    mine = {(zone.node, zone.zone): zone for zone in zone_reports(state_of(machine))}
    if set(real) != set(mine):
        yield f"zones {sorted(real)}, the model has {sorted(mine)}"
    changed = len(set(action.after["blocks"]) ^ set(action.before["blocks"]))
    slack = FREE_SLACK + FREE_SLACK_PER_BLOCK * changed
    boosted = any(re.search(r"boost +[1-9]", seen["proc"]["zoneinfo"]) for seen in (action.before, action.after))
    marks = Watermarks(state_of(machine))
    for key in sorted(set(real) & set(mine)):
        have_marks = tuple(marks.min_or_low(key, low) for low in (False, True))
        if not boosted and (real[key]["min"], real[key]["low"]) != have_marks:
            yield f"{key} min and low {real[key]['min']}, {real[key]['low']}, the model has {have_marks}"
        for what in ("start_pfn", "spanned", "present", "managed"):
            if real[key][what] != getattr(mine[key], what):
                yield f"{key} {what} {real[key][what]}, the model has {getattr(mine[key], what)}"
        start = sum(was[key][part] for part in ("free", "pcp")) if key in was else 0
        wanted, have = real[key]["free"] + real[key]["pcp"] - start, mine[key].free - start
        if abs(wanted - have) > slack:
            yield f"{key} free pages {wanted:+}, the model {have:+}"


def _memmap_misses(recording: Recording, action: Action, machine: Machine) -> Iterator[str]:
    """A section's struct pages are in its own block, and then exactly there; or elsewhere, where exactly is chance."""
    size, mine = machine.geometry.pages_per_section, section_reports(state_of(machine))
    for start, first, *_ in action.after.get("vmemmap") or []:
        block = start * recording.page_size // recording.block_size
        if not {f"memory{block}"} & (action.after["blocks"].keys() | action.before["blocks"].keys()):
            continue  # left by a failed add: how many sections is chance
        report = mine.get(str(start // size))
        place = (report.memmap_on, report.memmap_pfn) if report else ("absent", None)
        if first is None:
            right = report is None
        elif first // recording.block_size == block:
            right = place == ("self", first // recording.page_size)
        else:
            right = place[0] in ("kernel", "section")
        if not right:
            yield f"section {start // size}: memmap at address {first}, the model has {place}"


def _head_misses(recording: Recording, after: Observation, machine: Machine) -> Iterator[str]:
    """The head pages of online blocks, wherever /proc/kpageflags shows the beginning of the block."""
    runs, pages = page_runs(after), recording.block_size // recording.page_size
    wanted_flags = sum(HEAD_FLAGS[name] for name in machine.model.head_flags)
    for name, attributes in after["blocks"].items():
        start = number(name) * pages
        first = next((run for run in runs if run[0] <= start < run[0] + run[1]), None)
        if attributes["state"] != "online" or first is None or name in recording.boot["blocks"]:
            continue
        end = start
        for pfn, count, flags, mapped in runs:
            if pfn <= end < pfn + count and flags & ~HWPOISON == wanted_flags and not mapped:
                end = min(pfn + count, start + pages)
        sections = state_of(machine).block_sections(number(name))
        mine = sum(section.count(MEMMAP) for section in sections)
        together = mine == 0 or sections[0].of(MEMMAP) & 1
        if mine != end - start or not together:
            yield f"{name}: {end - start} head pages at its start, the model has {mine}"


def is_hotplug(command: Command) -> bool:
    """Is it an add, an eject or a write to a block's own files?"""
    return isinstance(command, Add | Eject) or (isinstance(command, Write) and "/memory/memory" in command.path)
