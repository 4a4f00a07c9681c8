"""What the kernels do differently, as data: one row a kernel, one column a difference.

Operations read the columns; none of them asks for a kernel by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ..protocol.vocabulary import AutoOnline, Caller, Mode, OnlinePolicy, Placement


class KernelModel(msgspec.Struct, frozen=True):
    """One kernel's way with hot-added memmap.

    opt_in                 callers that ask for a memmap on memory
    parameter_modes        what memory_hotplug.memmap_on_memory can be set to at boot; empty: there is no such switch, and
                           every caller that asks gets it
    single_block           only a request of exactly one block can carry its own memmap
    refuse_unsupported     a request that asks and cannot be served is EINVAL; else it falls back silently
    asks_first             the ACPI driver asks only where it is supported
    heads_present          present pages include head pages
    head_flags             flags of a head page in /proc/kpageflags
    heads_unmovable        pageblocks of a block's own head become Unmovable
    movable_shortcut       pages in Movable pageblocks are not looked at before isolation
    tolerates_existing     a section that is there already does not stop an add
    removal_defect         the memmap of a request of several sections is used after it was unmapped
    block_rollback         an add that fails undoes the blocks of this request that were finished
    poison_refuses_online  a block with a poisoned page cannot be onlined (EHWPOISON)
    prepare_finish         the notifiers MEM_PREPARE_ONLINE and MEM_FINISH_OFFLINE exist
    groups, policies       memory groups, and the online policies
    late_node_state        a node that lost its memory leaves the zonelists only at their next rebuild
    memoryless_first       a node without memory still stands first in its own fallback order
    offline_deadline       seconds after which offlining gives up; None: only a signal ends it
    offline_retries        migration failures after which it gives up
    movable_minimum_apart  the min watermark of ZONE_MOVABLE is a small share of its own
    compact_values         what /proc/sys/vm/compact_memory accepts; None: anything
    dissolves_gigantic     a free gigantic page gives way to offlining
    pool_in_order          huge pages of one write are used first to last, not last to first
    node_pool_persistent   a node's nr_hugepages is compared without the surplus of that node, not of all
    hvo_copies_first        a huge page's memmap is given back whole, for a fresh copy of its first page, and taken again
                           from any node
    unhandlable_page       what the kernel log calls a page that memory_failure cannot take out of use; None: not known
    default_online         memhp_default_state without a command line
    """

    name: str
    title: str
    release: tuple[int, int]
    pool: Placement
    opt_in: tuple[Caller, ...]
    parameter_modes: tuple[Mode, ...]
    single_block: bool = False
    refuse_unsupported: bool = False
    asks_first: bool = False
    heads_present: bool = True
    head_flags: tuple[str, ...] = ()
    heads_unmovable: bool = True
    movable_shortcut: bool = False
    tolerates_existing: bool = False
    removal_defect: bool = False
    block_rollback: bool = False
    poison_refuses_online: bool = False
    prepare_finish: bool = False
    groups: bool = True
    policies: tuple[OnlinePolicy, ...] = ("contig-zones", "auto-movable")
    offline_deadline: int | None = None
    offline_retries: int | None = None
    late_node_state: bool = False
    memoryless_first: bool = False
    movable_minimum_apart: bool = False
    compact_values: tuple[int, ...] | None = None
    dissolves_gigantic: bool = False
    pool_in_order: bool = False
    node_pool_persistent: bool = False
    hvo_copies_first: bool = False
    unhandlable_page: str | None = "unknown page"
    default_online: AutoOnline = "offline"


_RFC = KernelModel(
    name="rfc-v2",
    title="Hocko's RFC v2 (2017), with its removal mended",
    release=(4, 13),
    pool="range",
    opt_in=("acpi", "balloon", "probe"),
    parameter_modes=(),
    heads_present=False,
    head_flags=("reserved", "vmemmap"),
    heads_unmovable=False,
    movable_shortcut=True,
    tolerates_existing=True,
    groups=False,
    policies=("contig-zones",),
    offline_deadline=120,
    offline_retries=5,
    unhandlable_page=None,
)

_MODELS: Final[tuple[KernelModel, ...]] = (
    _RFC,
    msgspec.structs.replace(
        _RFC, name="rfc-v2-as-posted", title="Hocko's RFC v2 (2017) to the letter", removal_defect=True
    ),
    KernelModel(
        name="6.1",
        title="Linux 6.1 (memmap_on_memory for requests of one block)",
        release=(6, 1),
        pool="block",
        opt_in=("acpi",),
        parameter_modes=("N", "Y"),
        single_block=True,
        refuse_unsupported=True,
        asks_first=True,
        late_node_state=True,
        memoryless_first=True,
        head_flags=("reserved", "owner_private"),
    ),
    KernelModel(
        name="6.12",
        title="Linux 6.12 (memmap_on_memory per block, force)",
        release=(6, 12),
        pool="block",
        opt_in=("acpi", "dax"),
        parameter_modes=("N", "Y", "force"),
        head_flags=("owner_private",),
        block_rollback=True,
        poison_refuses_online=True,
        prepare_finish=True,
        movable_minimum_apart=True,
        compact_values=(1,),
        dissolves_gigantic=True,
        pool_in_order=True,
        node_pool_persistent=True,
        hvo_copies_first=True,
        unhandlable_page="get hwpoison page",
        default_online="online",
    ),
)

MODELS: Final[Mapping[str, KernelModel]] = MappingProxyType({model.name: model for model in _MODELS})
"""Every kernel model by name."""


def nearest_model(release: tuple[int, int]) -> KernelModel:
    """The newest model of a kernel that was released which is not newer than a release, else the oldest of them. The
    RFC's kernel was never released and is modelled only where it is asked for."""
    candidates = [model for model in _MODELS if model.parameter_modes]
    fitting = [model for model in candidates if model.release <= release]
    return max(fitting or candidates[:1], key=lambda model: model.release)
