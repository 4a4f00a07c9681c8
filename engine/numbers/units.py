"""Sizes, addresses and page frame numbers as people write and read them.

A size is in bytes, an address is a physical byte address, a pfn is an address divided by the page size.
"""

from __future__ import annotations

import re
from typing import Final

from .errors import BadInput

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
_UNITS = {"": 1, "B": 1, "K": KIB, "M": MIB, "G": GIB, "T": TIB, "P": 1 << 50}
_NUMBER: Final = (
    r"\s*(0[xX][0-9a-fA-F]+|\d{1,30}(?:\.\d{1,3})?)\s*([BKMGTPbkmgtp]?)(?:(?<=[KMGTPkmgtp])i[bB]?|[bB])?\s*"
)
MAX_ADDRESS = (1 << 63) - 1


def parse_bytes(text: str | int) -> int:
    """The number of bytes that text such as ``128M``, ``0x100000000``, ``4GiB``, ``4Gi`` or a number stands for; K, M, G, T
    and P are powers of 1024. Raises `BadInput`, with an example, for anything else."""
    if isinstance(text, int) and not isinstance(text, bool):
        value = text
    else:
        match = re.fullmatch(_NUMBER, text) if isinstance(text, str) else None
        if match is None or not isinstance(text, str):
            raise BadInput(f'{text!r} is not a size or an address; write it like "128M", "4G" or "0x100000000"')
        value = _exact(match[1], _UNITS[match[2].upper()], text)
    if not 0 <= value <= MAX_ADDRESS:
        raise BadInput(f"{text!r} is outside what an address can be (0 to {MAX_ADDRESS:#x})")
    return value


def memparse(text: str) -> int:
    """The size that an option of the kernel begins with (lib/cmdline.c), in bytes; 0 for none, or more than an address can be."""
    match = re.match(r"(0[xX][0-9a-fA-F]{1,16}|\d{1,19})([kKmMgGtTpP]?)", text)
    value = 0 if match is None else _exact(match[1], _UNITS[match[2].upper()], text)
    return value if value <= MAX_ADDRESS else 0


def _exact(number: str, unit: int, text: str) -> int:
    if number[:2].lower() == "0x":
        return int(number, 16) * unit
    whole, _, part = number.partition(".")
    thousandths = int(whole) * 1000 + int(part.ljust(3, "0") or 0)
    if thousandths * unit % 1000:
        raise BadInput(f"{text!r} is not a whole number of bytes")
    return thousandths * unit // 1000


def format_bytes(size: int) -> str:
    """A size in bytes as exact text with the biggest unit that has at most three digits behind the point: ``128M``,
    ``1.5G``, ``12.625G``; plain bytes where there is none."""
    for unit, factor in (("T", TIB), ("G", GIB), ("M", MIB), ("K", KIB)):
        if size >= factor:
            for digits in (0, 1, 2, 3):
                scaled = size * 10**digits
                if scaled % factor == 0:
                    whole, part = divmod(scaled // factor, 10**digits)
                    return f"{whole}.{part:0{digits}d}{unit}" if digits else f"{whole}{unit}"
    return f"{size}"


def about_bytes(size: int, digits: int = 2) -> str:
    """A size in bytes as rounded text of at most five letters: ``128M``, ``14.9M``, ``1008M``, ``2.95G``; `digits`: how many
    stand behind the point, at most."""
    for unit, factor in (("T", TIB), ("G", GIB), ("M", MIB), ("K", KIB)):
        if size >= factor:
            number = size / factor
            digits = min(digits, 0 if size % factor == 0 or number >= 100 else 1 if number >= 10 else 2)
            return f"{number:.{digits}f}{unit}"
    return f"{size}"


def format_address(address: int) -> str:
    """A physical address as hexadecimal text, such as ``0x100000000``."""
    return f"{address:#x}"


def format_range(start: int, size: int) -> str:
    """The kernel's inclusive range, ``[mem 0x0000000100000000-0x0000000107ffffff]``."""
    return f"[mem {start:#010x}-{start + size - 1:#010x}]"
