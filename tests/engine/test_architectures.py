"""What each architecture can do; the choice of a row."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import MODELS
from altmap.engine.kernels.architectures import ARCHITECTURES, preset_for, preset_of
from altmap.engine.numbers.errors import BadInput
from altmap.engine.numbers.units import GIB


def names_where(**columns: object) -> set[str]:
    return {n for n, p in ARCHITECTURES.items() if all(getattr(p, key) == value for key, value in columns.items())}


def test_these_are_the_rows_and_each_says_what_its_columns_cannot() -> None:
    assert set(ARCHITECTURES) == {
        "x86_64", "arm64-4k", "arm64-16k", "arm64-64k", "ppc64le-radix-64k", "ppc64le-radix-4k", "ppc64le-hash-64k",
        "ppc64le-hash-4k",
        "s390x", "riscv64", "loongarch", "ia64", "sh", "sparc64", "x86_32",
    }  # fmt: skip
    assert all(name == preset.name and preset.note.endswith(".") for name, preset in ARCHITECTURES.items())


def test_rfc_altmap() -> None:
    assert names_where(rfc_altmap="unsupported") == {"ia64", "arm64-16k", "arm64-64k", "loongarch"}
    assert names_where(rfc_altmap="vetoed") == {"s390x"}
    assert names_where(rfc_altmap="no vmemmap") == {"sh", "x86_32"}
    assert names_where(rfc_altmap="supported") >= {"x86_64", "arm64-4k", "ppc64le-radix-64k", "sparc64"}
    assert "MHP_MEMBLOCK_API" in ARCHITECTURES["s390x"].note


def test_kernels_with_memmap_on_memory() -> None:
    having = {k: set(MODELS[k].hosts) for k in ("5.12", "5.13", "6.6", "6.9", "6.11")}
    assert having["5.12"] == set()
    assert having["5.13"] == {"x86_64", "arm64"}
    assert having["6.6"] - having["5.13"] == {"ppc64le"}
    assert having["6.9"] - having["6.6"] == {"s390x"}
    assert having["6.11"] - having["6.9"] == {"riscv64"}
    assert names_where(head_rule="anything") == {"ppc64le-radix-64k"}
    assert names_where(head_rule="nothing") == {"ppc64le-hash-64k", "ppc64le-hash-4k"}


def test_hotplug() -> None:
    assert names_where(hotplug_since=None) == {"sparc64"}
    assert names_where(hotplug_since=(6, 11)) == {"riscv64"}


def test_arm64_alone_vetoes_boot_memory_and_has_a_linear_map_of_pages() -> None:
    arm = {"arm64-4k", "arm64-16k", "arm64-64k"}
    assert names_where(boot_offline_veto=True) == arm
    assert {n for n, p in ARCHITECTURES.items() if p.geometry.linear_map_pages} == arm
    assert {n for n, p in ARCHITECTURES.items() if p.direct_map == (p.geometry.page_size,)} == arm


def test_base_page_fallback() -> None:
    assert ARCHITECTURES["x86_64"].base_page_fallback
    assert ARCHITECTURES["arm64-4k"].base_page_fallback
    assert not ARCHITECTURES["ppc64le-hash-64k"].base_page_fallback


@pytest.mark.parametrize(
    ("name", "zones"),
    [
        ("x86_64", ("DMA", "DMA32", "Normal", "Movable")),
        ("arm64-4k", ("DMA", "DMA32", "Normal", "Movable")),
        ("s390x", ("DMA", "Normal", "Movable")),
        ("ppc64le-radix-64k", ("Normal", "Movable")),
        ("riscv64", ("DMA32", "Normal", "Movable")),
        ("x86_32", ("DMA", "Normal", "HighMem", "Movable")),
    ],
)
def test_zones(name: str, zones: tuple[str, ...]) -> None:
    assert ARCHITECTURES[name].zones == zones


@pytest.mark.parametrize(
    ("machine", "page_size", "pageblock_order", "name"),
    [
        ("x86_64", None, None, "x86_64"),
        ("amd64", 4096, 9, "x86_64"),
        ("x86_64", None, 10, "x86_64"),  # a kernel without huge pages
        ("aarch64", None, None, "arm64-4k"),
        ("arm64", 16384, None, "arm64-16k"),
        ("arm64", None, 13, "arm64-64k"),
        ("arm64-16k", None, None, "arm64-16k"),
        ("ppc64le", None, None, "ppc64le-radix-64k"),
        ("ppc64le", 65536, 8, "ppc64le-hash-64k"),
        ("ppc64le", 4096, None, "ppc64le-radix-4k"),
        ("s390x", None, None, "s390x"),
        ("riscv64", None, None, "riscv64"),
        ("loongarch64", None, None, "loongarch"),
        ("i686", None, None, "x86_32"),
    ],
)
def test_preset_for(machine: str, page_size: int | None, pageblock_order: int | None, name: str) -> None:
    assert preset_for(machine, page_size, pageblock_order).name == name


def test_preset_for_refuses() -> None:
    with pytest.raises(BadInput, match="'vax' is not an architecture that can be modelled; these are: x86_64, arm64, "):
        preset_for("vax")
    with pytest.raises(BadInput, match="arm64 cannot be modelled with pages of 8192 bytes; it can with 4K, 16K, 64K"):
        preset_for("arm64", 8192)


def test_preset_of_a_geometry() -> None:
    assert {name: preset_of(preset.geometry).name for name, preset in ARCHITECTURES.items()} == {
        name: name for name in ARCHITECTURES
    }
    usual = ARCHITECTURES["x86_64"].geometry
    assert preset_of(msgspec.structs.replace(usual, block_size=2 * GIB, struct_page_size=56)).name == "x86_64"
    with pytest.raises(BadInput, match="x86_64 has no kernels with pages of 8192 bytes"):
        preset_of(msgspec.structs.replace(usual, page_size=8192))
