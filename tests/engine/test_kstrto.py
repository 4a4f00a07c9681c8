"""Numbers as the kernel reads them (lib/kstrtox.c)."""

from __future__ import annotations

import pytest

from engine.errors import HotplugError
from engine.kstrto import kstrto, proc_number


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [
        ("0", 0, 0),
        ("+7\n", 0, 7),
        ("0100", 0, 64),
        ("0100", 10, 100),
        ("0x1F", 0, 31),
        ("0X1f", 16, 31),
        ("1f", 16, 31),
        ("18446744073709551615", 10, (1 << 64) - 1),
        ("0" * 200, 0, 0),
    ],
)
def test_numbers(text: str, base: int, value: int) -> None:
    assert kstrto(text, base, 64) == value


@pytest.mark.parametrize(
    ("text", "base", "bits", "errno"),
    [
        ("", 0, 64, "EINVAL"),
        ("+", 0, 64, "EINVAL"),
        ("++1", 0, 64, "EINVAL"),
        ("-1", 0, 64, "EINVAL"),
        (" 1", 0, 64, "EINVAL"),
        ("1 ", 0, 64, "EINVAL"),
        ("1\n\n", 0, 64, "EINVAL"),
        ("08", 0, 64, "EINVAL"),
        ("0x", 0, 64, "EINVAL"),
        ("0x10", 10, 64, "EINVAL"),
        ("\u0663", 10, 64, "EINVAL"),
        ("18446744073709551616", 0, 64, "ERANGE"),
        ("9" * 5000 + "x", 0, 64, "ERANGE"),
        ("4294967296", 0, 32, "ERANGE"),
        ("4294967296x", 0, 32, "EINVAL"),
    ],
)
def test_what_is_refused(text: str, base: int, bits: int, errno: str) -> None:
    with pytest.raises(HotplugError) as error:
        kstrto(text, base, bits)
    assert error.value.errno == errno


@pytest.mark.parametrize(("text", "value"), [(" 12\n", 12), ("0x10", 16), ("-5 ", -5), ("3 4", 3)])
def test_sysctls_are_lenient_about_blanks(text: str, value: int) -> None:
    assert proc_number(text) == value


@pytest.mark.parametrize("text", ["", " ", "+1", "1k", "0x", "18446744073709551616"])
def test_and_about_nothing_else(text: str) -> None:
    with pytest.raises(HotplugError) as error:
        proc_number(text)
    assert error.value.errno == "EINVAL"
