"""Pools of huge pages: their files, and a page of 1 GiB that eight blocks share."""

from __future__ import annotations

from altmap.engine import Machine, Write
from altmap.engine.memory.state import state_of
from altmap.engine.mm.free_area import order_counts

from .guests import dimm, do, numbers, online, two_nodes

GLOBAL = "/sys/kernel/mm/hugepages"
BLOCK = 32768
GIB = 1 << 30


def file(node: int | None = None, name: str = "nr_hugepages", kb: int = 2048) -> str:
    """A file of the pool of a node, or of all."""
    folder = GLOBAL if node is None else f"/sys/devices/system/node/node{node}/hugepages"
    return f"{folder}/hugepages-{kb}kB/{name}"


G1 = file(1, kb=1048576)


def ask(machine: Machine, path: str, count: int) -> int:
    """Write a number to a file, as a person does, and read back how many there are."""
    do(machine, Write(path=path, data=str(count)))
    return int(machine.read(path))


def orders(machine: Machine, name: str, node: int) -> dict[int, int]:
    """/proc/buddyinfo of a zone: areas by order, where there are any."""
    return {order: count for order, count in enumerate(order_counts(state_of(machine), (node, name))) if count}


def gigantic_in_eight_blocks(model: str) -> Machine:
    """Blocks 32 to 39 online Normal, without heads, and one free gigantic page over all of them."""
    machine = two_nodes("1G", model=model, memmap_on_memory="N")
    dimm(machine, "1G", node=1)
    online(machine, *range(32, 40))
    assert ask(machine, G1, 1) == 1
    assert numbers(machine, "Normal", 1) == (0, 262144, 262144, 262144)
    assert not orders(machine, "Normal", 1)
    return machine
