"""A machine as it would be after a boot: another kernel, or other options, on the same memory.

What a boot does is not all known, so what stands in for it is said in the notes of the new machine: memory of the boot is used
as it is now; memory that the firmware names as memory devices is added again as the kernel boots; memory that a driver or a
person added is not there until they add it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from ..commands import Add, Command, Offline, Remove
from ..commands.outcome import Outcome
from ..kernels.model import KernelModel
from ..kernels.models import find_model
from ..machine import Machine
from ..memory.block import Block
from ..memory.origin import Origin
from ..memory.settings import Boot, Settings, boot_of, settings_of
from ..memory.state import Globals, State, state_of
from ..memory.zone import Reckoned
from ..numbers.errors import BadInput, did_you_mean
from ..numbers.runs import consecutive
from ..numbers.units import format_bytes, parse_bytes
from ..protocol.reasons import HotplugError
from ..protocol.vocabulary import FREE, MEMMAP, PAGE_OFFLINE
from ..questions.narrate.reason import sentence
from ..questions.narrate.words import block_names
from ..run.rehearsal import attempt
from ..sysfs.hotplug_files import read
from ..sysfs.paths import PARAMETER_FILES

_SETTINGS: Final = tuple(Settings.__struct_fields__)
_BOOT: Final = ("movable_node", "hugetlb_free_vmemmap", "probe")
_ANEW: Final = ("hugepages", "kernelcore", "movablecore")
"""Options that give boot memory another layout, which a machine that keeps its memory as it is cannot show."""

BOOT_KEYS: Final = ("model", *_SETTINGS, *_BOOT, "block_size")
"""What `reboot` can be given: the kernel model, the parameters as their files are called, facts of the boot, and the size of a
memory block, which no option decides but the kernel or the firmware (memory_block_size_bytes)."""


class _Device(NamedTuple):
    """Hot-added memory: start and size in bytes, its node, and who added it (None: not known)."""

    start: int
    size: int
    node: int
    caller: str | None


def reboot(machine: Machine, options: Mapping[str, str]) -> Machine:
    """A new machine: the memory of this one after a boot with `options` (see `BOOT_KEYS`), each as text, such as
    ``{"model": "6.1", "memmap_on_memory": "Y"}``. This one is not changed; the notes of the new one's origin say what was
    carried over and what was not. Raises `BadInput` for a key or a value that cannot be."""
    model = _checked(machine, options)
    state = _bare_copy(state_of(machine), options)
    devices = _devices(state)
    _take_out(state, devices)
    if "block_size" in options:
        _cut(state, parse_bytes(options["block_size"]))
    state.use_model(model)
    _set_parameters(state, {key: text for key, text in options.items() if key in _SETTINGS})
    state.globals.change(**msgspec.structs.asdict(Globals(hugetlb_rank=state.globals.value.hugetlb_rank)))
    notes = [*_kept(devices, options), *_add_again(state, devices)]
    return Machine(_with_boot(state, state.boot), _origin(machine.origin, model, options, notes))


# -- what is asked for --------------------------------------------------------------------------------------------------


def _checked(machine: Machine, options: Mapping[str, str]) -> KernelModel:
    """The kernel model that is asked for, else the machine's own."""
    for key in options:
        if key in _ANEW:
            raise BadInput(
                f"{key} lays out the memory of the boot anew, and a machine booted from this one keeps it as it is"
            )
        if key not in BOOT_KEYS:
            raise BadInput(
                f"{key!r} is nothing that a boot decides; it is one of {', '.join(BOOT_KEYS)}{did_you_mean(key, BOOT_KEYS)}"
            )
    settings_of({key: text for key, text in options.items() if key in _SETTINGS})
    return find_model(options["model"]) if "model" in options else machine.model


def _set_parameters(state: State, given: Mapping[str, str]) -> None:
    """The parameters, as the command line of the kernel sets them. Raises `BadInput` where this kernel has them not."""
    allowed = {"memmap_on_memory": state.model.parameter_modes, "online_policy": state.model.policies}
    for key, text in given.items():
        words = allowed.get(key)
        if words is not None and text not in words and words:
            raise BadInput(f"{key}: a kernel as {state.model.name} knows {', '.join(words)} and not {text}")
        if key != "auto_online_blocks":
            try:
                read(state, PARAMETER_FILES[key])
            except HotplugError:
                raise BadInput(
                    f"a kernel as {state.model.name} has no parameter {key} on {state.geometry.arch}"
                ) from None
    values = msgspec.structs.asdict(settings_of({**state.settings.texts(), **given}))
    state.parameters.change(**values)


