"""The kernel's text files, old and new, and the binary page files."""

import random
import struct
from collections.abc import Iterator
from itertools import pairwise

import pytest
from altmap.engine.numbers.errors import BadInput
from altmap.engine.reading.observation import PageRun, Resource
from altmap.engine.reading.procfs import (
    number,
    page_runs,
    parse_buddyinfo,
    parse_id_list,
    parse_iomem,
    parse_meminfo,
    parse_page_runs,
    parse_pagetypeinfo,
    parse_vmstat,
    parse_zoneinfo,
)

ZONEINFO_6_12 = """\
Node 0, zone   Normal
  per-node stats
      nr_inactive_anon 11
      min      999999
  pages free     4000
        boost    5
        min      10
        low      12
        high     14
        promo    16
        spanned  32768
        present  32768
        managed  31744
        cma      8
        protection: (0, 0, 77)
      nr_free_pages 4000
      nr_zone_active_anon 300
  pagesets
    cpu: 0
              count:    62
              high:     4171
              batch:    63
              high_min: 4171
  vm stats threshold: 24
    cpu: 1
              count:    2
              high:     4171
              batch:    63
  node_unreclaimable:  0
  start_pfn:           1048576
Node 1, zone  Movable
  pages free     0
        boost    0
        min      32
        low      32
        high     32
        promo    32
        spanned  0
        present  0
        managed  0
        cma      0
        protection: (0, 0, 0)
"""
ZONEINFO_4_4 = """\
Node 0, zone      DMA
  pages free     3972
        min      67
        low      83
        high     100
        scanned  0
        spanned  4095
        present  3998
        managed  3977
    nr_free_pages 3972
    nr_alloc_batch 16
        protection: (0, 2946)
  pagesets
    cpu: 0
              count: 7
              high:  0
              batch: 1
  all_unreclaimable: 0
  start_pfn:         1
  inactive_ratio:    1
"""


def test_zoneinfo_of_a_new_kernel() -> None:
    normal, movable = parse_zoneinfo(ZONEINFO_6_12)
    assert (normal.node, normal.zone, normal.free, normal.pcp) == (0, "Normal", 4000, 64)
    assert (normal.min, normal.low, normal.high) == (10, 12, 14)
    assert (normal.spanned, normal.present, normal.managed, normal.cma) == (32768, 32768, 31744, 8)
    assert (normal.start_pfn, normal.protection) == (1048576, (0, 0, 77))
    assert normal.counters == {"boost": 5, "promo": 16, "nr_free_pages": 4000, "nr_zone_active_anon": 300}
    assert (movable.node, movable.zone, movable.present, movable.pcp) == (1, "Movable", 0, 0)
    assert movable.start_pfn is None


