"""Lists of memory devices, as the programs print them that made them: QEMU's monitor, libvirt, daxctl and cxl.

They say what was plugged where, and nothing of what the kernel made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from ..numbers.errors import BadInput
from ..numbers.limits import MAX_NODE
from ..numbers.units import MAX_ADDRESS

if TYPE_CHECKING:
    from xml.etree import ElementTree

DeviceKind = Literal["dimm", "nvdimm", "virtio-mem", "dax", "cxl"]
_MODELS: Final[dict[str, DeviceKind]] = {
    "dimm": "dimm",
    "pc-dimm": "dimm",
    "nvdimm": "nvdimm",
    "virtio-mem": "virtio-mem",
    "virtio-mem-pci": "virtio-mem",
}
_MOST: Final = 4096
"""Devices of a list."""
_MOST_TAGS: Final = 1 << 16
"""Tags of a domain's XML."""
_UNITS: Final = {
    "b": 0,
    "bytes": 0,
    "": 10,
    "k": 10,
    "kib": 10,
    "m": 20,
    "mib": 20,
    "g": 30,
    "gib": 30,
    "t": 40,
    "tib": 40,
}
"""Binary digits of libvirt's units; without one it is KiB."""


_FOR_PEOPLE: Final = re.compile(r"(\d{1,6})\.(\d\d) ([KMGT]iB) \(\d+\.\d\d [KMGT]B\)")
"""How daxctl, cxl and ndctl print sizes with --human."""
_FINEST: Final = 2 << 20
"""Bytes of which these devices have a whole number; what was rounded is none of them, but by chance."""

_DOMAIN: Final = re.compile(r"<domain[\s>].*</domain>", re.DOTALL)
_BEHIND: Final = re.compile(r"\S")
_JSON: Final = rb"\A\s*[\[{](?s:.)*"
_SHAPES: Final = (
    ("what QEMU says to info memory-devices", rb"(?m)^\s*Memory device \[[\w-]+\]:"),
    ("what QEMU says to query-memory-devices", _JSON + rb'"(?:memaddr|hotpluggable)"\s*:'),
    ("the XML of a libvirt domain", rb"(?s)<domain[\s>].*<(?:memory|devices)\b"),
    ("what cxl list prints", _JSON + rb'"(?:memdev|anon memdevs|region|decoder)"\s*:'),
    ("what ndctl list prints", _JSON + rb'"dev"\s*:\s*"(?:namespace|region|nmem)\d'),
    ("what daxctl list prints", _JSON + rb'"(?:chardev|daxregion|dax_region)"\s*:'),
)


class MemoryDevice(msgspec.Struct, frozen=True):
    """A memory device that a list tells of; sizes and addresses are bytes.

    `name`     what the list calls it
    `kind`     what sort of device it is
    `start`    its first address; None: not told
    `size`     how much it has
    `plugged`  how much of that is plugged
    `unit`     what a virtio-mem device plugs at a time; 0: not told
    `node`     its NUMA node; None: not told
    """

    name: str
    kind: DeviceKind
    start: int | None
    size: int
    plugged: int
    unit: int = 0
    node: int | None = None


def listed_by(head: bytes) -> str:
    """Which program's list of memory devices begins with these bytes, in words; empty if none's."""
    return next((what for what, pattern in _SHAPES if re.search(pattern, head)), "")


def parse_devices(text: str, source: str) -> tuple[MemoryDevice, ...]:
    """The memory devices of a list, as QEMU, virsh, daxctl or cxl prints it; `source` is what messages call it. Raises
    `BadInput` for what is none, or has devices that no machine can have."""
    start = text.lstrip()
    if start.startswith("<"):
        found = _from_libvirt(text, source)
    elif (domain := _DOMAIN.search(text)) is not None:  # with what the shell had around it
        found = _from_libvirt(domain[0], source)
    elif start[:1] in ("[", "{"):
        found = _from_json(text, source)
    else:
        found = _from_monitor(text, source)
    devices = tuple(found)
    if not devices:
        raise BadInput(
            f"{source} tells of no memory device that gives the kernel memory; what does is QEMU's info memory-devices, virsh "
            f"dumpxml, daxctl list, cxl list"
        )
    if len(devices) > _MOST:
        raise BadInput(f"{source} tells of {len(devices):,} memory devices; a machine has {_MOST} at most")
    return devices


def _from_monitor(text: str, source: str) -> Iterator[MemoryDevice]:
    """``info memory-devices`` (hmp_info_memory_devices)."""
    for match in re.finditer(r'(?m)^\s*Memory device \[([\w-]+)\]:(?: "([^"\n]*)")?\s*$((?:\n[ \t]+[\w-]+:.*)*)', text):
        fields = dict(re.findall(r"(?m)^\s+([\w-]+): *(.*?)\s*$", match[3]))
        yield from _qemu(match[1], match[2] or "", fields, source)


def _qemu(model: str, name: str, fields: Mapping[str, Any], source: str) -> Iterator[MemoryDevice]:
    if model not in _MODELS:
        return
    at, size = fields.get("addr", fields.get("memaddr")), fields.get("size")
    kind = _MODELS[model]
    span = fields.get("max-size") if kind == "virtio-mem" else size
    unit = fields.get("block-size", 0) if kind == "virtio-mem" else 0
    yield _device(name or model, kind, at, span, source, plugged=size, unit=unit, node=fields.get("node"))


