"""Numbers as the kernel reads them (lib/kstrtox.c)."""

from __future__ import annotations

import pytest
from altmap.engine import Machine
from altmap.engine.protocol.reasons import HotplugError
from altmap.engine.sysfs.kstrto import kstrto, proc_number

from .guests import guest


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


# -- in files ----------------------------------------------------------------------------------------------------------


def result(machine: Machine, path: str, data: str) -> str:
    """What a write ends with."""
    return machine.write(path, data).result


def test_pools_count_in_tens_and_take_no_blanks() -> None:
    """error_strings: kstrtoul with base 10."""
    machine = guest("1G")
    pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
    for data, wanted in (("+4", "ok"), (" 7", "EINVAL"), ("0x10", "EINVAL"), ("3 4", "EINVAL"), ("5\n\n", "EINVAL")):
        assert result(machine, pool, data) == wanted
    assert machine.read(pool) == "4\n"
    assert result(machine, pool, str(1 << 64)) == "ERANGE"
    assert result(machine, pool, str((1 << 64) - 1)) == "ok", "as many as there can be"
    assert int(machine.read(pool)) > 100


def test_below_proc_blanks_and_bases_are_allowed() -> None:
    machine = guest("1G")
    pool = "/proc/sys/vm/nr_hugepages"
    for data, count in ((" 4 ", 4), ("0x10", 16), ("010", 8), ("-3", 8), ("5 6", 5)):
        assert result(machine, pool, data) == "ok"
        assert machine.read(pool) == f"{count}\n"
    for data in ("", "+4", "4k", "x"):
        assert result(machine, pool, data) == ("EINVAL" if data else "ok")


@pytest.mark.parametrize(
    ("data", "new"),
    [(" 1", "ok"), ("0x1", "ok"), ("01\n", "ok"), ("1 x", "ok"), ("2", "EINVAL"), ("1x", "EINVAL"), ("-1", "EINVAL")],
)
def test_compaction_is_asked_for_with_a_one_that_proc_dointvec_reads(data: str, new: str) -> None:
    for model, wanted in (("6.1", "ok"), ("6.12", new)):
        assert result(guest("1G", model=model), "/proc/sys/vm/compact_memory", data) == wanted
