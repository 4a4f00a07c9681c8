"""What each architecture makes of a memmap in the hot-added memory, and which can add memory at all."""

from __future__ import annotations

import pytest
from altmap.engine import Add, Eject, Offline, Online, Remove, boot_machine, sentence, why_not
from altmap.engine.protocol.events import PlacementChosen
from altmap.engine.protocol.reasons.adding import NoHotplug
from altmap.engine.protocol.reasons.taking import NoHotRemove

from .guests import dimm, do, free_pages, guest, heads, memmap, numbers, offline, online, placements, refuse, told

# -- kernels without memory hotplug ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "model", "reason"),
    [
        ("arm64-4k", "rfc-v2", NoHotplug("arm64", "rfc-v2", "5.0", None)),
        ("riscv64", "6.1", NoHotplug("riscv64", "6.1", "6.11", None)),
        ("ia64", "6.12", NoHotplug("ia64", "6.12", "2.6", "6.7")),
        ("x86_32", "6.1", NoHotplug("x86_32", "6.1", "2.6", "5.16")),
        ("sparc64", "6.12", NoHotplug("sparc64", "6.12", None, None)),
    ],
)
def test_a_kernel_without_memory_hotplug_has_nothing_that_adds_or_onlines(
    arch: str, model: str, reason: NoHotplug
) -> None:
    """What CONFIG_MEMORY_HOTPLUG brings is not there: its stubs answer ENOSYS, and there are no block devices."""
    machine = boot_machine([(0, 0, "2G")], arch=arch, model=model)
    size = machine.geometry.block_size
    for command in (Add(start="4G", size=size), Add(start="4G", size=size, caller="pmem"), Remove(start=0, size=size)):
        outcome = machine.apply(command)
        assert (outcome.result, outcome.reason) == ("ENOSYS", reason)
        assert outcome.log == ()
    assert machine.apply(Offline(block=0)).result == "ENOENT"
    assert machine.check() == []


@pytest.mark.parametrize(
    ("arch", "model"), [("ia64", "6.1"), ("x86_32", "rfc-v2"), ("arm64-4k", "6.1"), ("riscv64", "6.12")]
)
def test_in_its_time_an_architecture_can_add_memory(arch: str, model: str) -> None:
    machine = boot_machine([(0, 0, "2G")], arch=arch, model=model)
    assert do(machine, Add(start="4G", size=machine.geometry.block_size)).ok


def test_arm64_takes_no_memory_away_before_5_7() -> None:
    """Added it can be since 5.0; without CONFIG_MEMORY_HOTREMOVE there are stubs for the rest."""
    machine = boot_machine([(0, 0, "2G")], arch="arm64-4k", model="5.6")
    do(machine, Add(start="4G", size="1G"), Online(block=4))
    reason = NoHotRemove("arm64", "5.6", "5.7")
    assert machine.read("/sys/devices/system/memory/memory4/removable") == "0\n"
    for command, result in ((Offline(block=4), "EINVAL"), (Remove(start="4G", size="1G"), "EBUSY")):
        outcome = refuse(machine, command)
        assert (outcome.result, outcome.reason) == (result, reason)
    assert machine.outlook(4).answer == "never"
    assert why_not(machine, Offline(block=4)).remedies == ()
    assert refuse(machine, Eject(start="4G", size="1G")).result == "EBUSY"


def test_only_x86_warns_of_an_add_that_failed() -> None:
    """WARN_ON_ONCE(ret) of add_pages in arch/x86/mm/init_64.c; other architectures have none."""
    for arch, lines in (("x86_64", ["WARNING: at arch/x86/mm/init_64.c add_pages"]), ("arm64-4k", [])):
        machine = boot_machine([(0, 0, "256M")], arch=arch, memmap_on_memory="N")
        outcome = machine.apply(Add(start="4G", size="64G"))
        assert outcome.result == "ENOMEM"
        assert [line for line in outcome.log if line.startswith("WARNING")] == lines


# -- the RFC on other architectures ------------------------------------------------------------------------------------


def test_s390_vetoes_the_flag() -> None:
    machine = boot_machine([(0, 0, "4G")], arch="s390x", model="rfc-v2")
    (chosen,) = told(dimm(machine, "256M", at="8G"), PlacementChosen)
    assert chosen.placement == "boot"
    assert "vetoes" in sentence(chosen.reason)
    assert placements(machine, 32, 1) == {"kernel"}


