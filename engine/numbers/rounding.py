"""Whole units: rounding up and down to them, and how many a number needs. Units are above 0."""


def down(number: int, unit: int) -> int:
    """The last multiple of `unit` that is not above `number` (the kernel's round_down)."""
    return number // unit * unit


def up(number: int, unit: int) -> int:
    """The first multiple of `unit` that is not below `number` (the kernel's round_up)."""
    return -(-number // unit) * unit


def ceil(number: int, unit: int) -> int:
    """How many units `number` needs, the last perhaps only in part (the kernel's DIV_ROUND_UP)."""
    return -(-number // unit)
