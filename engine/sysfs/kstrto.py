"""Numbers as the kernel reads them from what is written to its files (lib/kstrtox.c, and kernel/sysctl.c for /proc/sys)."""

from __future__ import annotations

import re
from typing import Final

from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import NotANumber, TooManyBits

_DIGITS: Final = {8: "[0-7]+", 10: "[0-9]+", 16: "[0-9a-fA-F]+"}
_SYSCTL: Final = r"(?s)[ \t\n\v\f\r]*(-?)([0-9][0-9a-zA-Z]*)(?:[ \t\n].*)?"


def kstrto(text: str, base: int, bits: int) -> int:
    """An unsigned number of so many bits (kstrtoull, kstrtouint): an optional +, digits, at most one line end. `base` 0
    takes 0x for hexadecimal and 0 for octal. Raises `HotplugError` EINVAL, or ERANGE for what is too big."""
    base, at = _radix(text.removeprefix("+"), base)
    digits = re.match(_DIGITS[base], at)
    if digits is None:
        raise HotplugError("EINVAL", NotANumber(text))
    significant = digits[0].lstrip("0") or "0"
    value = int(significant, base) if len(significant) <= 64 else 1 << 64
    if value >> 64:
        raise HotplugError("ERANGE", TooManyBits(text, 64))
    if at[digits.end() :] not in ("", "\n"):
        raise HotplugError("EINVAL", NotANumber(text))
    if value >> bits:
        raise HotplugError("ERANGE", TooManyBits(text, bits))
    return value


def proc_number(text: str) -> int:
    """The first number of a write below /proc/sys, any base, with blanks around it (proc_get_long). Raises `HotplugError`
    EINVAL."""
    match = re.fullmatch(_SYSCTL, text)
    if match is None:
        raise HotplugError("EINVAL", NotANumber(text))
    try:
        value = kstrto(match[2], 0, 64)
    except HotplugError as error:
        raise HotplugError("EINVAL", error.reason) from None
    return -value if match[1] else value


def _radix(text: str, base: int) -> tuple[int, str]:
    """The base that the text shows, and what is behind its sign of that."""
    hexadecimal = text[:2].lower() == "0x" and re.match(_DIGITS[16], text[2:]) is not None
    if base == 0:
        base = 16 if hexadecimal else 8 if text.startswith("0") else 10
    return base, text[2:] if base == 16 and hexadecimal else text