# -- memory -------------------------------------------------------------------------------------------------------------


def _bare_copy(state: State, options: Mapping[str, str]) -> State:
    """The state with other facts of the boot."""
    facts = {key: text for key, text in options.items() if key in _BOOT}
    return _with_boot(state, boot_of({**state.boot.texts(), **facts}))


def _with_boot(state: State, boot: Boot) -> State:
    copy = State(state.preset, state.geometry, state.model, boot, state.chain)
    for table, own in zip(state.tables, copy.tables, strict=True):
        own.load(table)
    for key in list(copy.watermarks):  # a boot sets its own
        copy.watermarks.drop(key)
    copy.reckoned.load({None: Reckoned()})
    return copy


def _devices(state: State) -> list[_Device]:
    """All memory that was hot-added, by address: requests, and what a capture shows as devices."""
    page, size = state.geometry.page_size, state.geometry.block_size
    found = [
        _Device(request.start * page, request.pages * page, request.node, request.caller)
        for request in state.requests.values()
    ]
    loose: dict[tuple[int | None, int], list[int]] = {}
    asked = {block.id for one in state.requests.values() for block in state.range_blocks(one.start, one.pages)}
    for block in state.blocks.values():
        if not block.early and block.id not in asked:
            loose.setdefault((block.group, block.node), []).append(block.id)
    for (group, node), numbers in loose.items():
        caller = None if group is None else "virtio-mem" if state.groups[group].dynamic else "acpi"
        for first, last in consecutive(sorted(numbers)):
            found.append(_Device(first * size, (last - first + 1) * size, node, caller))
    return sorted(found, key=lambda device: device.start)


