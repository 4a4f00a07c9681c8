"""From an `Observation` to a `State`: everything that was read, and a layout of the rest that meets the counters."""

from __future__ import annotations

import msgspec

from ..kernels.models import release_in
from ..kernels.notifier_chain import chain_of
from ..memory.origin import Origin
from ..memory.state import State
from ..mm.hugetlb.hugetlb_vmemmap import note_given_back
from ..mm.watermarks import minimum_asked, scale_asked
from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..protocol.vocabulary import ZoneKey
from ..reading.kpageflags import KPF_HWPOISON, KPF_NOPAGE
from ..reading.observation import Observation
from . import agree, going_offline, layout, topology
from .bare_pages import name_bare_pages
from .dating import doubt_origins, doubt_zones
from .devices import build_devices
from .draft import Draft
from .evidence import mark_reserved, mark_unseen, reclaimable, weigh_evidence
from .free_layout import lay_out
from .from_proc import states_told, with_blocks
from .huge_pages import build_huge_pages
from .identify import Identity, identify
from .plausible import plausible
from .release import kernels_shown
from .settle import settle_zone


def rebuild(
    seen: Observation, *, model: str | None = None, arch: str | None = None, machine: str | None = None
) -> tuple[State, Origin]:
    """The state that a capture shows. `model` and `arch` override what the capture says of kernel and architecture;
    `machine` is `uname -m` where the capture is of the machine that this runs on.

    Raises `BadInput` where the capture's sizes or the overrides make no sense, and where none of its memory is online.
    """
    identity = identify(seen, model, arch, machine)
    found: list[str] = []
    state, notes = build_state(with_blocks(seen, identity.geometry, found), identity, None)
    if not states_told(seen, state):
        state.globals.change(blocks_assumed=True)
    if _corrupted(seen, identity.geometry):
        state.globals.change(poison_unseen=True)
    if leaked := _leaked(state, seen):
        state.globals.change(leaked_memmap=leaked)
    if model is None and release_in(seen.version) is None:
        since, until = kernels_shown(seen, identity.geometry)
        state.globals.change(kernel_since=since, kernel_until=until)
    return state, _origin(seen, identity, [*found, *notes])


def _leaked(state: State, seen: Observation) -> int:
    """Pages of memmap that the kernel counts beyond those of the sections with a block, where no device has any of its own: a
    failed add left them behind."""
    counted = [seen.vmstat.get(name, 0) for name in ("nr_memmap_boot_pages", "nr_memmap_pages")]
    of_device = any(name in one.name.lower() for one in seen.resources for name in ("persistent", "dax", "namespace"))
    if not all(counted) or of_device:
        return 0
    per_section = state.geometry.memmap_pages_per_section
    known = max(len(state.sections), len(state.blocks) * state.geometry.sections_per_block)
    return max(0, sum(counted) // per_section - known) * per_section


def _corrupted(seen: Observation, geometry: Geometry) -> bool:
    """Have more pages a hardware error than were seen?"""
    shown = sum(run.count for run in seen.pages if run.flags & KPF_HWPOISON and not run.flags & KPF_NOPAGE)
    return seen.meminfo.get("HardwareCorrupted", 0) << 10 > shown * geometry.page_size


def build_state(seen: Observation, identity: Identity, prior: State | None) -> tuple[State, list[str]]:
    """All tables from a capture; `prior` is the model's state before, which knows what no capture shows."""
    state = State(identity.preset, identity.geometry, identity.model, identity.boot, chain_of(identity.preset))
    seen = plausible(seen, identity.geometry)
    notes = [*seen.notes, *topology.doubts(seen), *agree.agree_total(seen, identity.geometry.page_size)]
    topology.build_nodes(state, seen)
    topology.build_resources(state, seen)
    topology.build_zones(state, seen)
    topology.build_blocks(state, seen, prior)
    notes += (*agree.zones_of_blocks(state), *agree.blocks_in_no_zone(state))
    draft = Draft(state, seen, prior, identity.settings.memmap_on_memory)
    layout.find_heads(draft)
    if prior is None:
        build_devices(draft)
    topology.mark_early(state, prior)
    layout.build_sections(draft)
    doubt_origins(draft)
    mark_reserved(draft)
    going_offline.put_back(state)
    name_bare_pages(draft)
    build_huge_pages(state, seen, draft.exact, prior)
    _settle(state, seen, draft, prior, notes)
    if not state.zones:
        raise BadInput(f"{seen.source} shows no memory that is online in a zone, and no kernel runs without any")
    going_offline.take_apart(state, prior)
    mark_unseen(draft)
    weigh_evidence(draft)
    topology.count_early(state)
    agree.agree_memmaps(state)
    note_given_back(state, prior)
    notes += (*agree.agree_nodes(state), *agree.agree_resources(state))
    state.parameters.load({None: identity.settings})
    notes += doubt_zones(draft)
    state.globals.change(watermark_scale_factor=scale_asked(state))
    state.globals.change(
        auto_online_assumed="auto_online_blocks" in identity.assumed,
        mode_assumed="memmap_on_memory" in identity.assumed,
        nodes_assumed="possible" not in seen.node_lists,
        holes_untold=not seen.resources,
        min_free_kbytes=minimum_asked(state),
        reclaimable=reclaimable(seen, state.geometry.page_size),
    )
    return state, notes


def _settle(state: State, seen: Observation, draft: Draft, prior: State | None, notes: list[str]) -> None:
    members: dict[ZoneKey, list[int]] = {}
    zones: tuple[tuple[ZoneKey, int], ...] = ()
    of_zones: list[list[int]] = []
    for nr in state.section_numbers():
        if (mine := state.sections[nr].zones) is not zones:
            zones, of_zones = mine, [members.setdefault(key, []) for key, _ in mine]
        for numbers in of_zones:
            numbers.append(nr)
    known = {nr: draft.covered.get(nr, 0) | draft.reserved.get(nr, 0) for nr in {*draft.covered, *draft.reserved}}
    counters = {(reading.node, reading.zone): reading.counters for reading in seen.zones}
    for key in list(state.zones):
        if key not in members and any(block.linked == key for block in state.blocks.values()):
            state.zones.load({key: msgspec.structs.replace(state.zones[key], present=0, managed=0, free=0, pcp=0)})
            continue
        if key not in members:
            notes.append(agree.drop_zone(state, key))
            continue
        note = settle_zone(state, key, members[key], known, counters.get(key, {}), prior is not None)
        notes += [said for said in (note, lay_out(draft, key, members[key])) if said]
        notes += agree.agree_zone(state, key, members[key], prior, bool(seen.zones))


def _origin(seen: Observation, identity: Identity, notes: list[str]) -> Origin:
    sources = {
        "memory blocks": bool(seen.blocks),
        "zoneinfo": bool(seen.zones),
        "iomem": bool(seen.resources),
        "kpageflags": bool(seen.pages),
        "valid_zones": any(block.valid_zones for block in seen.blocks),
        "block size": seen.block_size is not None,
        "kernel version": seen.version is not None,
        "parameters": bool(seen.parameters),
    }
    return Origin(
        name=seen.source,
        source=seen.source,
        kernel=seen.version or "",
        measured=tuple(name for name, there in sources.items() if there),
        estimated=tuple(name for name, there in sources.items() if not there),
        notes=(*identity.notes, *notes),
    )
