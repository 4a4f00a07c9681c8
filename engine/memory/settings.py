"""What people tell a kernel: the parameters that can be written while it runs, and the options of its boot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

import msgspec

from ..numbers.errors import BadInput, located
from ..numbers.units import memparse
from ..protocol.vocabulary import AUTO_ONLINE, AutoOnline, Mode, OnlinePolicy

_MAX_RATIO: Final = (1 << 32) - 1


class Settings(msgspec.Struct, frozen=True, gc=False):
    """The parameters that can be written while the kernel runs, each named as its file; where a kernel lacks the file, the
    default holds. The first is in /sys/devices/system/memory, the last in /proc/sys/vm, the others are in
    /sys/module/memory_hotplug/parameters.

    `auto_online_blocks`       whether added blocks go online by themselves, and how
    `memmap_on_memory`         may a request carry its memmap in itself? "Y", "N" or "force"; a boot decides it
    `online_policy`            which zone "online" chooses: "contig-zones" or "auto-movable"
    `auto_movable_ratio`       movable memory that auto-movable allows, in percent of kernel memory
    `auto_movable_numa_aware`  it holds for each node too
    `movable_gigantic_pages`   gigantic pages may lie in ZONE_MOVABLE: 0 is no; None: it was never written
    """

    auto_online_blocks: AutoOnline = "offline"
    memmap_on_memory: Mode = "N"
    online_policy: OnlinePolicy = "contig-zones"
    auto_movable_ratio: int = 301
    auto_movable_numa_aware: bool = True
    movable_gigantic_pages: int | None = None

    def texts(self) -> dict[str, str]:
        """What each file would read as, by its name."""
        return _texts(self)


class Boot(msgspec.Struct, frozen=True, gc=False):
    """What the boot decided and nothing changes.

    `probe`    the kernel has the file /sys/devices/system/memory/probe (CONFIG_ARCH_MEMORY_PROBE)
    all other  options of its command line, each under its own name and as it was given; None if it was not, but
               `default_hugepagesz` is also what /proc/meminfo shows of it
    """

    probe: bool = False
    movable_node: bool = False
    hugepages: str | None = None
    default_hugepagesz: str | None = None
    hugetlb_free_vmemmap: str | None = None
    movablecore: str | None = None
    kernelcore: str | None = None
    transparent_hugepage: str | None = None
    nokaslr: bool | None = None
    no5lvl: bool | None = None
    mem: str | None = None

    @property
    def has_movable(self) -> bool:
        """Did the command line put boot memory into ZONE_MOVABLE?"""
        return self.movable_node or self.movablecore is not None or self.kernelcore is not None

    @property
    def end(self) -> int | None:
        """The first address behind what mem= leaves; None where it says nothing."""
        return memparse(self.mem or "") or None

    def texts(self) -> dict[str, str]:
        """Each option that was given, as text; yes and no are Y and N."""
        return _texts(self)


def settings_of(texts: Mapping[str, str], where: str = "") -> Settings:
    """Parameters from what their files read as; one that is left out has its default. Raises `BadInput` for what no kernel
    shows; it begins with `where` and the name."""
    return Settings(**_values(texts, where, _SETTINGS, "parameter"))


def boot_of(texts: Mapping[str, str], where: str = "") -> Boot:
    """Facts of the boot from text. Raises `BadInput`, which begins with `where` and the name."""
    return Boot(**_values(texts, where, _BOOT, "fact of the boot"))


def _texts(values: Settings | Boot) -> dict[str, str]:
    known = {name: value for name, value in msgspec.structs.asdict(values).items() if value is not None}
    return {name: "NY"[value] if isinstance(value, bool) else str(value) for name, value in known.items()}


_Rows = Mapping[str, Callable[[str], Any]]


def _values(texts: Mapping[str, str], where: str, rows: _Rows, what: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in texts.items():
        with located(where + name):
            if name not in rows:
                raise BadInput(f"there is no such {what}; it is one of {', '.join(rows)}")
            values[name] = rows[name](text)
    return values


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def word(text: str) -> str:
        if text not in words:
            raise BadInput(f"{text!r} is none of {', '.join(words)}")
        return text

    return word


def _yes(text: str) -> bool:
    return _one_of(("N", "Y"))(text) == "Y"


def _percentage(text: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > _MAX_RATIO:
        raise BadInput(f"{text!r} is not a percentage from 0 to {_MAX_RATIO}")
    return int(text)


def _int32(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,10}", text) or not -(1 << 31) <= int(text) < 1 << 31:
        raise BadInput(f"{text!r} is not a number of 32 bits")
    return int(text)


_SETTINGS: Final[_Rows] = MappingProxyType(
    {
        "auto_online_blocks": _one_of(AUTO_ONLINE),
        "memmap_on_memory": _one_of(get_args(Mode)),
        "online_policy": _one_of(get_args(OnlinePolicy)),
        "auto_movable_numa_aware": _yes,
        "auto_movable_ratio": _percentage,
        "movable_gigantic_pages": _int32,
    }
)
_BOOT: Final[_Rows] = MappingProxyType(
    {
        "probe": _yes,
        "movable_node": _yes,
        "hugepages": str,
        "default_hugepagesz": str,
        "hugetlb_free_vmemmap": str,
        "movablecore": str,
        "kernelcore": str,
        "transparent_hugepage": str,
        "nokaslr": _yes,
        "no5lvl": _yes,
        "mem": str,
    }
)
