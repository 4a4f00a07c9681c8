"""What the writable parameters may say, so that no machine comes to life with one that its kernel would never show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..hotplug.zone_policy import POLICIES
from .hotplug_files import AUTO_ONLINE

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "auto_online_blocks": AUTO_ONLINE,
        "memmap_on_memory": ("N", "Y", "force"),
        "online_policy": POLICIES,
        "auto_movable_numa_aware": ("N", "Y"),
    }
)
_RATIO: Final = "auto_movable_ratio"
_MAX_RATIO: Final = (1 << 32) - 1


def wrong_setting(name: str, value: str) -> str | None:
    """Why a parameter of that name cannot have a value, and what would be right; None if it can."""
    if name == _RATIO:
        if re.fullmatch("[0-9]{1,10}", value) and int(value) <= _MAX_RATIO:
            return None
        return f"{value!r} is not a percentage from 0 to {_MAX_RATIO}"
    if name not in _CHOICES:
        return f"there is no such parameter; it is one of {', '.join((*_CHOICES, _RATIO))}"
    if value in _CHOICES[name]:
        return None
    return f"{value!r} is none of {', '.join(_CHOICES[name])}"