def _from_libvirt(text: str, source: str) -> Iterator[MemoryDevice]:
    """``virsh dumpxml``: the memory devices of a domain (domain_conf.c)."""
    if "<!" in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL):
        raise BadInput(f"{source}: the XML of a domain declares no entities; this one does")
    if text.count("<") > _MOST_TAGS:
        raise BadInput(f"{source} has more than {_MOST_TAGS} tags; the XML of a domain has some thousands")
    from xml.etree import ElementTree  # only where there is XML

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise BadInput(f"{source} begins like XML, and is broken: {error}") from None
    for number, entry in enumerate(root.iterfind(".//devices/memory")):
        kind = _MODELS.get(entry.get("model", ""))
        if kind is None:
            continue
        target, alias = entry.find("target"), entry.find("alias")
        places = [one for one in entry.iter("address") if one.get("base")]
        size = _amount(target, "size", source)
        name = f"{kind}{number}" if alias is None else alias.get("name", "")
        given = None if target is None else target.findtext("node")
        now = _amount(target, "current", source) if target is not None and target.find("current") is not None else size
        unit = _amount(target, "block", source) if kind == "virtio-mem" else 0
        base = places[0].get("base") if places else None
        yield _device(
            name, kind, base, size, source, plugged=now if kind == "virtio-mem" else size, unit=unit, node=given
        )


def _amount(parent: ElementTree.Element | None, name: str, source: str) -> int:
    entry = None if parent is None else parent.find(name)
    if entry is None:
        return 0
    digits, unit = (entry.text or "").strip(), entry.get("unit", "KiB").lower()
    if unit not in _UNITS:
        raise BadInput(f"{source}: {name} has the unit {unit[:20]!r}; libvirt writes KiB, MiB, GiB")
    return _number(digits, name, source) << _UNITS[unit]


def _from_json(text: str, source: str) -> Iterator[MemoryDevice]:
    """``daxctl list``, ``cxl list`` and QMP's query-memory-devices."""
    for entry in _objects(_documents(text, source)):
        data = entry.get("data")
        if isinstance(data, dict) and isinstance(entry.get("type"), str):
            yield from _qemu(entry["type"], str(data.get("id", "")), data, source)
        elif "chardev" in entry and entry.get("mode", "system-ram") == "system-ram":
            size, node = entry.get("size"), entry.get("target_node")
            yield _device(str(entry["chardev"]), "dax", None, size, source, plugged=size, node=node)
        elif "region" in entry and "resource" in entry and entry.get("type", "ram") == "ram" and _committed(entry):
            size = entry.get("size")
            yield _device(str(entry["region"]), "cxl", entry["resource"], size, source, plugged=size)


def _committed(region: Mapping[str, Any]) -> bool:
    """Do the decoders map a region of CXL? The kernel has memory of no other."""
    return bool(region.get("decode_state", "commit") == "commit" and region.get("state", "enabled") == "enabled")


def _documents(text: str, source: str) -> list[Any]:
    """The document, or those of a session with QEMU's monitor, one behind the other."""
    import json

    decoder, found, at = json.JSONDecoder(), list[Any](), 0
    while match := _BEHIND.search(text, at):
        try:
            document, at = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{source} begins like JSON, and is broken: {error}") from None
        found.append(document)
        if len(found) > _MOST:
            raise BadInput(f"{source} holds more than {_MOST} documents")
    return found


def _objects(document: object) -> Iterator[dict[str, Any]]:
    """Every object of a document, the outer ones first; of a region of CXL not those inside, which are its DAX devices."""
    waiting, seen = [document], 0
    while waiting and seen <= 64 * _MOST:
        seen += 1
        here = waiting.pop(0)
        if isinstance(here, dict):
            yield here
            region = "region" in here and "resource" in here
            waiting += [value for value in here.values() if isinstance(value, dict | list) and not region]
        elif isinstance(here, list):
            waiting += here


def _device(
    name: str,
    kind: DeviceKind,
    start: object,
    size: object,
    source: str,
    *,
    plugged: object,
    unit: object = 0,
    node: object = None,
) -> MemoryDevice:
    where = f"{source}: {name[:40]!r}"
    at = None if start is None else _number(start, "address", where)
    whole = _number(size, "size", where)
    have = _number(plugged, "size", where)
    if whole <= 0 or (at or 0) + whole > MAX_ADDRESS or have > whole:
        raise BadInput(f"{where} has {whole} bytes at {at or 0:#x}, which no machine has")
    number = None if node is None else _number(node, "node", where)
    if number is not None and not 0 <= number <= MAX_NODE:
        raise BadInput(f"{where} is on node {number}, which no machine has")
    return MemoryDevice(name[:80], kind, at, whole, have, _number(unit, "block size", where), number)


def _number(value: object, what: str, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}|\d{1,20}", value.strip()):
        return int(value, 0 if value.strip()[:2].lower() == "0x" else 10)
    if isinstance(value, str) and (match := re.fullmatch(_FOR_PEOPLE, value.strip())) is not None:
        size, rest = divmod(int(match[1] + match[2]) << _UNITS[match[3].lower()], 100)
        if not rest and size % _FINEST == 0:
            return size
        raise BadInput(f"{where}: its {what} is rounded ({value[:40]}); without --human (-u) it is printed whole")
    raise BadInput(f"{where}: its {what} is {str(value)[:40]!r}, and not a number")