@pytest.mark.parametrize("arch", ["ia64"])
def test_an_architecture_that_takes_no_altmap_warns(arch: str) -> None:
    """Patch 2: then kernel memory."""
    machine = boot_machine([(0, 0, "4G")], arch=arch, model="rfc-v2")
    outcome = dimm(machine, machine.geometry.block_size, at="8G")
    (chosen,) = told(outcome, PlacementChosen)
    assert chosen.placement == "boot"
    assert "altmap unsupported" in sentence(chosen.reason)
    assert placements(machine, max(machine.sections), 1) == {"kernel"}


def test_the_warning_is_in_the_kernel_log() -> None:
    """WARN "altmap unsupported"."""
    machine = boot_machine([(0, 0, "4G")], arch="ia64", model="rfc-v2")
    assert any("altmap unsupported" in line for line in dimm(machine, "1G", at="8G").log)


@pytest.mark.parametrize("arch", ["x86_64", "ppc64le-radix-64k", "ppc64le-hash-64k"])
def test_others_take_the_altmap(arch: str) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch, model="rfc-v2")
    dimm(machine, machine.geometry.block_size * 2, at="64G")
    first = (64 << 30) // machine.geometry.section_size
    assert placements(machine, first, 1) == {"self"}
    assert memmap(machine, first).pfn == (64 << 30) // machine.geometry.page_size


def test_ppc64_sections_share_pages_of_the_memmap() -> None:
    """64K pages: a section fills a quarter of one; 16 sections of a block take 4 pages."""
    machine = boot_machine([(0, 0, "4G")], arch="ppc64le-radix-64k", model="rfc-v2")
    dimm(machine, "256M", at="8G")
    first = (8 << 30) >> 24
    start = (8 << 30) >> 16
    assert [memmap(machine, first + k).pfn for k in range(16)] == [start + k // 4 for k in range(16)]
    assert heads(machine, *range(first, first + 16)) == 4
    online(machine, max(machine.blocks), kind="online_movable")
    assert numbers(machine, "Movable")[3] == 4092


@pytest.mark.parametrize("arch", ["ppc64le-hash-64k", "ppc64le-radix-4k"])
def test_neighbours_share_a_huge_mapping_of_the_vmemmap(arch: str) -> None:
    """Its memmap covers more than a section (16 MiB of ppc64 hash that of 16 GiB): who comes second takes nothing, who goes
    first leaves it to the other, and the last gives it back."""
    machine = boot_machine([(0, 0, "8G")], arch=arch, memmap_on_memory="N")
    geometry = machine.geometry
    sections = geometry.vmemmap_unit_pages * geometry.page_size // geometry.memmap_bytes_per_section
    assert sections > 1
    size = max(geometry.block_size, sections // 2 * geometry.section_size)
    start, before = 1 << 40, free_pages(machine)
    taken = dimm(machine, size, at=start).taken[0]
    again = dimm(machine, size, at=start + size).taken[0]
    if size < sections * geometry.section_size:
        assert taken - again >= geometry.vmemmap_unit_pages
    do(machine, Remove(start=start, size=size))
    do(machine, Remove(start=start + size, size=size))
    assert free_pages(machine) == before


def test_a_mapping_shared_with_a_request_that_hosts_itself() -> None:
    """What lies in the first request's range cannot be called kernel memory, and the range is not removed before."""
    machine = boot_machine([(0, 0, "8G")], arch="ppc64le-hash-64k", model="rfc-v2")
    size, start = machine.geometry.block_size, 1 << 40
    dimm(machine, size, at=start)
    dimm(machine, size, at=start + size, placement="boot")
    online(machine, start // size, start // size + 1)
    offline(machine, start // size, start // size + 1)
    refuse(machine, Remove(start=start, size=size))
    do(machine, Remove(start=start + size, size=size))
    do(machine, Remove(start=start, size=size))


def test_device_memory_that_shares_a_unit_leaves_the_kernel_memory_it_lies_in_alone() -> None:
    """ppc64le with a hash MMU maps 16 MiB of memmap at once, for 1024 sections: what is mapped first serves all."""
    machine = guest(arch="ppc64le-hash-64k", model="rfc-v2")
    dimm(machine, "1G", at="12G", placement="boot")
    dimm(machine, "256M", at="9G", caller="pmem")
    assert machine.check() == []
