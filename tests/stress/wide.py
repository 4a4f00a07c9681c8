"""Dice that throw rarer commands as well: files that few write to, and forms of commands that few use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from altmap.engine import Add, Command, Compact, HugePages, Machine, Pin, RemoveLmbs, VirtioMem, Write
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.units import parse_bytes
from altmap.engine.protocol.vocabulary import DAX_STATES
from msgspec.structs import replace

from .dice import MEMORY, TYPES, WEIGHTS, Dice

NODE: Final = "/sys/devices/system/node"
POOLS: Final = "/sys/kernel/mm/hugepages"
NUMBERS: Final = ("0", "1", "7", "300", "-1", "many")


class Wide(Dice):
    """Throws for one machine whatever can be said to it."""

    def __init__(self, seed: str, machine: Machine) -> None:
        super().__init__(seed, machine)
        self.asked: list[VirtioMem] = []

    def throw(self) -> Command:
        """The next command."""
        rarer = self.random.choices([None, *RARER], [sum(WEIGHTS.values()), *RARER.values()])[0]
        return super().throw() if rarer is None else rarer(self)

    def write_file(self) -> Command:
        """A write to one of the files of pages, nodes, devices and standby memory."""
        path, words = self.random.choice((self._pool, self._node, self._device, self._page, self._vm))()
        return Write(path=path, data=self.random.choice(words))

    def _pool(self) -> tuple[str, tuple[str, ...]]:
        folder = f"hugepages-{self._huge_page() // 1024}kB"
        name = self.random.choice(("nr_hugepages", "nr_hugepages", "nr_hugepages_mempolicy", "nr_overcommit_hugepages"))
        if self.rarely(3):
            return f"{NODE}/node{self.node()}/hugepages/{folder}/nr_hugepages", NUMBERS
        return f"{POOLS}/{folder}/{name}", NUMBERS

    def _node(self) -> tuple[str, tuple[str, ...]]:
        folder = f"{NODE}/node{self.node()}"
        if self.rarely(3):
            return f"{folder}/compact", ("1",)
        return f"{folder}/memory{self.block('online', 'offline')}/state", (*TYPES, "offline")

    def _device(self) -> tuple[str, tuple[str, ...]]:
        if self.rarely(2):
            return f"/sys/bus/dax/devices/dax{self.random.randrange(3)}.0/state", (*DAX_STATES, "plugged")
        block = self.first + self.random.randrange(8)
        name = self.random.choice(("config", "config", "memmap_on_memory"))
        return f"/sys/firmware/memory/memory{block}/{name}", ("0", "1", "Y", "perhaps")

    def _page(self) -> tuple[str, tuple[str, ...]]:
        start, size = self.device()
        name = self.random.choice(("probe", "hard_offline_page", "soft_offline_page"))
        return f"{MEMORY}/{name}", (f"{start:#x}", f"{start + size // 2:#x}", str(self.random.randrange(1 << 32)), "x")

    def _vm(self) -> tuple[str, tuple[str, ...]]:
        name = self.random.choice(("nr_hugepages", "compact_memory", "movable_gigantic_pages"))
        return f"/proc/sys/vm/{name}", NUMBERS

    def _huge_page(self) -> int:
        """Bytes of huge pages of the machine, rarely others."""
        sizes = state_of(self.machine).preset.huge_pages
        return 3 << 20 if not sizes or self.rarely(20) else self.random.choice(sizes)

    def remove_lmbs(self) -> Command:
        return RemoveLmbs(count=self.random.choice((0, 1, 1, 2, 5, 1000)))

    def resize(self) -> Command:
        """A request to a virtio-mem device that was asked before, where one was."""
        if not self.asked or self.rarely(4):
            command = self.virtio_mem()
            assert isinstance(command, VirtioMem)
            self.asked.append(command)
            return command
        units = self.random.choice((0, 1, 3, 40, 500))
        return replace(command := self.random.choice(self.asked), size=units * parse_bytes(command.unit))

    def compact_zone(self) -> Command:
        return Compact(node=self.node(), zone=self.zone(), order=self.random.choice((-1, 0, 3, 9, 10, 30)))

    def pin_short(self) -> Command:
        return Pin(size=self.random.choice((4096, 1 << 20)), short=True, node=self.node(), **self._pattern())

    def pool(self) -> Command:
        node = self.random.choice((None, self.node()))
        return HugePages(count=self.random.choice((0, 1, 20)), size=self._huge_page(), node=node)

    def pmem(self) -> Command:
        start, size = self.range()
        pages = size // self.machine.geometry.page_size
        free = self.random.choice((None, 0, 1, pages // 64, pages))
        return Add(
            start=start, size=size, node=self.node(), caller="pmem", free=free, reserve=self.random.choice((0, 2))
        )


RARER: Final[dict[Callable[[Wide], Command], int]] = {
    Wide.write_file: 20,
    Wide.remove_lmbs: 2,
    Wide.resize: 4,
    Wide.compact_zone: 2,
    Wide.pin_short: 2,
    Wide.pool: 3,
    Wide.pmem: 2,
}
"""How likely each is beside the commands of all dice."""
