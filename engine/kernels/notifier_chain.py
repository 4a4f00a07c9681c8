"""The memory notifier chain: who is told of a change, in which order, and who may say no (drivers/base/memory.c)."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ..numbers.frozen import Frozen
from ..protocol.events import NotifierCalled
from ..protocol.reasons import HotplugError
from ..protocol.reasons.taking import Vetoed

Action = Literal[
    "MEM_PREPARE_ONLINE",
    "MEM_GOING_ONLINE",
    "MEM_CANCEL_ONLINE",
    "MEM_ONLINE",
    "MEM_GOING_OFFLINE",
    "MEM_CANCEL_OFFLINE",
    "MEM_OFFLINE",
    "MEM_FINISH_OFFLINE",
    "NODE_ADDING_FIRST_MEMORY",
    "NODE_ADDED_FIRST_MEMORY",
    "NODE_CANCEL_ADDING_FIRST_MEMORY",
    "NODE_REMOVING_LAST_MEMORY",
    "NODE_REMOVED_LAST_MEMORY",
    "NODE_CANCEL_REMOVING_LAST_MEMORY",
]
"""What subscribers are told. Since 6.17 a chain of its own is told of a node's first and last memory, and the memory notifiers
no longer are."""


class Notifier(msgspec.Struct, frozen=True):
    """One subscriber. Higher `priority` is called earlier; `vetoes` maps an action to the errno that it answers with,
    for every range or, with `boot_memory_only`, for ranges of boot memory."""

    name: str
    priority: int = 0
    vetoes: Frozen[Action, str] = Frozen()
    boot_memory_only: bool = False


class Chain(msgspec.Struct, frozen=True):
    """All subscribers, in calling order."""

    subscribers: tuple[Notifier, ...] = ()

    def with_subscriber(self, notifier: Notifier) -> Chain:
        """One more subscriber, behind those of the same priority (register_memory_notifier)."""
        return Chain(tuple(sorted((*self.subscribers, notifier), key=lambda n: -n.priority)))

    def call(self, action: Action, pfn: int, pages: int, status_change_nid: int, early: bool) -> NotifierCalled:
        """Run one action over the chain; the first veto stops it. Only GOING_* and PREPARE_ONLINE can be vetoed."""
        if "GOING" in action or action == "MEM_PREPARE_ONLINE":
            for notifier in self.subscribers:
                if action in notifier.vetoes and (early or not notifier.boot_memory_only):
                    return NotifierCalled(action, pfn, pages, status_change_nid, notifier.name)
        return NotifierCalled(action, pfn, pages, status_change_nid)

    def refusal(self, call: NotifierCalled) -> HotplugError:
        """The errno and the reason of a veto."""
        notifier = next(n for n in self.subscribers if n.name == call.vetoed_by)
        errno = next(errno for action, errno in notifier.vetoes.items() if action == call.action)
        return HotplugError(errno, Vetoed(notifier.name, call.action), call.pfn)


DEFAULT_CHAIN: Final = Chain(
    (
        Notifier("ksm", 100),
        Notifier("ipc", 10),
        Notifier("slab", 1),
        Notifier("page_ext"),
        Notifier("memory-tiers"),
    )
)
"""The subscribers of an ordinary kernel; none of them says no on a machine with memory to spare."""

BOOT_MEMORY_GUARD: Final = Notifier(
    "prevent_bootmem_remove",
    0,
    Frozen({"MEM_GOING_OFFLINE": "EPERM"}),
    boot_memory_only=True,
)
"""arm64's notifier (arch/arm64/mm/mmu.c)."""
