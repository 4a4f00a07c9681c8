"""Colours as 0xRRGGBB, and mixing them where the eye does: in OKLab (Ottosson 2020)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Lab(NamedTuple):
    """A colour in OKLab: lightness 0 to 1, green to red, blue to yellow."""

    light: float
    a: float
    b: float


@lru_cache(maxsize=1024)
def lab(rgb: int) -> Lab:
    """A colour in OKLab."""
    red, green, blue = (_linear((rgb >> shift & 255) / 255) for shift in (16, 8, 0))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return Lab(
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def rgb(colour: Lab) -> int:
    """The nearest colour that a screen has."""
    long = (colour.light + 0.3963377774 * colour.a + 0.2158037573 * colour.b) ** 3
    middle = (colour.light - 0.1055613458 * colour.a - 0.0638541728 * colour.b) ** 3
    short = (colour.light - 0.0894841775 * colour.a - 1.2914855480 * colour.b) ** 3
    return (
        _octet(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short) << 16
        | _octet(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short) << 8
        | _octet(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short)
    )


@lru_cache(maxsize=16384)
def between(first: int, second: int, share: float) -> int:
    """So much of the way from one colour to another."""
    one, other = lab(first), lab(second)
    return rgb(
        Lab(
            one.light + (other.light - one.light) * share,
            one.a + (other.a - one.a) * share,
            one.b + (other.b - one.b) * share,
        )
    )


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _octet(part: float) -> int:
    if part <= 0.0031308:
        return round(255 * (12.92 * part)) if part > 0 else 0
    return round(255 * (1.055 * part ** (1 / 2.4) - 0.055)) if part < 1 else 255