def test_zoneinfo_of_an_old_kernel() -> None:
    (zone,) = parse_zoneinfo(ZONEINFO_4_4)
    assert (zone.zone, zone.free, zone.pcp) == ("DMA", 3972, 7)
    assert (zone.spanned, zone.present, zone.managed) == (4095, 3998, 3977)
    assert (zone.cma, zone.start_pfn, zone.protection) == (0, 1, (0, 2946))
    assert zone.counters["nr_alloc_batch"] == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "proc/zoneinfo line 1: expected \"Node 0, zone Normal\" before anything else, not 'hello'"),
        (ZONEINFO_6_12.replace("32768", "-3", 1), "proc/zoneinfo line 11: expected a number from 0 to .*, not '-3'"),
        (ZONEINFO_6_12.replace("31744", "9" * 30, 1), "proc/zoneinfo line 13: expected a number"),
        (ZONEINFO_6_12.replace("managed", "", 1), "proc/zoneinfo line 1: zone Normal of node 0 has no line 'managed'"),
        (ZONEINFO_6_12[:200], "proc/zoneinfo line 1: zone Normal of node 0 has no line"),
    ],
)
def test_zoneinfo_that_no_kernel_prints(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_zoneinfo(text)


def test_buddyinfo() -> None:
    text = "Node 0, zone      DMA      0      1      3 \nNode 1, zone   Normal      7      0     12 \n"
    assert parse_buddyinfo(text) == {"0/DMA": (0, 1, 3), "1/Normal": (7, 0, 12)}
    assert parse_buddyinfo("") == {}
    with pytest.raises(BadInput, match=r"proc/buddyinfo line 2: expected a number from 0 to .*, not 'x'"):
        parse_buddyinfo(text.replace("12", "x"))
    with pytest.raises(BadInput, match=r"proc/buddyinfo line 1: expected .* and numbers, not 'Nod'"):
        parse_buddyinfo("Nod")


def test_pagetypeinfo_takes_the_table_of_pageblocks_only() -> None:
    text = """\
Page block order: 9
Pages per block:  512

Free pages count per migrate type at order       0      1      2
Node    0, zone      DMA, type    Unmovable      0      1 >100000

Number of blocks type     Unmovable      Movable  Reclaimable
Node 0, zone      DMA            1            7            0
Node 1, zone   Normal           94         2072          138

Number of mixed blocks    Unmovable      Movable  Reclaimable
Node 0, zone      DMA           50           50           50
"""
    order, pageblocks = parse_pagetypeinfo(text)
    assert order == 9
    assert pageblocks == {
        "0/DMA": {"Unmovable": 1, "Movable": 7, "Reclaimable": 0},
        "1/Normal": {"Unmovable": 94, "Movable": 2072, "Reclaimable": 138},
    }
    with pytest.raises(BadInput, match="proc/pagetypeinfo line 8: 2 numbers for 3 migratetypes"):
        parse_pagetypeinfo(text.replace("7            0", "7"))


def test_iomem_nests_by_indentation() -> None:
    text = """\
00100000-bfffffff : System RAM
  01000000-022090c7 : Kernel code
100000000-13fffffff : System RAM (kmem)
"""
    assert parse_iomem(text) == (
        Resource(0x100000, 0xC0000000, "System RAM", 0),
        Resource(0x1000000, 0x22090C8, "Kernel code", 1),
        Resource(0x100000000, 0x140000000, "System RAM (kmem)", 0),
    )
    with pytest.raises(BadInput, match="proc/iomem line 2: expected a line like"):
        parse_iomem(text.replace("022090c7", "00000fff"))


def test_iomem_that_hides_its_addresses_tells_nothing() -> None:
    assert parse_iomem("00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n") == ()


def test_meminfo_of_machine_and_node() -> None:
    assert parse_meminfo("MemTotal:  919868 kB\nActive(anon):  4 kB\nHugePages_Total:   3\n") == {
        "MemTotal": 919868,
        "Active(anon)": 4,
        "HugePages_Total": 3,
    }
    assert parse_meminfo("Node 1 MemTotal:       4096 kB\nNode 1 HugePages_Free:      2\n") == {
        "MemTotal": 4096,
        "HugePages_Free": 2,
    }
    with pytest.raises(BadInput, match='node1/meminfo line 2: expected a line like "MemTotal: 919868 kB"'):
        parse_meminfo("MemTotal: 1 kB\nMemFree: -1 kB\n", "node1/meminfo")


def test_vmstat() -> None:
    assert parse_vmstat("nr_free_pages 12\ncompact_stall 0\n") == {"nr_free_pages": 12, "compact_stall": 0}
    with pytest.raises(BadInput, match="proc/vmstat line 2: expected a line like"):
        parse_vmstat("nr_free_pages 12\ncompact_stall\n")


@pytest.mark.parametrize(("text", "ids"), [("0\n", (0,)), ("0-2,5,7-8\n", (0, 1, 2, 5, 7, 8)), ("\n", ()), ("", ())])
def test_id_lists(text: str, ids: tuple[int, ...]) -> None:
    assert parse_id_list(text, "online") == ids


@pytest.mark.parametrize("text", ["a", "0-", "-1", "0-99999999999", "1;2"])
def test_id_lists_that_no_kernel_prints(text: str) -> None:
    with pytest.raises(BadInput, match="online line 1: expected a number"):
        parse_id_list(text, "online")


def test_numbers_are_plain_decimal_digits() -> None:
    assert number("0", "f", 1) == 0
    assert number("15", "f", 1, 16) == 15
    for text in ("16", "", "-1", "+1", "1_0", "0x1", "\u0663", "9" * 5000):
        with pytest.raises(BadInput, match=r"^f line 7: expected a number from 0 to 15, not"):
            number(text, "f", 7, 16)


HUGE, OWNER_PRIVATE = 1 << 17, 1 << 37


def packed(words: list[int]) -> bytes:
    return struct.pack(f"<{len(words)}Q", *words)


def test_page_runs_end_where_flags_or_counts_change() -> None:
    flags = packed([1 << 20] * 600 + [HUGE] * 500 + [0])
    counts = packed([0] * 700 + [3] * 400 + [0])
    assert page_runs([flags], [counts]) == (
        PageRun(0, 600, 1 << 20, 0),
        PageRun(600, 100, HUGE, 0),
        PageRun(700, 400, HUGE, 3),
        PageRun(1100, 1, 0, 0),
    )


def test_pages_beyond_the_counts_are_not_mapped() -> None:
    assert page_runs([packed([5] * 4)], []) == (PageRun(0, 4, 5, 0),)
    assert page_runs([packed([HUGE] * 4)], [packed([2] * 3)]) == (PageRun(0, 3, HUGE, 2), PageRun(3, 1, HUGE, 0))
    assert page_runs([], []) == ()


def test_counts_are_read_only_where_they_tell_more_than_the_flags() -> None:
    def counts() -> Iterator[bytes]:
        raise AssertionError("the file was opened")
        yield b""

    assert page_runs([packed([1024] * 3)], counts()) == (PageRun(0, 3, 1024, 0),)


def test_page_runs_cover_every_page_however_the_files_are_cut() -> None:
    chance = random.Random(7)
    for _ in range(20):
        flags: list[int] = []
        while len(flags) < 3000:
            flags += [chance.choice([0, 1024, HUGE, OWNER_PRIVATE])] * chance.choice([1, 2, 513, 1024])
        counts = [chance.choice([0, 1]) if chance.random() < 0.01 else 1 for _ in flags]
        data, size = packed(flags), chance.choice([7, 24, 4096, 4104, 1 << 20])
        runs = page_runs((data[at : at + size] for at in range(0, len(data), size)), [packed(counts)])
        pages = [(run.flags, run.mapcount) for run in runs for _ in range(run.count)]
        told = [count if word in (HUGE, OWNER_PRIVATE) else 0 for word, count in zip(flags, counts, strict=True)]
        assert pages == list(zip(flags, told, strict=True))
        assert [run.pfn for run in runs] == [sum(run.count for run in runs[:i]) for i in range(len(runs))]
        assert all((a.flags, a.mapcount) != (b.flags, b.mapcount) for a, b in pairwise(runs))


def test_page_files_that_no_kernel_writes() -> None:
    with pytest.raises(BadInput, match=r"^proc/kpageflags ends in the middle of a page's 8 bytes"):
        page_runs([packed([1, 2])[:-3]], [])
    with pytest.raises(BadInput, match=r"^proc/kpagecount ends in the middle"):
        page_runs([packed([HUGE, 2])], [b"abc"])
    with pytest.raises(BadInput, match="little-endian"):
        page_runs([struct.pack(">2Q", 1 << 5, 1 << 20)], [])


def test_runs_of_pages_in_json() -> None:
    text = b"[[512,8,1024,0],[0,256,4294967296,2],[256,256,null,null]]"
    assert parse_page_runs(text) == (PageRun(0, 256, 1 << 32, 2), PageRun(512, 8, 1024, 0))
    assert parse_page_runs(b"[[0,10,1,0],[5,10,2,0],[6,1,3,0]]") == (PageRun(0, 10, 1, 0), PageRun(10, 5, 2, 0))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[[0,1,2]]",
        b"[[0,1,2,3,4]]",
        b'[["0",1,2,3]]',
        b"[[-1,1,2,3]]",
        b"[[0,0,2,3]]",
        b"[[0,1,-2,3]]",
        b"[[0,1,2,-3]]",
        b"[[0,1,18446744073709551616,3]]",
        b"[[4503599627370496,1,2,3]]",
        b"\xff",
    ],
)
def test_runs_of_pages_that_no_machine_has(text: bytes) -> None:
    with pytest.raises(BadInput, match=r"^proc/kpageflags\.runs\.json "):
        parse_page_runs(text)
