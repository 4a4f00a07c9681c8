"""virtio-mem: a device of a virtual machine is asked to have more memory plugged, or less."""

from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.units import parse_bytes
from ..protocol.reasons.notes import Note
from .fields import Base
from .form import Form, Option
from .row import Row, Steps, Work
from .shell import Place, Resize, comment, monitor, qemu_size, step


class VirtioMem(Base, tag="virtio_mem", frozen=True):
    """Ask the virtio-mem device whose region begins at address `start` to have `size` bytes plugged (requested_size). It
    plugs and unplugs device blocks of `unit` bytes, and what it plugs is memory of `node`. All three are bytes, or text like
    "2M"."""

    start: int | str
    size: int | str
    unit: int | str = "2M"
    node: int = 0


def _run(state: State, command: VirtioMem, notes: list[Note]) -> Steps:
    from ..hotplug import virtio_mem
    from ..kernels.drivers import without_driver

    start, size, unit = (parse_bytes(part) for part in (command.start, command.size, command.unit))
    notes.extend(without_driver(state.model, "virtio-mem"))
    return virtio_mem.resize(state, start, size, unit, command.node)


def _export(command: VirtioMem, place: Place) -> Iterator[str]:
    """The device is there since the boot; its size is asked for at the hypervisor."""
    start = parse_bytes(command.start)
    yield step(_FORM.write(command))
    device = f"the virtio-mem-pci device whose region begins at {start:#x} (info memory-devices)"
    yield comment(f"vmem-{start:x} stands for the id of {device}")
    size = parse_bytes(command.size)
    yield monitor(f"qom-set vmem-{start:x} requested-size {qemu_size(size)}", Resize(start, size))


_FORM: Final = Form(VirtioMem, "SIZE at START", Option("unit", always=True), Option("node", always=True))
ROW: Final = Row(
    VirtioMem,
    _FORM,
    "ask a virtio-mem device for a size: it plugs or unplugs units until it has that",
    "virtio-mem 1G at 4G unit 2M",
    _run,
    _export,
    hotplug=True,
    work=Work(begin=128),
)
