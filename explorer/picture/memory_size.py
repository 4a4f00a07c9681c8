"""Sizes in few characters."""

from __future__ import annotations

from altmap.engine import about_bytes


def short_size(size: int) -> str:
    """A size or an address in the biggest unit in which it needs at most two digits behind the point, none that is 0."""
    text = about_bytes(size) if size else "0"
    return f"{text[:-1].rstrip('0').rstrip('.')}{text[-1]}" if "." in text else text
