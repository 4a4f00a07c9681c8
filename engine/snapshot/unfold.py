"""From the form in which a machine is saved to its state: runs are unfolded, in linear time.

What no machine can have is refused (`checks`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import asdict, replace

from ..kernels.architectures import preset_of
from ..kernels.models import KNOWN_MODELS, MODELS
from ..kernels.notifier_chain import chain_of
from ..memory.block import Block, DaxDevice, Group, Request
from ..memory.origin import Origin
from ..memory.settings import boot_of, settings_of
from ..memory.state import HugePage, Resource, State
from ..memory.zone import Evidence, Node, Scanners, Zone, ZoneWatermarks
from ..numbers.bits import every, span
from ..numbers.errors import BadInput, located
from ..numbers.frozen import Frozen
from ..numbers.limits import MAX_SECTION_PAGES
from ..numbers.rounding import ceil
from ..numbers.runs import cut
from ..protocol.vocabulary import DEVICE_CALLERS, ZoneKey
from .checks import ascending, bad, few_enough, known_node, unique
from .counters import load_counters
from .schema import MAX_COUNT, ResourceV1, SnapshotV1
from .unfold_sections import Sections


def unfold(snapshot: SnapshotV1) -> tuple[State, Origin]:
    """The machine that was saved. Raises `BadInput` for what no machine can have."""
    geometry = snapshot.geometry
    if geometry.pages_per_section > MAX_SECTION_PAGES:
        pages = geometry.pages_per_section
        bad("$.geometry.section_size", f"a section of {pages} pages; it can have up to {MAX_SECTION_PAGES}")
    try:
        preset = preset_of(geometry)
    except BadInput as error:
        bad("$.geometry", str(error))
    if snapshot.model not in MODELS:
        bad("$.model", f"{snapshot.model!r} is not a kernel model; it is {KNOWN_MODELS}")
    settings, boot = settings_of(snapshot.settings, "$.settings."), boot_of(snapshot.boot, "$.boot.")
    state = State(preset, geometry, MODELS[snapshot.model], boot, chain_of(preset))
    state.parameters.load({None: settings})
    load_counters(state, snapshot.counters, "$.counters.")
    state.nodes.load(unique("$.nodes", ((node.id, Node(**asdict(node))) for node in snapshot.nodes)))
    state.zones.load(unique("$.zones", _zones(snapshot, state)))
    state.watermarks.load(unique("$.marks", _watermarks(snapshot, state)))
    state.evidence.load(unique("$.evidence", _evidence(snapshot, state)))
    state.scanners.load(unique("$.scanners", _scanners(snapshot, state)))
    ranges = _resources(snapshot.resources, "$.resources")
    state.resources.load(unique("$.resources", ranges, lambda key: hex(max(key, ~key))))
    state.reserved.load(unique("$.reserved", _resources(snapshot.reserved, "$.reserved"), hex))
    state.groups.load(unique("$.groups", _groups(snapshot, state)))
    state.requests.load(unique("$.requests", _requests(snapshot, state)))
    state.hugepages.load(dict(_huge_pages(snapshot, state)))
    state.surplus.load(unique("$.surplus", _surplus(snapshot, state)))
    state.optimized.load(snapshot.optimized)
    state.tails.load(unique("$.tails", _tails(snapshot, state)))
    state.standby.load(snapshot.standby)
    state.dax_devices.load(unique("$.dax_devices", _dax_devices(snapshot, state)))
    state.blocks.load(_blocks(snapshot, state))
    state.globals.load({None: replace(state.globals.value, locked=_going_offline(state))})
    state.sections.load(Sections(state, _captured(snapshot)).unfold(snapshot.sections))
    _have_memory(state)
    return state, Origin(**asdict(snapshot.origin))


def _going_offline(state: State) -> bool:
    return any(block.state == "going-offline" for block in state.blocks.values())


def unfold_later(snapshot: SnapshotV1, number: int) -> State | None:
    """The state of that number, from 1 on, where it was saved. Raises `BadInput` for what no machine can have."""
    saved = snapshot.steps[number - 1].state
    if saved is None:
        return None
    with located(f"$.steps[{number - 1}].state"):
        return unfold(replace(snapshot, **{name: value for name, value in asdict(saved).items() if value is not None}))[
            0
        ]


def _zones(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, Zone]]:
    for index, saved in enumerate(snapshot.zones):
        path = f"$.zones[{index}]"
        known_node(state, saved.node, f"{path}.node")
        if saved.managed > saved.present:
            bad(f"{path}.managed", f"{saved.managed} managed pages; it can be up to present, {saved.present}")
        if saved.present > saved.spanned:
            bad(f"{path}.present", f"{saved.present} present pages; it can be up to spanned, {saved.spanned}")
        zone = Zone(**asdict(saved))
        yield zone.key, zone


def _watermarks(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, ZoneWatermarks]]:
    for index, saved in enumerate(snapshot.watermarks):
        known_node(state, saved.zone[0], f"$.marks[{index}].zone[0]")
        yield saved.zone, ZoneWatermarks(saved.min, saved.low, Frozen(saved.reserve))


def _evidence(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, Evidence]]:
    """As saved. Of a capture that was saved without it, only what its origin tells; nothing can be proven by its numbers."""
    for index, saved in enumerate(snapshot.evidence or ()):
        known_node(state, saved.zone[0], f"$.evidence[{index}].zone[0]")
        yield saved.zone, Evidence(saved.counted, saved.areas, saved.disguised)
    if snapshot.evidence is None and _captured(snapshot):
        counted = "zoneinfo" in snapshot.origin.measured
        for key, zone in state.zones.items():
            yield key, Evidence(counted, counted, zone.present)


def _captured(snapshot: SnapshotV1) -> bool:
    """Is it of a capture? A machine that was made up has nothing that was read, and nothing that was missing."""
    return bool(snapshot.origin.measured or snapshot.origin.estimated)


def _scanners(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, Scanners]]:
    per_section, pages = state.geometry.pageblocks_per_section, state.geometry.pageblock_pages
    limit = MAX_COUNT * per_section
    for index, saved in enumerate(snapshot.scanners):
        path = f"$.scanners[{index}]"
        known_node(state, saved.zone[0], f"{path}.zone[0]")
        skipped: dict[int, int] = {}
        behind = 0
        for at, (first, length) in enumerate(saved.skipped):
            ascending(f"{path}.skipped[{at}]", "pageblock", first, behind)
            behind = first + length
            if behind > limit:
                bad(f"{path}.skipped[{at}]", f"pageblock {behind - 1} is too far up; it can be up to {limit - 1}")
            for nr, low, count in cut(first, length, per_section):
                starts = every(pages, per_section * pages) & span(low * pages, count * pages)
                skipped[nr] = skipped.get(nr, 0) | starts
        yield saved.zone, Scanners(saved.migrate, saved.free, Frozen(skipped))


def _resources(ranges: Sequence[ResourceV1], where: str) -> Iterator[tuple[int, Resource]]:
    for index, saved in enumerate(ranges):
        start, end = int(saved.start, 16), int(saved.end, 16)
        if end <= start:
            bad(f"{where}[{index}].end", f"{saved.end} must be above the start, {saved.start}")
        resource = Resource(start, end, saved.name)
        yield resource.key, resource


def _groups(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, Group]]:
    for index, saved in enumerate(snapshot.groups):
        known_node(state, saved.node, f"$.groups[{index}].node")
        yield saved.id, Group(**asdict(saved))


def _requests(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, Request]]:
    geometry = state.geometry
    for index, saved in enumerate(snapshot.requests):
        path = f"$.requests[{index}]"
        known_node(state, saved.node, f"{path}.node")
        unit = geometry.pages_per_block
        if saved.caller in DEVICE_CALLERS:
            from ..hotplug.device_memory import device_unit  # with all that adds memory

            unit = device_unit(state) // geometry.page_size
        for name, pages in (("start", saved.start), ("pages", saved.pages)):
            if pages % unit:
                bad(
                    f"{path}.{name}",
                    f"{pages} pages are no multiple of {unit}, of which requests of {saved.caller} are made",
                )
        yield saved.start, Request(**asdict(saved))


def _huge_pages(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, HugePage]]:
    behind = total = 0
    for index, run in enumerate(snapshot.hugepages):
        path = f"$.hugepages[{index}]"
        known_node(state, run.node, f"{path}.node")
        ascending(f"{path}.pfn", "page", run.pfn, behind)
        if run.count > 1 and run.stride < run.pages:
            bad(f"{path}.stride", f"{run.stride} pages from one to the next; it must be at least pages, {run.pages}")
        last = run.pfn + (run.count - 1) * run.stride
        behind, total = last + run.pages, total + run.count
        few_enough(f"{path}.count", "huge pages", total)
        for at in range(run.count):
            yield run.pfn + at * run.stride, HugePage(run.pages, run.node, run.used, run.rank + at * run.rank_stride)


def _have_memory(state: State) -> None:
    """Huge pages lie in memory that is online."""
    size = state.geometry.pages_per_section
    for pfn, page in state.hugepages.items():
        for nr in range(pfn // size, ceil(pfn + page.pages, size)):
            section = state.sections.get(nr)
            if section is None or not section.online:
                bad("$.hugepages", f"the one at pfn {pfn:#x} lies in section {nr}, which must be there and online")


def _surplus(snapshot: SnapshotV1, state: State) -> Iterator[tuple[tuple[int, int], int]]:
    for index, saved in enumerate(snapshot.surplus):
        known_node(state, saved.node, f"$.surplus[{index}].node")
        yield (saved.node, saved.pages), saved.count


def _dax_devices(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, DaxDevice]]:
    for index, saved in enumerate(snapshot.dax_devices):
        known_node(state, saved.node, f"$.dax_devices[{index}].node")
        yield saved.start, DaxDevice(saved.pages, saved.node, saved.cxl, saved.state)


def _tails(snapshot: SnapshotV1, state: State) -> Iterator[tuple[tuple[ZoneKey, int], int]]:
    for index, saved in enumerate(snapshot.tails):
        known_node(state, saved.zone[0], f"$.tails[{index}].zone")
        yield (saved.zone, saved.pages), saved.pfn


def _blocks(snapshot: SnapshotV1, state: State) -> dict[int, Block]:
    blocks: dict[int, Block] = {}
    behind = total = 0
    size = state.geometry.pages_per_block
    for index, run in enumerate(snapshot.blocks):
        path = f"$.blocks[{index}]"
        ascending(f"{path}.first", "block", run.first, behind)
        behind, total = run.first + run.count, total + run.count
        few_enough(f"{path}.count", "blocks", total)
        for at, node in enumerate(run.nodes):
            known_node(state, node, f"{path}.nodes[{at}]")
        for name, key in (("zone", run.zone), ("linked", run.linked)):
            if key is not None:
                known_node(state, key[0], f"{path}.{name}[0]")
        if run.head > size:
            bad(f"{path}.head", f"{run.head} head pages; it can be up to the {size} pages of a block")
        if run.group is not None and run.group not in state.groups:
            bad(f"{path}.group", f"group {run.group} is unknown; it must be one of $.groups, or null")
        values = [getattr(run, name) for name in Block.__struct_fields__[1:]]
        blocks.update({number: Block(number, *values) for number in range(run.first, behind)})
    return blocks
