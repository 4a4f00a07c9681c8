"""What /proc/kpageflags would show of a page, against what it showed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from altmap import engine
from altmap.engine import Add, Allocate, HugePages, Machine, Online, Pin, Poison, VirtioMem, boot_machine
from altmap.engine.reading import kpageflags
from altmap.engine.reading.observe import observe

CAPTURE = Path(engine.__file__).resolve().parents[1] / "fixtures" / "captures" / "firecracker-24g.tar.xz"

MOVABLE = kpageflags.KPF_MMAP | kpageflags.KPF_ANON | kpageflags.KPF_SWAPBACKED


@cache
def bits(names: tuple[str, ...]) -> int:
    """Flags as the kernel writes them."""
    return sum(int(getattr(kpageflags, f"KPF_{name.upper()}")) for name in names)


def test_a_captured_page_shows_what_the_kernel_showed() -> None:
    machine = engine.open_machine("firecracker-24g")
    judged = set()
    for run in observe(CAPTURE).pages:
        for pfn in {run.pfn, run.pfn + run.count - 1}:
            flags = machine.page_flags(pfn)
            # a page without flags may be on a CPU's list by then, or in the buddy; one of a larger page without any other may
            # have been a buffer of who read the flags, and free when the zones were counted
            if run.flags and flags and not kpageflags.is_bare_compound(run.flags):
                instead = MOVABLE if flags == ("lru",) else 0  # handed out, and not yet on a list
                assert run.flags & (bits(flags) | instead), hex(pfn)
                judged.add(flags)
    assert {("buddy",), ("lru",), ("slab",), ("pgtable",), ("reserved",)} <= judged


@pytest.mark.parametrize(
    ("model", "flags"),
    [("6.12", ("owner_private",)), ("6.1", ("reserved", "owner_private")), ("rfc-v2", ("reserved", "vmemmap"))],
)
def test_heads_show_what_their_kernel_marks_them_with(model: str, flags: tuple[str, ...]) -> None:
    machine = boot_machine([(0, 0, "1G")], model=model)
    machine.apply(Add(start="4G", size="128M"), check=True)
    assert machine.page_flags(1 << 20) == ("nopage",)
    machine.apply(Online(block=32), check=True)
    assert machine.page_flags(1 << 20) == flags


def test_each_kind() -> None:
    machine: Machine = boot_machine([(0, 0, "1G")])
    machine.apply(VirtioMem(start="4G", size="300M"), check=True)
    for block in (32, 33, 34):
        machine.apply(Online(block=block, type="online_movable"), check=True)
    machine.apply(Poison(address=0x101400000), check=True)
    machine.apply(Allocate(size="8M", zone="Movable"), check=True)
    machine.apply(Pin(size="2M", zone="Movable", short=True), check=True)
    machine.apply(HugePages(count=2, size="2M"), check=True)
    flags = {pfn: machine.page_flags(pfn) for pfn in (*range(1 << 18), *range(32 << 15, 35 << 15))}
    shown: dict[str | None, set[object]] = {}
    for start in (0, 32 << 15, 33 << 15, 34 << 15):
        for page in machine.pages(start, 1 << 15):
            shown.setdefault(page.kind, set()).add(flags[page.pfn])
    assert shown["free"] == {("buddy",)}
    assert shown["pinned"] == {("lru",)}
    assert shown["poisoned"] == {("hwpoison",)}
    assert shown["offline"] == {("offline",)}
    assert machine.page_flags(1 << 30) == ("nopage",)
    heads = [pfn for pfn, names in flags.items() if names == ("compound_head", "huge")]
    assert len(heads) == 2
    assert machine.page_flags(heads[0] + 511) == ("compound_tail", "huge")
