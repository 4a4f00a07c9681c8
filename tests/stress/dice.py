"""Random commands, likely and unlikely ones, for whatever a machine looks like at the moment."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from altmap.engine import (
    CALLERS,
    PLACEMENTS,
    Add,
    Allocate,
    Command,
    Compact,
    Eject,
    Free,
    HugePages,
    Machine,
    Offline,
    Online,
    Pin,
    Poison,
    Remove,
    Unpin,
    VirtioMem,
    Write,
)

MEMORY: Final = "/sys/devices/system/memory"
PARAMETERS: Final = "/sys/module/memory_hotplug/parameters"
TYPES: Final = ("online", "online_kernel", "online_movable")
REGION: Final = 48
"""Memory comes and goes within so many blocks behind the highest boot block."""

PARAMETER_VALUES: Final = {
    f"{MEMORY}/auto_online_blocks": ("offline", *TYPES, "junk"),
    f"{PARAMETERS}/online_policy": ("contig-zones", "auto-movable", "junk"),
    f"{PARAMETERS}/auto_movable_ratio": ("0", "50", "301", "100000", "-1"),
    f"{PARAMETERS}/auto_movable_numa_aware": ("Y", "N", "maybe"),
    f"{PARAMETERS}/memmap_on_memory": ("Y",),
}


class Dice:
    """Throws commands for one machine; the same seed and machine give the same throws."""

    def __init__(self, seed: str, machine: Machine) -> None:
        self.random = random.Random(seed)
        self.machine = machine
        self.first = 1 + max(block.id for block in machine.blocks.values())

    def throw(self) -> Command:
        """The next command."""
        makers = list(WEIGHTS)
        return self.random.choices(makers, [WEIGHTS[maker] for maker in makers])[0](self)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def rarely(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    def block(self, *states: str) -> int:
        """A block in one of these states, rarely any number at all."""
        found = [number for number, block in sorted(self.machine.blocks.items()) if block.state in states]
        if not found or self.rarely(20):
            return self.random.randrange(self.first + REGION)
        return self.random.choice(found)

    def range(self) -> tuple[int, int]:
        """Address and size of some blocks in the region; rarely misaligned, empty or enormous."""
        size = self.machine.geometry.block_size
        start = (self.first + self.random.randrange(REGION)) * size
        length = size * self.random.choice((1, 1, 1, 2, 3, 4, 8))
        if self.rarely(25):
            start += self.random.choice((size // 2, 4096, 1))
        if self.rarely(25):
            length = self.random.choice((0, 1, size // 2, size * 1000, 1 << 62))
        return start, length

    def device(self) -> tuple[int, int]:
        """A range that one add request made, rarely another."""
        requests, page = sorted(self.machine.requests), self.machine.geometry.page_size
        if not requests or self.rarely(6):
            return self.range()
        request = self.machine.requests[self.random.choice(requests)]
        return request.start * page, request.pages * page

    def node(self) -> int:
        nodes = sorted(self.machine.nodes)
        return 99 if self.rarely(40) else self.random.choice(nodes)

    def bytes(self) -> int:
        return self.random.choice((1, 4096, 1 << 20, 1 << 24, 1 << 27, 1 << 30, 1 << 40))

    def zone(self) -> str | None:
        return self.random.choice((None, "DMA", "DMA32", "Normal", "Movable"))

    # -- commands ------------------------------------------------------------------------------------------------------

    def add(self) -> Command:
        start, size = self.range()
        extra: dict[str, Any] = {}
        if self.rarely(3):
            extra["placement"] = self.random.choice(PLACEMENTS)
        if self.rarely(4):
            extra["fallback"] = self.random.choice((True, False))
        if self.rarely(3):
            extra["caller"] = self.random.choice(CALLERS)
        if extra.get("caller") == "pmem":
            extra |= {"reserve": self.random.choice((0, 2, 512)), "align": self.random.choice((0, 510))}
        return Add(start=start, size=size, node=self.node(), **extra)

    def online(self) -> Command:
        return Online(block=self.block("offline"), type=self.random.choice(TYPES))

    def offline(self) -> Command:
        return Offline(block=self.block("online"))

    def eject(self) -> Command:
        start, size = self.device()
        return Eject(start=start, size=size)

    def remove(self) -> Command:
        start, size = self.device()
        return Remove(start=start, size=size)

    def write_block(self) -> Command:
        name, words = self.random.choice(
            [("state", (*TYPES, "offline", "junk", "")), ("online", ("0", "1", "2", "")), ("removable", ("1",))]
        )
        block = self.block("online", "offline")
        return Write(path=f"{MEMORY}/memory{block}/{name}", data=self.random.choice(words))

    def write_parameter(self) -> Command:
        path = self.random.choice(list(PARAMETER_VALUES))
        return Write(path=path, data=self.random.choice(PARAMETER_VALUES[path]))

    def allocate(self) -> Command:
        kind: Any = self.random.choice(
            ("movable", "movable", "movable", "unmovable", "reclaimable", "pagetable", "huge")
        )
        return Allocate(size=self.bytes(), kind=kind, node=self.node(), zone=self.zone(), **self._pattern())

    def free(self) -> Command:
        kind: Any = self.random.choice(("movable", "unmovable", "reclaimable", "pagetable", "huge"))
        size = None if self.rarely(2) else self.bytes()
        return Free(size=size, kind=kind, node=self.node(), zone=self.zone(), **self._pattern())

    def pin(self) -> Command:
        kind = self.random.choice((Pin, Unpin, Unpin))
        return kind(
            size=self.random.choice((4096, 1 << 20, None)), node=self.node(), zone=self.zone(), **self._pattern()
        )

    def _pattern(self) -> dict[str, Any]:
        return {
            "pattern": self.random.choice(("sequential", "checkerboard", "random")),
            "seed": self.random.randrange(100),
        }

    def compact(self) -> Command:
        return Compact(node=self.random.choice((None, self.node())))

    def huge_pages(self) -> Command:
        node = self.random.choice((None, self.node()))
        return HugePages(
            count=self.random.choice((0, 0, 1, 20, 10000)), size=self.random.choice(("2M", "1G")), node=node
        )

    def poison(self) -> Command:
        start, size = self.device()
        return Poison(address=start + self.random.randrange(max(1, size)), soft=self.rarely(3))

    def virtio_mem(self) -> Command:
        start, _ = self.range()
        return VirtioMem(start=start, size=self.bytes(), unit=self.random.choice(("2M", "4M", "1G")), node=self.node())


WEIGHTS: Final[dict[Callable[[Dice], Command], int]] = {
    Dice.add: 24,
    Dice.online: 30,
    Dice.offline: 18,
    Dice.eject: 8,
    Dice.remove: 6,
    Dice.write_block: 8,
    Dice.write_parameter: 4,
    Dice.allocate: 8,
    Dice.free: 6,
    Dice.pin: 2,
    Dice.compact: 1,
    Dice.huge_pages: 2,
    Dice.poison: 1,
    Dice.virtio_mem: 3,
}
"""How likely each command is."""
