"""Questions that name a place as the kernel and lsmem print it: each becomes the line on its memory blocks, or is refused."""

from __future__ import annotations

import pytest
from altmap.engine import BadInput, by_blocks, open_machine, parse_line


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("memory32", "offline memory32"),
        ("/sys/devices/system/memory/memory32", "offline /sys/devices/system/memory/memory32"),
        ("0x1e5003", "offline 60"),
        ("0x1e5003000", "offline 60"),
        ("pfn 0x1e5003", "offline 60"),
        ("page: 1986563", "offline 60"),
        ("offline address 0x80000000", "offline 16"),
        ("online 0x100000000-0x10fffffff movable", "online 32-33 movable"),
        ("offline 0x1e0000000-0x1e7ffffff", "offline 60"),
        ("offline 60", "offline 60"),
        ("add 1G at 0x640000000", "add 1G at 0x640000000"),
        ("poison 0x1e5003000", "poison 0x1e5003000"),
    ],
)
def test_a_place_asks_of_its_blocks(line: str, meant: str) -> None:
    machine = open_machine("firecracker-24g")
    assert by_blocks(machine, line) == meant
    parse_line(meant)


@pytest.mark.parametrize(
    ("line", "ways"),
    [
        ("0x100000", "address 0x100000, which is in memory0, pfn 0x100000, which is in memory32"),
        ("offline 0x3c", "pfn 0x3c, which is in memory0, memory60"),
        ("0xffffffffffff", "address 0xffffffffffff, which is in memory2097151"),
    ],
)
def test_a_number_that_may_be_several_things_is_asked_for(line: str, ways: str) -> None:
    with pytest.raises(BadInput, match=f"write one of: {ways}"):
        by_blocks(open_machine("firecracker-24g"), line)


@pytest.mark.parametrize("line", ["pfn 0xzz", "page", "offline pfn 4x", "address 12q"])
def test_a_word_for_a_place_without_a_number_is_no_command_either(line: str) -> None:
    with pytest.raises(BadInput, match=f"'{line}' names no place; write it like (pfn|page|address) 0x150c31"):
        by_blocks(open_machine("small-guest"), line)
