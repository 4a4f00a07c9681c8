"""add: memory is hot-added."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from ..memory.state import State
from ..numbers.errors import BadInput
from ..numbers.units import parse_bytes
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import DAX_CALLERS, Caller, Placement, caller_named
from ..sysfs.paths import MEMORY
from .fields import Base
from .form import Choice, Form, Option
from .row import Row, Steps, Work
from .shell import Backend, Dimm, Person, Place, Stop, comment, echo, monitor, qemu_size, reconfigure, step


class Add(Base, tag="add", frozen=True):
    """Add `size` bytes of memory at address `start` to a node (add_memory_resource, mm/memory_hotplug.c).

    `start`, `size`  bytes, or text like "4G"
    `caller`         which driver adds it, in Python also by names such as kmem and hyperv; that decides whether it asks for a
                     memmap in the added memory
    `placement`      where the memmap is to go; None: wherever that caller's kernel puts it
    `fallback`       may kernel memory serve where `placement` cannot be? None: as the kernel does
    `reserve`        pages that a pmem driver keeps at the start of its altmap
    `align`          pages by which it has the memmap aligned
    `free`           pages that its altmap has for the memmap, as its namespace says; None: as many as that needs
    """

    start: int | str
    size: int | str
    node: int = 0
    caller: Caller = "acpi"
    placement: Placement | None = None
    fallback: bool | None = None
    reserve: int = 0
    align: int = 0
    free: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.caller, str) and (caller := caller_named(self.caller)) != self.caller:
            msgspec.structs.force_setattr(self, "caller", caller)


_DEVICE_PLACEMENTS: Final[Mapping[str, tuple[Placement, ...]]] = {"hmm": ("boot",), "pmem": ("boot", "range")}
"""Where drivers of device memory can have their memmap: only pmem brings an altmap along."""


def _run(state: State, command: Add, notes: list[Note]) -> Steps:
    from ..hotplug import dax
    from ..hotplug.add import AddRequest, add_memory
    from ..hotplug.dlpar import add_lmbs
    from ..kernels.drivers import without_driver

    start, size = parse_bytes(command.start), parse_bytes(command.size)
    for name, pages in (("reserve", command.reserve), ("align", command.align), ("free", command.free or 0)):
        if not 0 <= pages <= size // state.geometry.page_size:
            raise BadInput(
                f"{name} is {pages} pages; it can be 0 to {size // state.geometry.page_size}, the pages added"
            )
    allowed = _DEVICE_PLACEMENTS.get(command.caller)
    if allowed and command.placement not in (None, *allowed):
        raise BadInput(
            f"{command.caller} cannot place its memmap by {command.placement!r}; leave it out or say {' or '.join(allowed)}"
        )
    request = AddRequest(
        start,
        size,
        command.node,
        command.caller,
        command.placement,
        command.fallback,
        command.reserve,
        command.align,
        command.free,
    )
    notes.extend(without_driver(state.model, command.caller))
    if command.caller == "dlpar":
        return add_lmbs(state, request)
    return dax.bind(state, request) if command.caller in DAX_CALLERS else add_memory(state, request)


_NO_LINE: Final[Mapping[Caller, str]] = {
    "balloon": "the hypervisor's balloon driver adds memory when it is asked for more there",
    "virtio-mem": "virtio-mem adds memory by itself: raise its requested-size in the QEMU monitor",
    "dlpar": "add memory to the partition at its management console, or with drmgr -c mem -a",
    "sclp": "standby memory of the partition: chmem --enable",
    "cxl": "create a region of CXL memory: cxl create-region, then daxctl reconfigure-device --mode=system-ram --no-online",
    "hmm": "a device driver adds memory of its own",
    "pmem": "create a namespace on the persistent memory: ndctl create-namespace --map=dev",
}


_NOT_RELEASED: Final[tuple[Placement, ...]] = ("range", "sections")
"""Placements that only the RFC proposed."""


def _export(command: Add, place: Place) -> Iterator[str]:
    start, size = parse_bytes(command.start), parse_bytes(command.size)
    yield step(_FORM.write(command))
    if command.placement in _NOT_RELEASED:
        yield Stop(
            f"no released kernel places a memmap so (placement {command.placement}): what follows would not be true"
        )
    elif command.placement is not None or command.fallback is not None:
        yield comment("(on the real machine memory_hotplug.memmap_on_memory decides where the memmap goes)")
    if command.caller == "acpi":
        number = place.next_dimm
        yield monitor(f"object_add memory-backend-ram,id=mem{number},size={qemu_size(size)}", Backend(size))
        yield monitor(
            f"device_add pc-dimm,id=dimm{number},memdev=mem{number},node={command.node},addr={start:#x}",
            Dimm(number, command.node, start),
        )
    elif command.caller == "probe":
        for address in range(start, start + size, place.block_size):
            yield echo(f"{MEMORY}/probe", f"{address:#x}")
    elif command.caller == "dax":  # daxctl would online it by itself, as movable
        yield reconfigure("give a DAX device to the system", "--mode=system-ram --no-online")
    else:
        yield Person(_NO_LINE[command.caller])


_FORM: Final = Form(
    Add,
    "SIZE at START",
    Option("node", always=True),
    Option("caller"),
    Option("placement"),
    Choice("fallback", (("fallback", True), ("no-fallback", False))),
    Option("reserve"),
    Option("align"),
    Option("free"),
)
ROW: Final = Row(
    Add,
    _FORM,
    "hot-add memory, in blocks that are offline; caller says who adds it (also by names such as dimm, hyperv, xen, kmem, drmgr), "
    "placement where its memmap goes",
    "add 1G at 4G node 0",
    _run,
    _export,
    hotplug=True,
    work=Work(begin=64),
)
