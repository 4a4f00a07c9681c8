"""Which zone a block goes to when it is onlined (zone_for_pfn_range, mm/memory_hotplug.c)."""

from __future__ import annotations

import msgspec

from ..memory.block import Block
from ..memory.state import State
from ..memory.zone import DMA, DMA32, KERNEL_ZONES, MOVABLE, NORMAL, Zone
from ..numbers.rounding import down
from ..protocol.reasons.zones import (
    AboveRatio,
    DeviceInKernelZone,
    InSpanAlone,
    KernelZoneByDefault,
    MovableNode,
    NothingToPay,
    RatioZero,
    UnitInKernelZone,
    WithinRatio,
    ZoneAskedFor,
    ZoneRule,
)
from ..protocol.vocabulary import OnlineType, ZoneKey


def kernel_zone(state: State, node: int, start: int, pages: int) -> Zone:
    """The kernel zone of a range: the low zone whose span it meets, else Normal (default_kernel_zone_for_pfn)."""
    for name in (DMA, DMA32):
        zone = state.zones.get((node, name))
        if zone is not None and zone.intersects(start, pages):
            return zone
    return state.zone(node, NORMAL)


def zone_for(state: State, block: Block, kind: OnlineType, start: int, pages: int) -> tuple[Zone, ZoneRule]:
    """The zone for a block, and the rule that gives it."""
    node = block.node
    movable = state.zone(node, MOVABLE)
    if kind == "online_movable":
        return movable, ZoneAskedFor(kind)
    kernel = kernel_zone(state, node, start, pages)
    if kind == "online_kernel":
        return kernel, ZoneAskedFor(kind)
    if state.settings.online_policy == "auto-movable":
        allowed, reason = _auto_movable(state, block, pages)
        return (movable if allowed else kernel), reason
    in_kernel, in_movable = kernel.intersects(start, pages), movable.intersects(start, pages)
    if in_kernel != in_movable:
        zone = kernel if in_kernel else movable
        return zone, InSpanAlone(zone.name)
    if state.boot.movable_node:
        return movable, MovableNode()
    return kernel, KernelZoneByDefault()


def hangs_on_boot(state: State, block: Block, kind: OnlineType, pages: int) -> bool:
    """Would auto-movable perhaps take another zone for a block, by what no capture told?"""
    doubts = state.globals.value
    if kind != "online" or state.settings.online_policy != "auto-movable":
        return False
    if doubts.zones_differ:
        return True
    if not doubts.boot_untold:
        return False
    return _auto_movable(state, block, pages)[0] and not _auto_movable(state, block, pages, sure=True)[0]


def valid_zones(state: State, block: Block) -> str:
    """The text of the block's valid_zones file, for this moment."""
    if block.state == "online":
        return block.zone[1] if block.zone else "none"
    if block.early and block.zone is None and len(block.nodes) > 1:
        return "none"
    start, pages = state.block_range(block.id)
    default = zone_for(state, block, "online", start, pages)[0].name
    names = [default]
    for other in (kernel_zone(state, block.node, start, pages).name, MOVABLE):
        if other not in names:
            names.append(other)
    return " ".join(names)


def _auto_movable(state: State, block: Block, pages: int, sure: bool = False) -> tuple[bool, ZoneRule]:
    """`sure`: by the memory alone that was there at boot for sure, as it lies in a low zone."""
    ratio = state.settings.auto_movable_ratio
    group = state.groups.get(block.group) if block.group is not None else None
    if not ratio:
        return False, RatioZero()
    need = pages
    if group is not None and not group.dynamic:
        if group.present_kernel:
            return False, DeviceInKernelZone()
        need = group.max_pages - group.present_movable
    elif group is not None and group.unit_pages > pages:
        kernel, online = _unit(state, block, group.unit_pages)
        if kernel:
            return False, UnitInKernelZone()
        need = group.unit_pages - online
    scopes: list[int | None] = [None]
    if state.settings.auto_movable_numa_aware:
        scopes.append(block.node)
    own = group.id if group is not None and group.dynamic else None
    for scope in scopes:
        kernel_early, movable, cap = _ratio(state, scope, own, ratio, (DMA, DMA32) if sure else KERNEL_ZONES)
        if kernel_early <= 0:
            return False, NothingToPay(scope)
        if movable + need > cap:
            return False, AboveRatio(movable, need, cap, ratio, kernel_early, scope)
    return True, WithinRatio(need, ratio)


def _unit(state: State, block: Block, unit_pages: int) -> tuple[bool, int]:
    first = down(block.id * state.geometry.pages_per_block, unit_pages)
    online, kernel = 0, False
    for other in state.range_blocks(first, unit_pages):
        if other.state == "online":
            online += state.geometry.pages_per_block
            kernel = kernel or other.zone is None or other.zone[1] != MOVABLE
    return kernel, online


def _ratio(
    state: State, node: int | None, own_group: int | None, ratio: int, names: tuple[str, ...]
) -> tuple[int, int, int]:
    """Kernel pages of the boot that count, in zones of these names, movable pages that count against them, and the cap for
    movable pages."""
    zones = [zone for zone in state.zones.values() if zone.present and node in (None, zone.node)]
    kernel = sum(zone.early - zone.cma for zone in zones if zone.name in names)
    movable = sum(zone.present for zone in zones if zone.name == MOVABLE) + sum(zone.cma for zone in zones)
    required = 0
    for group in state.groups.values():
        if group.dynamic and group.id != own_group and node in (None, group.node):
            required += max(0, group.present_movable * 100 // ratio - group.present_kernel)
            movable -= group.present_movable
    if kernel <= required:
        return 0, movable, 0
    kernel -= required
    if own_group is not None:
        kernel += state.groups[own_group].present_kernel
    return kernel, movable, ratio * kernel // 100


def adjust_present(state: State, block: Block, key: ZoneKey, pages: int, managed: int = 0) -> Zone:
    """So many more pages of a block are present, fewer if below 0: in its zone, which is returned, and in its memory group
    (adjust_present_page_count); the zone manages so many more with them (adjust_managed_page_count)."""
    zone = state.zones[key]
    early = zone.early + pages if block.early else zone.early
    zone = msgspec.structs.replace(zone, present=zone.present + pages, managed=zone.managed + managed, early=early)
    state.zones.put(key, zone)
    if block.group is not None and (group := state.groups.get(block.group)) is not None:
        if key[1] == MOVABLE:
            group = msgspec.structs.replace(group, present_movable=group.present_movable + pages)
        else:
            group = msgspec.structs.replace(group, present_kernel=group.present_kernel + pages)
        state.groups.put(group.id, group)
    return zone
