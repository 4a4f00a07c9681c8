"""The kernels' conditions for a memmap on memory (mhp_supports_memmap_on_memory)."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import MODELS, sentence
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.kernels.memmap_on_memory import memmap_on_memory_support
from altmap.engine.numbers.errors import BadInput
from altmap.engine.numbers.geometry import Geometry
from altmap.engine.numbers.units import GIB, KIB, MIB
from altmap.engine.protocol.reasons.placement import RestNotPageblocks
from altmap.engine.protocol.vocabulary import Mode


def geometry(name: str, block: int, struct_page: int = 64) -> Geometry:
    return msgspec.structs.replace(ARCHITECTURES[name].geometry, block_size=block, struct_page_size=struct_page)


# name, struct page, block, pages of a block, memmap bytes, memmap pages, pageblocks, PMDs (None: n/a or not whole),
# Y agrees, force: pages, waste, agrees
TABLE_1_5 = [
    ("x86_64", 64, 128 * MIB, 32768, 2 * MIB, 512, 1, 1, True, 512, 0, True),
    ("x86_64", 64, 256 * MIB, 65536, 4 * MIB, 1024, 2, 2, True, 1024, 0, True),
    ("x86_64", 64, GIB, 262144, 16 * MIB, 4096, 8, 8, True, 4096, 0, True),
    ("x86_64", 64, 2 * GIB, 524288, 32 * MIB, 8192, 16, 16, True, 8192, 0, True),
    ("arm64-4k", 64, 128 * MIB, 32768, 2 * MIB, 512, 1, 1, True, 512, 0, True),
    ("riscv64", 64, 128 * MIB, 32768, 2 * MIB, 512, 1, 1, True, 512, 0, True),
    ("arm64-16k", 64, 128 * MIB, 8192, 512 * KIB, 32, 0.015625, 0.015625, False, 2048, 2016, False),
    ("arm64-64k", 64, 512 * MIB, 8192, 512 * KIB, 8, 8 / 8192, 8 / 8192, False, 8192, 8184, False),
    ("ppc64le-radix-64k", 64, 16 * MIB, 256, 16 * KIB, 1, None, None, False, None, None, False),
    ("ppc64le-radix-64k", 64, 256 * MIB, 4096, 256 * KIB, 4, 0.125, None, False, 32, 28, True),
    ("ppc64le-radix-64k", 64, GIB, 16384, MIB, 16, 0.5, None, False, 32, 16, True),
    ("ppc64le-radix-64k", 64, 2 * GIB, 32768, 2 * MIB, 32, 1, None, True, 32, 0, True),
    ("ppc64le-radix-4k", 64, 256 * MIB, 65536, 4 * MIB, 1024, 2, 2, True, 1024, 0, True),
    ("s390x", 64, 256 * MIB, 65536, 4 * MIB, 1024, 4, 4, True, 1024, 0, True),
    ("x86_64", 56, 128 * MIB, 32768, 1792 * KIB, 448, 0.875, 0.875, False, 512, 64, False),
]


@pytest.mark.parametrize("row", TABLE_1_5, ids=lambda row: f"{row[0]}-{row[1]}-{row[2] // MIB}M")
def test_table(row: tuple[str, int, int, int, int, int, float, float, bool, int, int, bool]) -> None:
    name, struct_page, block, pages, size, memmap, pageblocks, pmds, with_y, forced, waste, with_force = row
    g = geometry(name, block, struct_page)
    assert (g.pages_per_block, g.memmap_bytes_per_block, g.memmap_pages_per_block) == (pages, size, memmap)
    if pageblocks is not None:
        assert memmap / g.pageblock_pages == pageblocks
    if pmds is not None:
        assert size / g.pmd_size == pmds
    y, force = (memmap_on_memory_support(g, MODELS["6.12"], mode) for mode in ("Y", "force"))
    assert (y.reason is None, y.pages, y.waste) == (with_y, memmap, 0)
    assert (force.reason is None) == with_force
    if forced is not None:
        assert (force.pages, force.waste) == (forced, waste)


@pytest.mark.parametrize(
    ("name", "block", "mode", "struct_page", "reason"),
    [
        ("x86_64", 128 * MIB, "N", 64, "memory_hotplug.memmap_on_memory is N"),
        ("x86_64", 128 * MIB, "Y", 56, "448 pages, is not made of whole pageblocks of 512 pages"),
        ("x86_64", 128 * MIB, "force", 56, "1.75M, is not made of whole PMDs of 2M"),
        ("arm64-16k", 128 * MIB, "Y", 64, "32 pages, is not made of whole pageblocks of 2,048 pages"),
        ("arm64-16k", 128 * MIB, "force", 64, "512K, is not made of whole PMDs of 32M"),
        ("arm64-64k", 512 * MIB, "force", 64, "8,192 pages to be taken from a block are all that it has"),
        ("ppc64le-radix-64k", 16 * MIB, "force", 64, "16K, is not made of whole pages of 64K"),
        ("ppc64le-hash-64k", GIB, "force", 64, "does not support it on ppc64le-hash-64k kernels"),
        ("loongarch", 512 * MIB, "force", 64, "6.12 on loongarch is built without MHP_MEMMAP_ON_MEMORY"),
        ("ia64", GIB, "Y", 64, "6.12 on ia64 is built without MHP_MEMMAP_ON_MEMORY"),
        ("x86_32", 512 * MIB, "Y", 32, "6.12 on x86_32 is built without MHP_MEMMAP_ON_MEMORY"),
    ],
)
def test_reasons_of_6_12(name: str, block: int, mode: Mode, struct_page: int, reason: str) -> None:
    answer = memmap_on_memory_support(geometry(name, block, struct_page), MODELS["6.12"], mode)
    assert answer.reason is not None
    assert reason in sentence(answer.reason)


@pytest.mark.parametrize("mode", ["N", "Y", "force"])
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
@pytest.mark.parametrize(("name", "block"), [("arm64-16k", 128 * MIB), ("arm64-64k", 512 * MIB)])
def test_big_pages_of_arm64_are_refused_in_every_mode(name: str, block: int, kernel: str, mode: Mode) -> None:
    assert memmap_on_memory_support(geometry(name, block), MODELS[kernel], mode).reason is not None


@pytest.mark.parametrize(
    ("block", "needed", "wasted", "waste_bytes", "percent", "managed"),
    [(256 * MIB, 4, 28, 1792 * KIB, 0.68, 4064), (GIB, 16, 16, MIB, 0.098, 16352)],
)
def test_force_on_ppc64(block: int, needed: int, wasted: int, waste_bytes: int, percent: float, managed: int) -> None:
    g = geometry("ppc64le-radix-64k", block)
    answer = memmap_on_memory_support(g, MODELS["6.12"], "force")
    assert answer.reason is None
    assert (answer.pages - answer.waste, answer.waste) == (needed, wasted)
    assert answer.waste * g.page_size == waste_bytes
    assert g.pages_per_block - answer.pages == managed
    assert 100 * waste_bytes / block == pytest.approx(percent, abs=0.005)


@pytest.mark.parametrize("block", [128 * MIB, 256 * MIB, GIB, 2 * GIB])
def test_6_1_wants_exactly_one_block(block: int) -> None:
    g = geometry("x86_64", block)
    assert memmap_on_memory_support(g, MODELS["6.1"], "Y", block).reason is None
    assert memmap_on_memory_support(g, MODELS["6.1"], "Y").reason is None
    refused = memmap_on_memory_support(g, MODELS["6.1"], "Y", 2 * block)
    assert refused.reason is not None
    assert "is not exactly one memory block" in sentence(refused.reason)
    assert memmap_on_memory_support(g, MODELS["6.12"], "Y", 2 * block).reason is None


@pytest.mark.parametrize(
    ("name", "struct_page", "mode", "reason"),
    [
        ("x86_64", 64, "N", "memory_hotplug.memmap_on_memory is N"),
        ("x86_64", 64, "force", "is force, which 6.1 takes for off"),
        ("x86_64", 56, "Y", "1.75M, is not made of whole PMDs of 2M"),
        ("arm64-16k", 64, "Y", "512K, is not made of whole PMDs of 32M"),
        ("s390x", 64, "Y", "6.1 on s390x is built without"),
        ("riscv64", 64, "Y", "6.1 on riscv64 is built without"),
        ("ppc64le-radix-4k", 64, "Y", "6.1 on ppc64le is built without"),
    ],
)
def test_reasons_of_6_1(name: str, struct_page: int, mode: Mode, reason: str) -> None:
    usual = ARCHITECTURES[name].geometry.block_size
    answer = memmap_on_memory_support(geometry(name, usual, struct_page), MODELS["6.1"], mode)
    assert answer.reason is not None
    assert reason in sentence(answer.reason)
    assert answer.waste == 0


def test_6_1_wants_the_rest_in_whole_pageblocks() -> None:
    """A memmap of whole PMDs is one of whole pageblocks unless pageblocks are bigger, as without huge pages."""
    g = msgspec.structs.replace(geometry("x86_64", 128 * MIB), pageblock_order=10)
    answer = memmap_on_memory_support(g, MODELS["6.1"], "Y")
    assert answer.reason == RestNotPageblocks(126 << 20, 4 << 20)


def test_kernels_without_the_parameter() -> None:
    with pytest.raises(BadInput, match=r"rfc-v2 has no parameter memmap_on_memory; Linux has it since 5\.13"):
        memmap_on_memory_support(geometry("x86_64", 128 * MIB), MODELS["rfc-v2"], "Y")