def _take_out(state: State, devices: list[_Device]) -> None:
    """Remove hot-added memory whatever is in it: a boot asks nobody. Raises `BadInput` where that cannot be followed."""
    unit = state.geometry.block_size
    hot = [block for block in state.blocks.values() if not block.early]
    numbers = {block.id for block in hot}
    pages = state.geometry.pages_per_block
    if any(pfn // pages in numbers for pfn in state.hugepages):
        raise BadInput("huge pages lie in hot-added memory; give them back first, so that a boot can be followed")
    state.model = msgspec.structs.replace(state.model, removal_defect=False)
    for address in list(state.virtio_mem):
        state.virtio_mem.drop(address)
    for block in hot:
        _empty(state, block)
    _all(state, [Offline(block=block.id) for block in sorted(hot, key=lambda b: -b.id) if block.state != "offline"])
    _all(state, [Remove(start=start, size=size) for start, size, *_ in reversed(devices)], unit)
    left = {section // state.geometry.sections_per_block for section in state.sections} - state.blocks.keys()
    _all(state, [Remove(start=number * unit, size=unit) for number in sorted(left, reverse=True)])
    for address in list(state.acpi_devices):
        state.acpi_devices.drop(address)


def _cut(state: State, size: int) -> None:
    """Boot memory in blocks of another size. Raises `BadInput` where there can be none of it."""
    geometry = msgspec.structs.replace(state.geometry, block_size=size)
    if state.preset.blocks_by == "section" and size != geometry.section_size:
        raise BadInput(
            f"on {geometry.arch} a block is one section of {format_bytes(geometry.section_size)}, and never another size"
        )
    parts: dict[int, list[Block]] = {}
    for block in state.blocks.values():
        for section in state.block_sections(block.id):
            parts.setdefault(section.nr // geometry.sections_per_block, []).append(block)
    for number, old in parts.items():
        if len({block.state for block in old}) > 1:
            raise BadInput(
                f"memory{number} of {format_bytes(size)} would be online in part; make all of it online first"
            )
    blocks = [_joined(number, old) for number, old in sorted(parts.items())]
    for number in list(state.blocks):
        state.blocks.drop(number)
    state.use_geometry(geometry)
    for block in blocks:
        zones = {key for section in state.block_sections(block.id) for key, _ in section.zones}
        state.blocks.put(block.id, msgspec.structs.replace(block, zone=zones.pop() if len(zones) == 1 else None))


def _joined(number: int, old: Sequence[Block]) -> Block:
    """A block of boot memory that has what these had."""
    nodes = tuple(sorted({node for block in old for node in block.nodes}))
    poisoned, stuck = any(block.hwpoison for block in old), any(block.stuck for block in old)
    return Block(number, old[0].state, nodes, early=True, hwpoison=poisoned, stuck=stuck)


def _empty(state: State, block: Block) -> None:
    """Nothing in a block is in use any more but for memmap."""
    for section in state.block_sections(block.id):
        state.sections.put(section.nr, msgspec.structs.replace(section, hwpoison=0, estimated=False, unseen=0))
        for kind, have in list(section.pages.items()):
            if section.online and kind not in (FREE, MEMMAP, PAGE_OFFLINE):
                state.set_kind(state.sections[section.nr], have, FREE)
    state.blocks.put(block.id, msgspec.structs.replace(state.blocks[block.id], stuck=False))


def _all(state: State, commands: Sequence[Command], unit: int = 0) -> None:
    """Carry out commands in whatever order they can be; a removal that is refused as a whole is tried by blocks of `unit`
    bytes."""
    while commands:
        refused: list[tuple[Command, Outcome]] = []
        for command in commands:
            tried = attempt(state, command)
            if not tried.ok:
                refused.append((command, tried))
        if len(refused) == len(commands):
            command, tried = refused[0]
            if unit and isinstance(command, Remove) and int(command.size) > unit:
                start, size = int(command.start), int(command.size)
                commands = [Remove(start=at, size=unit) for at in range(start + size - unit, start - 1, -unit)]
                commands += [other for other, _ in refused[1:]]
                continue
            raise BadInput(f"a boot of this machine cannot be followed: {tried.result}, {sentence(tried.reason)}")
        commands = [command for command, _ in refused]


def _add_again(state: State, devices: list[_Device]) -> Iterator[str]:
    """The ACPI driver finds the memory devices when it starts (acpi_memory_device_add), and adds them by the rules of this
    boot; yields what came of it."""
    for device in devices:
        if device.caller != "acpi":
            continue
        tried = attempt(state, Add(start=device.start, size=device.size, node=device.node))
        if not tried.ok:
            yield f"the memory device of {_name(state, device)} was not added: {tried.result}, {sentence(tried.reason)}"


# -- what is said of it -------------------------------------------------------------------------------------------------


def _kept(devices: list[_Device], options: Mapping[str, str]) -> Iterator[str]:
    given = " ".join(f"{key}={text}" for key, text in options.items())
    yield f"derived as if booted{f' with {given}' if given else ''}: boot memory is used as it was before"
    if again := [device for device in devices if device.caller == "acpi"]:
        size = format_bytes(sum(device.size for device in again))
        devices_are = (
            "1 memory device of the firmware is"
            if len(again) == 1
            else f"{len(again)} memory devices of the firmware are"
        )
        yield f"{devices_are} empty ({size}), added again by the rules of this boot"
    for caller in sorted({device.caller or "" for device in devices if device.caller != "acpi"}):
        size = format_bytes(sum(device.size for device in devices if (device.caller or "") == caller))
        yield f"{size} that {caller or 'somebody unknown'} had added are not there: whoever wants them adds them again"


def _name(state: State, device: _Device) -> str:
    unit = state.geometry.block_size
    return block_names(range(device.start // unit, (device.start + device.size) // unit))


def _origin(origin: Origin, model: KernelModel, options: Mapping[str, str], notes: list[str]) -> Origin:
    kernel = f"Linux version {model.release[0]}.{model.release[1]}" if "model" in options else origin.kernel
    was = origin.description.removeprefix(_FROM)
    return msgspec.structs.replace(
        origin, description=was and _FROM + was, kernel=kernel, notes=(*notes, *origin.notes)
    )


_FROM: Final = "derived from: "
"""Before what a machine was, which need not hold of the one made of it."""
