"""Yes or no, as the kernel reads it from its command line and from what is written to its files."""

from __future__ import annotations

from typing import Final

_TRUE: Final = ("y", "Y", "1", "t", "T")
_FALSE: Final = ("n", "N", "0", "f", "F")


def kstrtobool(text: str) -> bool | None:
    """What a text means (lib/kstrtox.c): the first letter decides, of "on" and "off" the second; None if it is neither."""
    if text[:1] in _TRUE:
        return True
    if text[:1] in _FALSE:
        return False
    return {"on": True, "of": False}.get(text[:2].lower())
