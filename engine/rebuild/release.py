"""Which release's ways a captured kernel has: what its tree shows comes first, what it calls itself second.

Distributions put later changes into older kernels, so a file or a word that came with a release says more than a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ..kernels.architectures import Preset
from ..kernels.distributions import build_in, build_with
from ..kernels.model import KernelModel, Release
from ..kernels.models import nearest_model, release_in
from ..kernels.releases import FIRST, LAST
from ..numbers.geometry import Geometry
from ..numbers.rounding import ceil
from ..reading.kpageflags import KPF_NOPAGE, KPF_OWNER_PRIVATE, KPF_RESERVED
from ..reading.observation import Observation

_BACKPORTED: Final = re.compile(r"Linux version \S+\.(el\d+)(?:_\d+)*\b")
"""Red Hat's kernels, and those that are built from their sources: mm/ is brought up to date with every minor release."""
_NEWEST: Final = (1 << 20, 0)


class _Sign(NamedTuple):
    """Something that a tree can show, in words, and the release that it came with or, if it is of the `past`, the last one
    that had it."""

    words: str
    release: Release
    shows: Callable[[Observation, Geometry], bool]
    past: bool = False


def _heads(seen: Observation, geometry: Geometry, flags: int) -> bool:
    """Does a block begin with as many pages of these flags as its memmap needs?"""
    size, needed = geometry.pages_per_block, geometry.memmap_pages_per_block
    long = [run for run in seen.pages if run.count >= needed]  # of a million that there may be, few are
    return any(run.flags == flags and run.pfn % size == 0 and not run.mapcount for run in long)


def _offline_reads(seen: Observation, geometry: Geometry, flags: int) -> bool:
    """Are the pages of an offline block shown as `flags`?"""
    size = geometry.pages_per_block
    offline = {block.id for block in seen.blocks if block.state == "offline"} if seen.pages else set()
    long = [run for run in seen.pages if run.count >= size] if offline else []
    return any(run.flags == flags and not offline.isdisjoint(_whole_blocks(run.pfn, run.count, size)) for run in long)


def _whole_blocks(pfn: int, count: int, size: int) -> range:
    return range(ceil(pfn, size), (pfn + count) // size)


def _parameter(name: str) -> Callable[[Observation, Geometry], bool]:
    return lambda seen, _: name in seen.parameters


def _feature(name: str) -> Callable[[Observation, Geometry], bool]:
    return lambda seen, _: name in seen.features


_SIGNS: Final = (
    _Sign(
        "auto_online_blocks names a zone",
        (5, 7),
        lambda seen, _: seen.auto_online_blocks in ("online_kernel", "online_movable"),
    ),
    _Sign("it has the parameter memmap_on_memory", (5, 13), _parameter("memmap_on_memory")),
    _Sign("it has the parameter online_policy", (5, 15), _parameter("online_policy")),
    _Sign("it has the file crash_hotplug", (6, 6), _feature("crash_hotplug")),
    _Sign("memmap_on_memory reads force", (6, 6), lambda seen, _: seen.parameters.get("memmap_on_memory") == "force"),
    _Sign("heads of memmap are not reserved", (6, 11), lambda seen, g: _heads(seen, g, KPF_OWNER_PRIVATE)),
    _Sign("vmstat has nr_memmap_pages", (6, 11), lambda seen, _: "nr_memmap_pages" in seen.vmstat),
    _Sign("zoneinfo has high_min", (6, 13), _feature("high_min")),
    _Sign("vmstat has nr_free_pages_blocks", (6, 15), lambda seen, _: "nr_free_pages_blocks" in seen.vmstat),
    _Sign("meminfo has Balloon", (6, 15), lambda seen, _: "Balloon" in seen.meminfo),
    _Sign("offline pages read 0 in kpageflags", (6, 16), lambda seen, g: _offline_reads(seen, g, 0)),
    _Sign("nodes have the file reclaim", (6, 17), _feature("reclaim")),
    _Sign("it has /sys/firmware/memory", (6, 19), _feature("firmware_memory")),
    _Sign("it has /proc/sys/vm/movable_gigantic_pages", (7, 0), _feature("movable_gigantic_pages")),
    _Sign("DAX devices have the file state", (7, 3), _feature("dax_state")),
    _Sign(
        "heads of memmap are reserved", (6, 10), lambda seen, g: _heads(seen, g, KPF_OWNER_PRIVATE | KPF_RESERVED), True
    ),
    _Sign(
        "offline pages read NOPAGE in kpageflags", (6, 15), lambda seen, g: _offline_reads(seen, g, KPF_NOPAGE), True
    ),
)


def kernels_shown(seen: Observation, geometry: Geometry) -> tuple[Release, Release]:
    """The first and the last release that a kernel can be of which only signs tell."""
    shown = [sign for sign in _SIGNS if sign.shows(seen, geometry)]
    since = max((sign.release for sign in shown if not sign.past), default=FIRST)
    return since, max(since, min((sign.release for sign in shown if sign.past), default=LAST))


def model_with_blocks(seen: Observation, preset: Preset, model: KernelModel, notes: list[str]) -> KernelModel:
    """The same, unless the tree has memory blocks that kernels of that release do not show on the architecture: folders came with
    memory hotplug, and valid_zones with hot-remove (drivers/base/memory.c)."""
    zoned = any(block.valid_zones is not None for block in seen.blocks)
    needed = preset.removes_since if zoned and preset.removes_since is not None else preset.hotplug_since
    if not seen.blocks or needed is None or model.release >= needed:
        return model
    what = "its memory blocks have valid_zones" if zoned else "it has memory blocks"
    later = nearest_model(needed)
    notes.append(
        f"kernel {model.name}: {what}, which came with {later.name} on {preset.geometry.arch}; modelled as {later.name}"
    )
    return later


def model_shown(seen: Observation, geometry: Geometry, notes: list[str]) -> KernelModel:
    """The model that fits a capture; what leads to another release than the one that it names is said in the notes."""
    said, built = release_in(seen.version), build_in(seen.version)
    known = built.like if built is not None else said
    chosen = known or _NEWEST
    why = ""
    for sign in _SIGNS:
        if (
            (sign.past and chosen > sign.release) or (not sign.past and known and chosen < sign.release)
        ) and sign.shows(seen, geometry):
            chosen, why = sign.release, sign.words
    if built is not None and chosen > built.like and (later := build_with(built, chosen)) is not None:
        built, chosen = later, later.like
    model = nearest_model(chosen)
    if said is None or known is None:
        notes.append(
            f"proc/version does not say the kernel; model {model.name} is used" + (f", as {why}" if why else "")
        )
    elif built is not None and chosen == built.like:
        shown = f"{why}; " if why else ""
        read = f"the sources of {built.name} ({built.base}-{built.build}.{built.dist})"
        differs = f"; otherwise than there, {built.differs}" if built.differs else ""
        notes.append(f"kernel {said[0]}.{said[1]}: {shown}by {read} nearest to {model.name}{differs}")
    elif why:
        came = "which no later one does" if known > chosen else f"which came with {model.name}"
        notes.append(f"kernel {said[0]}.{said[1]}: {why}, {came}; modelled as {model.name}")
    elif model.release != said:
        notes.append(f"kernel {said[0]}.{said[1]} has no model of its own; the nearest is {model.name}")
    if built is None and (other := _BACKPORTED.search(seen.version or "")) is not None:
        notes.append(
            f"kernels of {other[1]} carry later changes of mm than their number says; what the tree shows of them is "
            f"modelled, and another release can be asked for with --model"
        )
    return model
