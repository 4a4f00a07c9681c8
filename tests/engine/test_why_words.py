"""The answer to why not as text: what is alike is told once, and what is long is shortened."""

from __future__ import annotations

from collections.abc import Iterable

from altmap.engine import Command, Line, Offline, Online, Remove, plain
from altmap.engine.questions.why.ask import why_not
from altmap.engine.questions.why.words import describe_verdict, describe_verdicts, lines
from altmap.explorer.lines import laid_out

from .asking import BLOCK
from .guests import FIRST, dimm, guest, occupy, online, two_nodes


def _laid(lines: Iterable[Line]) -> str:
    return "".join(f"{laid.text}\n" for laid in laid_out(lines))


def test_answer_reads_as_text() -> None:
    machine = two_nodes("2G", memmap_on_memory="N")
    dimm(machine, "128M", at="4G", node=0)
    online(machine, 32, kind="online_kernel")
    dimm(machine, "2G", at="8G", node=1)
    assert _laid(describe_verdict(why_not(machine, Offline(block=32)))) == (
        "offline 32: no, EBUSY\n"
        "  failure to isolate range: page 0x100000 is memmap of memory64\n"
        "  that is pfn 0x100000 (address 0x100000000)\n"
        "\n"
        "In the way:\n"
        "  count        first pfn      address  what\n"
        "  8,192 pages   0x100000  0x100000000  memmap of other memory, in ordinary kernel pages: that of memory64-79\n"
        "  26 pages      0x102000  0x102000000  slab pages of the kernel\n"
        "\n"
        "What would clear it:\n"
        "  1. take out first the memory whose memmap and kernel objects lie here\n"
        "       eject 2G at 0x200000000\n"
        "       offline 32\n"
        "  2. online memory32 with online_movable instead: ZONE_MOVABLE takes no kernel pages (given that it is offline, as "
        "when it was plugged)\n"
        "       online 32 online_movable\n"
        "       offline 32\n"
    )


def test_the_page_that_the_kernel_names_need_not_be_the_lowest() -> None:
    machine = guest()
    dimm(machine, "128M", at="4G")
    online(machine, 32, kind="online_kernel")
    first = machine.blocks[32].head + FIRST
    occupy(machine, first + 3 * 512, 1, "kernel")
    text = plain(describe_verdict(why_not(machine, Offline(block=32))))
    assert f"page {first + 1536:#x} is a kernel page\n  that is pfn" in text
    assert "not the lowest" not in text
    occupy(machine, FIRST + BLOCK - 5, 1, "kernel")
    text = plain(describe_verdict(why_not(machine, Offline(block=32))))
    assert f"page {FIRST + BLOCK - 5:#x} is a kernel page" in text
    assert f"2 pages  {first + 1536:#x}  {(first + 1536) << 12:#x}  kernel pages" in text
    assert (
        "not the lowest: isolation looks at the first pageblock, then (since 5.19) at the last, then at the rest"
        in text
    )


def test_blocks_that_are_alike_are_told_once() -> None:
    machine = guest()
    dimm(machine, "512M", at="4G")
    online(machine, 33, 34)
    found = [why_not(machine, Offline(block=number)) for number in range(32, 38)]
    assert plain(describe_verdicts(found)) == (
        "offline 32: no, EINVAL\n  memory32 is offline already\n\nNo command clears it.\n\n"
        "offline 33-34 (2 blocks): yes, this would succeed\n\n"
        "offline 35: no, EINVAL\n  memory35 is offline already\n\nNo command clears it.\n\n"
        "offline 36-37 (2 blocks): no, ENOENT\n"
        "  each of memory36-37 does not exist\n\nNo command clears it.\n\n"
        "2 yes, 4 no; each is judged by itself, as if it were the only one\n"
    )
    again = plain(describe_verdicts([why_not(machine, Online(block=number)) for number in (33, 34)]))
    assert again.startswith("online 33-34 online (2 blocks): no, EINVAL\n  each of memory33-34 is online already\n")
    assert "       offline 33-34\n       online 33-34 online\n" in again
    assert plain(describe_verdicts(found[:1])) == plain(describe_verdict(found[0]))


def test_long_scripts_are_shortened_and_blocks_in_a_row_share_a_line() -> None:
    commands: list[Command] = [Online(block=n, type="online_movable") for n in (3, 4, 5, 9)]
    commands += [Offline(block=10), Offline(block=11)]
    assert list(lines(commands)) == ["online 3-5 online_movable", "online 9 online_movable", "offline 10-11"]
    machine = guest(model="6.1")
    for number in range(20):
        dimm(machine, at=(4 << 30) + (number << 27))
    text = plain(describe_verdict(why_not(machine, Remove(start="4G", size="2560M"))))
    assert "... 14 more such lines ..." in text
