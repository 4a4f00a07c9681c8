"""The memory notifier chain: who is told of a change, in which order, and who may say no (drivers/base/memory.c)."""

from __future__ import annotations

from typing import Final

import msgspec

from ..numbers.frozen import Frozen
from ..protocol.events import NotifierCalled
from ..protocol.reasons import HotplugError
from ..protocol.reasons.taking import Vetoed
from ..protocol.vocabulary import NotifierAction
from .architectures import Preset

_ASKS: Final[frozenset[NotifierAction]] = frozenset({"MEM_PREPARE_ONLINE", "MEM_GOING_ONLINE", "MEM_GOING_OFFLINE"})
"""The actions that a subscriber may refuse. Of all others it is told; what it answers the kernel does not look at."""


class Notifier(msgspec.Struct, frozen=True):
    """One subscriber. Higher `priority` is called earlier; `vetoes` maps an action to the errno that it answers with,
    for every range or, with `boot_memory_only`, for ranges of boot memory."""

    name: str
    priority: int = 0
    vetoes: Frozen[NotifierAction, str] = Frozen()
    boot_memory_only: bool = False


class Chain(msgspec.Struct, frozen=True):
    """All subscribers, in calling order."""

    subscribers: tuple[Notifier, ...] = ()

    def with_subscriber(self, notifier: Notifier) -> Chain:
        """One more subscriber, behind those of the same priority (register_memory_notifier)."""
        return Chain(tuple(sorted((*self.subscribers, notifier), key=lambda n: -n.priority)))

    def call(self, action: NotifierAction, pfn: int, pages: int, status_change_nid: int, early: bool) -> NotifierCalled:
        """Tell all subscribers of one action, with first pfn and pages of the range, and the node whose memory begins or ends
        with it (-1: none); `early`: it is boot memory. The first veto stops it."""
        if action in _ASKS:
            for notifier in self.subscribers:
                if action in notifier.vetoes and (early or not notifier.boot_memory_only):
                    return NotifierCalled(action, pfn, pages, status_change_nid, notifier.name)
        return NotifierCalled(action, pfn, pages, status_change_nid)

    def refusal(self, call: NotifierCalled) -> HotplugError:
        """The errno and the reason of a veto."""
        notifier = next(n for n in self.subscribers if n.name == call.vetoed_by)
        return HotplugError(notifier.vetoes[call.action], Vetoed(notifier.name, call.action), call.pfn)


_BOOT_MEMORY_GUARD: Final = Notifier(
    "prevent_bootmem_remove",
    0,
    Frozen({"MEM_GOING_OFFLINE": "EPERM"}),
    boot_memory_only=True,
)
"""arm64's notifier (arch/arm64/mm/mmu.c)."""


def chain_of(preset: Preset) -> Chain:
    """The subscribers of a kernel of some kind, as far as they ever say no on a machine with memory to spare."""
    return Chain((_BOOT_MEMORY_GUARD,) if preset.boot_offline_veto else ())
