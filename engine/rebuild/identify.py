"""Which kernel and which architecture a capture comes from, and what its boot options say."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ..capture.observation import Observation
from ..kernels.architectures import ARCHITECTURES, Preset, preset_for
from ..kernels.model import KernelModel
from ..kernels.models import find_model
from ..kernels.releases import LAST
from ..memory.settings import Boot, Settings, settings_of
from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.units import format_bytes
from ..protocol.vocabulary import AUTO_ONLINE
from ..sysfs.hotplug_files import boolean
from .release import model_shown, release_said

_MACHINES: Final = (
    ("x86_64", r"x86_64|amd64"),
    ("arm64", r"aarch64|arm64"),
    ("ppc64le", r"ppc64le|powerpc64le"),
    ("s390x", r"s390x"),
    ("riscv64", r"riscv64"),
    ("loongarch", r"loongarch64|loong64"),
    ("ia64", r"ia64"),
    ("sparc64", r"sparc64"),
    ("x86_32", r"i[3-6]86"),
)
_PAGE_SIZES: Final = (4096, 16384, 65536)


class Identity(msgspec.Struct, frozen=True):
    """The frame that a capture is understood in."""

    preset: Preset
    geometry: Geometry
    model: KernelModel
    boot: Boot
    settings: Settings
    notes: tuple[str, ...]


def identify(
    seen: Observation, model: str | None = None, arch: str | None = None, machine: str | None = None
) -> Identity:
    """Read version, command line and sizes of a capture; `model` and `arch` override what it says, `machine` is what
    `uname -m` says, for the machine that this runs on.

    What has to be assumed is said in the notes. Raises `BadInput` for an unknown override and for sizes that cannot be.
    """
    notes: list[str] = []
    preset = _preset(seen, arch, machine, notes)
    said = find_model(model).release if model is not None else release_said(seen) or LAST
    geometry = _geometry(seen, preset, preset.geometry_in(said), notes)
    kernel = find_model(model) if model is not None else model_shown(seen, geometry, notes)
    options = _options(seen.cmdline or "")
    boot = Boot(
        bool(seen.has_probe),
        "movable_node" in options,
        options.get("hugepages"),
        options.get("hugetlb_free_vmemmap"),
        options.get("movablecore"),
        options.get("kernelcore"),
    )
    return Identity(preset, geometry, kernel, boot, _settings(seen, kernel, options, notes), tuple(notes))


def _preset(seen: Observation, arch: str | None, machine: str | None, notes: list[str]) -> Preset:
    if arch is not None:
        if arch not in ARCHITECTURES:
            raise BadInput(f"{arch!r} is not an architecture; it is one of {', '.join(ARCHITECTURES)}")
        return ARCHITECTURES[arch]
    said = architecture_said(machine or seen.version or "")
    if said is None and (against := _against_x86(seen)):
        raise BadInput(
            f"{seen.source} does not say its architecture, and x86_64 it is not: {against}; say which it is with --arch, one of "
            f"{', '.join(ARCHITECTURES)}: altmap capture --root {seen.source} --arch ARCH -o FILE"
        )
    if said is None:
        notes.append("proc/version does not say the architecture; taken for x86_64")
    return preset_for(said or "x86_64", _page_size(seen), seen.pageblock_order)


def _against_x86(seen: Observation) -> str:
    """What of a capture no x86_64 shows: where zones end there, how big blocks and pages are, and where memory begins."""
    x86 = ARCHITECTURES["x86_64"]
    size, page = seen.block_size or x86.geometry.section_size, _page_size(seen)
    if size < x86.geometry.section_size:
        return f"memory blocks of {format_bytes(size)} are smaller than any there"
    if page is not None and page != x86.geometry.page_size:
        return f"its pages have {format_bytes(page)}"
    if seen.blocks and seen.blocks[0].id:
        return f"its memory begins at {seen.blocks[0].id * size:#x}, and there it begins at 0"
    for name, end in x86.low_zones:
        beyond = next((b.id for b in seen.blocks if b.valid_zones == (name,) and (b.id + 1) * size > end), None)
        if beyond is not None:
            return f"memory{beyond} is in zone {name}, which ends at {format_bytes(end)} there"
    return ""


def architecture_said(version: str) -> str | None:
    """The architecture that the text of /proc/version, or of `uname -m`, names."""
    found = (name for name, pattern in _MACHINES if re.search(rf"\b(?:{pattern})\b|-(?:{pattern})", version))
    return next(found, None)


def _page_size(seen: Observation) -> int | None:
    """From what the nodes' MemTotal (kB) and their zones' managed pages say together."""
    total = sum(node.meminfo.get("MemTotal", 0) for node in seen.nodes) or seen.meminfo.get("MemTotal", 0)
    managed = sum(zone.managed for zone in seen.zones)
    if not total or not managed:
        return None
    return min(_PAGE_SIZES, key=lambda size: abs(size - total * 1024 // managed))


def _geometry(seen: Observation, preset: Preset, base: Geometry, notes: list[str]) -> Geometry:
    size = seen.block_size
    if size is None:
        size = _inferred_block_size(seen, base)
        notes.append(f"block_size_bytes is missing; a block of {format_bytes(size)} fits the totals of the nodes")
    section = base.section_size if size >= base.section_size else preset.geometry.section_size  # newer ones, backported
    order = base.pageblock_order if seen.pageblock_order is None else seen.pageblock_order
    columns = {len(counts) for counts in seen.buddyinfo.values()}
    biggest = max(columns) - 1 if columns else base.max_order
    try:
        return msgspec.structs.replace(
            base,
            section_size=section,
            block_size=size,
            pageblock_order=order,
            max_order=biggest,
            huge_vmemmap=base.huge_vmemmap
            and not (preset.windows == "huge" and seen.meminfo and not _offers(seen, base)),
        )
    except BadInput as error:
        raise BadInput(f"{seen.source}: its sizes do not go together on {preset.name}: {error}") from None


def _offers(seen: Observation, base: Geometry) -> bool:
    """Are huge pages of the size offered that the vmemmap would be made of?"""
    return base.pmd_size in seen.hugepages or seen.meminfo.get("Hugepagesize", 0) << 10 == base.pmd_size


def _inferred_block_size(seen: Observation, base: Geometry) -> int:
    """The power of two for which so many online blocks come nearest above the memory of their nodes."""
    online = sum(block.state in (None, "online") for block in seen.blocks)
    total = sum(node.meminfo.get("MemTotal", 0) for node in seen.nodes) or seen.meminfo.get("MemTotal", 0)
    size = base.section_size
    while online and size * online < total * 1024:
        size *= 2
    return size


def _options(cmdline: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in cmdline.split():
        name, _, value = word.partition("=")
        options[name.replace("-", "_")] = value
    return options


def _settings(seen: Observation, model: KernelModel, options: dict[str, str], notes: list[str]) -> Settings:
    online = seen.auto_online_blocks or options.get("memhp_default_state") or model.default_online
    if online not in AUTO_ONLINE:
        notes.append(f"auto_online_blocks is {online!r}, which no kernel says; taken as offline")
        online = "offline"
    asked = options.get("memory_hotplug.memmap_on_memory", "N")
    on_memory = seen.parameters.get("memmap_on_memory", "force" if asked.lower() == "force" else _yes_no(asked))
    if not model.parameter_modes:
        on_memory = "N"
    elif on_memory not in model.parameter_modes:
        notes.append(f"memmap_on_memory is {on_memory!r}, which {model.name} does not know; taken as N")
        on_memory = "N"
    ratio = seen.parameters.get("auto_movable_ratio", options.get("memory_hotplug.auto_movable_ratio", "301"))
    policy = seen.parameters.get("online_policy", options.get("memory_hotplug.online_policy", model.policies[0]))
    aware = seen.parameters.get("auto_movable_numa_aware", options.get("memory_hotplug.auto_movable_numa_aware", "Y"))
    texts = {
        "auto_online_blocks": online,
        "memmap_on_memory": on_memory,
        "online_policy": policy if policy in model.policies else model.policies[0],
        "auto_movable_numa_aware": _yes_no(aware),
    }
    gigantic = seen.parameters.get("movable_gigantic_pages", options.get("sysctl.vm.movable_gigantic_pages", "0"))
    if model.movable_gigantic and gigantic not in ("0", ""):
        texts["movable_gigantic_pages"] = gigantic if gigantic.isdecimal() and len(gigantic) < 10 else "1"
    try:
        return settings_of({**texts, "auto_movable_ratio": ratio})
    except BadInput:
        notes.append(f"auto_movable_ratio is {ratio!r}, not a percentage; taken as 301")
        return settings_of(texts)


def _yes_no(text: str) -> str:
    return "Y" if boolean(text) else "N"
