"""The field `counters` of a snapshot: the numbers of several small tables, each under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..memory.block import AcpiDevice, VirtioMemDevice
from ..memory.state import Globals, Hstate, State
from ..memory.zone import KERNEL_ZONES
from ..numbers.errors import BadInput


class _Row(msgspec.Struct, frozen=True):
    """A field of the values of a table is saved under `prefix` and their keys (`in_bytes`: as bytes, not as pages)."""

    prefix: str
    table: str
    field: str
    in_bytes: bool = False


_ROWS: Final = (
    _Row("hugetlb_next_alloc_", "hstates", "next_nid_to_alloc"),
    _Row("hugetlb_next_free_", "hstates", "next_nid_to_free"),
    _Row("nr_overcommit_hugepages_", "hstates", "nr_overcommit_huge_pages", in_bytes=True),
    _Row("virtio_mem_waiting_", "virtio_mem", "requested_size"),
    _Row("virtio_mem_unit_", "virtio_mem", "device_block_size"),
    _Row("acpi_bound_", "acpi_devices", "length"),
)
_KINDS: Final[Mapping[str, type[Any]]] = {
    "hstates": Hstate, "virtio_mem": VirtioMemDevice, "acpi_devices": AcpiDevice
}  # fmt: skip
_FLAGS: Final = tuple(name for name, value in msgspec.structs.asdict(Globals()).items() if value is False)
_RELEASES: Final = ("kernel_since", "kernel_until")
"""Releases, each saved as one number: major times 100 and minor."""
_KEYED: Final = f"({'|'.join(row.prefix for row in _ROWS)})([0-9]{{1,20}})"


def fold_counters(state: State) -> dict[str, int]:
    """What is not 0 of them, and all that vmstat counts."""
    values = msgspec.structs.asdict(state.globals.value)
    counters = {name: int(value) for name, value in values.items() if name not in ("locked", *_RELEASES)}
    counters |= {name: values[name][0] * 100 + values[name][1] for name in _RELEASES}
    for row in _ROWS:
        unit = state.geometry.page_size if row.in_bytes else 1
        for key, value in getattr(state, row.table).items():
            counters[f"{row.prefix}{key * unit}"] = getattr(value, row.field)
    return {name: number for name, number in counters.items() if number} | state.vmstat


def load_counters(state: State, counters: Mapping[str, int], where: str) -> None:
    """Fill the tables of a state. Raises `BadInput`, which begins with `where` and a name, for what no machine can have."""
    rows = {row.prefix: row for row in _ROWS}
    tables: dict[str, dict[int, dict[str, int]]] = {name: {} for name in _KINDS}
    single: dict[str, int] = {}
    vmstat: dict[str, int] = {}
    for name, number in counters.items():
        if keyed := re.fullmatch(_KEYED, name):
            row = rows[keyed[1]]
            unit = state.geometry.page_size if row.in_bytes else 1
            tables[row.table].setdefault(int(keyed[2]) // unit, {})[row.field] = number
        else:
            (single if name in Globals.__struct_fields__ else vmstat)[name] = number
    zone = single.get("policy_zone", 0)
    if zone >= len(KERNEL_ZONES):
        raise BadInput(f"{where}policy_zone: {zone} is no kernel zone; it can be 0 to {len(KERNEL_ZONES) - 1}")
    for start, device in tables["virtio_mem"].items():
        if (unit := device.get("device_block_size", 0)) & (unit - 1) or not unit or "requested_size" not in device:
            name = f"{where}virtio_mem_unit_{start}"
            raise BadInput(f"{name}: {unit}; with virtio_mem_waiting_{start} it must be a power of two")
    for table, values in tables.items():
        getattr(state, table).load({key: _KINDS[table](**fields) for key, fields in values.items()})
    flags = {name: bool(single[name]) for name in _FLAGS if name in single}
    releases: dict[str, object] = {name: divmod(single[name], 100) for name in _RELEASES if name in single}
    given: dict[str, object] = {**single, **flags, **releases, "locked": False}
    state.globals.load({None: msgspec.convert(given, Globals)})
    state.vmstat.load(vmstat)
