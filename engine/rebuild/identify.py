"""Which kernel and which architecture a capture comes from, and what its boot options say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from ..kernels.architectures import Preset
from ..kernels.distributions import build_in
from ..kernels.model import KernelModel
from ..kernels.models import find_model, release_in
from ..kernels.releases import LAST
from ..memory.settings import Boot, Settings, settings_of
from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.kstrtobool import kstrtobool
from ..numbers.units import format_bytes
from ..protocol.vocabulary import AUTO_ONLINE
from ..reading.observation import Observation
from .architecture import architecture_of
from .from_proc import usual_block_size
from .release import model_shown, model_with_blocks


class Identity(msgspec.Struct, frozen=True):
    """The frame that a capture is understood in; `assumed` are the parameters whose values no file tells."""

    preset: Preset
    geometry: Geometry
    model: KernelModel
    boot: Boot
    settings: Settings
    notes: tuple[str, ...]
    assumed: tuple[str, ...] = ()


def identify(
    seen: Observation, model: str | None = None, arch: str | None = None, machine: str | None = None
) -> Identity:
    """Read version, command line and sizes of a capture; `model` and `arch` override what it says, `machine` is what
    `uname -m` says, for the machine that this runs on.

    What has to be assumed is said in the notes. Raises `BadInput` for an unknown override and for sizes that cannot be.
    """
    notes: list[str] = []
    preset = architecture_of(seen, arch, machine, notes)
    said = find_model(model).release if model is not None else release_in(seen.version) or LAST
    geometry = _geometry(seen, preset, preset.geometry_in(said), notes)
    kernel = (
        find_model(model)
        if model is not None
        else model_with_blocks(seen, preset, model_shown(seen, geometry, notes), notes)
    )
    options = _options(seen.cmdline or "")
    boot = Boot(
        probe=bool(seen.has_probe),
        movable_node="movable_node" in options,
        hugepages=options.get("hugepages"),
        default_hugepagesz=options.get("default_hugepagesz") or _default_size(seen, preset),
        hugetlb_free_vmemmap=options.get("hugetlb_free_vmemmap"),
        movablecore=options.get("movablecore"),
        kernelcore=options.get("kernelcore"),
        transparent_hugepage=options.get("transparent_hugepage"),
        nokaslr="nokaslr" in options or None,
        no5lvl="no5lvl" in options or None,
        mem=options.get("mem"),
    )
    if "memmap_on_memory" in options:
        notes.append("the boot option memmap_on_memory does nothing: its name is memory_hotplug.memmap_on_memory")
    settings = _settings(seen, kernel, options, notes)
    assumed = tuple(_assumed(seen, preset, kernel, options))
    for name in assumed:
        value = getattr(settings, name)
        built = build_in(seen.version) if name == "auto_online_blocks" else None
        how = f"most kernels of {kernel.name}" if built is None else f"those of {built.dist}"
        notes.append(f"no file says what {name} is; {value} is taken, as {how} are built")
    return Identity(preset, geometry, kernel, boot, settings, tuple(notes), assumed)


_WORD: Final = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
"""A word of a command line, with the quotes in it."""


def _default_size(seen: Observation, preset: Preset) -> str | None:
    """The default size of huge pages by /proc/meminfo, where it is not the usual one."""
    kib = seen.meminfo.get("Hugepagesize", 0)
    return f"{kib}K" if kib << 10 in preset.huge_pages and kib << 10 != preset.huge_page else None


def _geometry(seen: Observation, preset: Preset, base: Geometry, notes: list[str]) -> Geometry:
    size = seen.block_size
    if size is None and not seen.blocks:
        size = usual_block_size(seen, preset, base, notes)
    elif size is None:
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
    """The options of a command line, as next_arg and parse_args (lib/cmdline.c, kernel/params.c) take them: quotes keep blanks
    together, what follows -- is not the kernel's, and a parameter of a module without a value is set."""
    options: dict[str, str] = {}
    for word in _WORD.findall(cmdline):
        if word == "--":
            break
        name, given, value = word.replace('"', "").partition("=")
        options[name.replace("-", "_")] = value if given or "." not in name else "1"
    return options


def _assumed(seen: Observation, preset: Preset, model: KernelModel, options: dict[str, str]) -> Iterator[str]:
    """Parameters that decide what an add does, and that neither their files nor the command line tell. What memmap_on_memory
    is, only the command line decides; what blocks do that are added, the configuration of the kernel does as well."""
    if seen.auto_online_blocks is None and "memhp_default_state" not in options:
        yield "auto_online_blocks"
    known = seen.cmdline is not None or "memmap_on_memory" in seen.parameters
    if model.has_parameter(preset.geometry.arch) and not known:
        yield "memmap_on_memory"


def _settings(seen: Observation, model: KernelModel, options: dict[str, str], notes: list[str]) -> Settings:
    built = build_in(seen.version)
    default = model.default_online if built is None else built.default_online
    online = seen.auto_online_blocks or options.get("memhp_default_state") or default
    if online not in AUTO_ONLINE:
        notes.append(f"auto_online_blocks is {online[:60]!r}, which no kernel says; taken as offline")
        online = "offline"
    asked = options.get("memory_hotplug.memmap_on_memory", "N")
    on_memory = seen.parameters.get("memmap_on_memory", "force" if asked.lower() == "force" else _yes_no(asked))
    if not model.parameter_modes:
        on_memory = "N"
    elif on_memory not in model.parameter_modes:
        notes.append(f"memmap_on_memory is {on_memory[:60]!r}, which {model.name} does not know; taken as N")
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
        notes.append(f"auto_movable_ratio is {ratio[:60]!r}, not a percentage; taken as 301")
        return settings_of(texts)


def _yes_no(text: str) -> str:
    return "Y" if kstrtobool(text) else "N"
