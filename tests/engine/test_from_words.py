"""A machine from words: nodes, a kernel, its command line; and what QEMU is started with."""

from __future__ import annotations

import pytest
from altmap.engine import (
    Add,
    BadInput,
    Eject,
    Machine,
    Offline,
    new_machine,
    open_machine,
)
from altmap.engine.faces.qemu_words import qemu_boot, qemu_devices, qemu_low, qemu_nodes, qemu_words
from altmap.engine.protocol.reasons.taking import MemoryHoles

GIB = 1 << 30


def test_nodes_have_their_memory_and_an_empty_one_is_announced() -> None:
    machine = new_machine(["2G", "2G", "0"], kernel="6.8")
    assert machine.check() == []
    assert machine.model.name == "6.8"
    memory = {
        node: sum(zone.present for zone in machine.zones.values() if zone.node == node) << 12 for node in machine.nodes
    }
    assert memory == {0: 2 * GIB, 1: 2 * GIB, 2: 0}
    assert machine.apply(Add(start="16G", size="1G", node=2)).ok


def test_x86_leaves_a_hole_below_4_gib() -> None:
    machine = new_machine(["8G"])
    assert not any(24 <= block < 32 for block in machine.blocks)
    assert len(machine.blocks) == 64


@pytest.mark.parametrize("arch", ["x86_64", "arm64", "s390x", "arm64-64k", "ppc64le", "riscv64"])
def test_every_architecture_boots_and_is_sound(arch: str) -> None:
    assert new_machine(["4G"], arch=arch).check() == []


def test_boot_options_that_are_modelled_act_and_others_are_named() -> None:
    append = (
        "movable_node memmap_on_memory=1 memhp_default_state=online_movable hugepages=64 mem=1G crashkernel=256M quiet"
    )
    machine = new_machine(["2G"], append=append)
    assert machine.check() == []
    assert (machine.boot.movable_node, machine.settings.memmap_on_memory) == (True, "Y")
    assert machine.settings.auto_online_blocks == "online_movable"
    assert len(machine.blocks) == 8
    assert sum("huge" in section.pages for section in machine.sections.values()) >= 1
    assert machine.history == ()
    assert machine.origin.notes[-2].startswith("memmap_on_memory is taken for memory_hotplug.memmap_on_memory")
    assert machine.origin.notes[-1] == "of the command line these are not acted on: quiet"


@pytest.mark.parametrize(
    ("line", "nodes"),
    [
        ("-m 2G,slots=8,maxmem=64G", ("2G",)),
        ("qemu-system-x86_64 -m 2048 -smp 4", ("2048M",)),
        ("-m size=4G -numa node,mem=1G -numa node,mem=3G", ("1G", "3G")),
        ("-m 2G -object memory-backend-ram,id=m0,size=2G -numa node,memdev=m0 -numa node", ("2G", "0")),
    ],
)
def test_what_qemu_is_started_with_is_understood(line: str, nodes: tuple[str, ...]) -> None:
    assert qemu_nodes(line) == nodes
    assert new_machine(nodes).check() == []


@pytest.mark.parametrize(
    ("nodes", "words", "said"),
    [
        (["0"], {}, "one at least with memory"),
        (["100M"], {}, "whole sections of 128M"),
        (["2G"], {"arch": "vax"}, "vax"),
        (["2G"], {"kernel": "1.0"}, "not a kernel model"),
        (["2G"], {"append": "memhp_default_state=maybe"}, "none of offline, online"),
        (
            ["2G"],
            {"append": "memory_hotplug.memmap_on_memory=maybe"},
            "=maybe is none of N, Y, force, which 6.12 knows",
        ),
        (["2G"], {"append": "memmap_on_memory=force", "kernel": "5.15"}, "=force is none of N, Y, which 5.15 knows"),
        (
            ["2G"],
            {"append": "memory_hotplug.online_policy=auto_movable"},
            "=auto_movable is not one of contig-zones, auto-mo",
        ),
        (["2G"], {"append": "memory_hotplug.auto_movable_ratio=much"}, "=much is not a percentage such as 301"),
        (["2G"], {"append": "memory_hotplug.auto_movable_numa_aware=perhaps"}, "=perhaps is not Y or N"),
        (["2G"], {"append": "hugepages=many"}, "no number of pages"),
        (["2G"], {"append": "hugepages=3:5"}, "there is no node 3"),
        (["2G"], {"append": "kernelcore=some"}, "kernelcore: 'some' is not a size"),
        (["2G"], {"append": "movablecore=120%"}, "no size and no percentage"),
        (["2G"], {"append": "crashkernel=a,b"}, "crashkernel"),
        (["2G"], {"append": "mem=1M"}, "leaves no memory"),
        (["2G"], {"append": "'"}, "cannot be read"),
    ],
)
def test_words_that_make_no_machine_are_told(nodes: list[str], words: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        new_machine(nodes, **words)  # type: ignore[arg-type]


def test_a_line_without_memory_is_told() -> None:
    with pytest.raises(BadInput, match="names no memory"):
        qemu_nodes("-smp 4")


def zones(machine: Machine) -> dict[tuple[int, str], tuple[int, int]]:
    """First pfn and present pages of each zone."""
    return {key: (zone.start, zone.present) for key, zone in machine.zones.items()}


def test_movablecore_puts_the_border_where_the_recorded_kernel_had_it() -> None:
    """fixtures/traces/6.1/movablecore: 1 GiB with movablecore=256M has ZONE_MOVABLE from pfn 196608 on."""
    machine = new_machine(["1G"], kernel="6.1", append="movablecore=256M")
    assert machine.check() == []
    assert zones(machine)[0, "Movable"] == (196608, 65536)
    assert machine.zones[0, "Movable"].managed == 65536
    assert machine.why_not(Offline(block=7)).answer == "yes"


@pytest.mark.parametrize(
    ("nodes", "append", "movable"),
    [
        (["8G", "8G"], "kernelcore=50%", {0: (1310720, 4 * GIB >> 12), 1: (3407872, 4 * GIB >> 12)}),
        (["4G", "4G"], "movablecore=25%", {0: (1048576, GIB >> 12), 1: (2097152, GIB >> 12)}),
        (["8G", "1G"], "kernelcore=6G", {0: (1572864, 3 * GIB >> 12)}),  # node 1 has too little for its half
        (["2G", "2G"], "kernelcore=8G", {}),
        (["2G", "2G"], "movable_node kernelcore=1G", {}),
        (["4G"], "kernelcore=1G movablecore=1G", {0: (1048576, GIB >> 12)}),  # the more for the kernel counts
    ],
)
def test_kernel_memory_is_spread_evenly_over_the_nodes(
    nodes: list[str], append: str, movable: dict[int, tuple[int, int]]
) -> None:
    machine = new_machine(nodes, append=append)
    assert machine.check() == []
    assert {key[0]: where for key, where in zones(machine).items() if key[1] == "Movable"} == movable


@pytest.mark.parametrize(
    ("arch", "nodes", "word", "first", "last"),
    [
        ("x86_64", ["8G"], "256M", 0xB0000000, 0xBFFFFFFF),
        ("x86_64", ["8G"], "512M@1G", 0x40000000, 0x5FFFFFFF),
        ("x86_64", ["8G"], "1G-4G:128M,4G-64G:512M", 0xA0000000, 0xBFFFFFFF),
        ("arm64", ["4G"], "512M", 0xE0000000, 0xFFFFFFFF),
        ("x86_64", ["16G"], "1G,high", 0x400000000, 0x43FFFFFFF),
    ],
)
def test_a_crash_kernel_keeps_its_memory_for_good(
    arch: str, nodes: list[str], word: str, first: int, last: int
) -> None:
    machine = new_machine(nodes, arch=arch, append=f"crashkernel={word}")
    assert machine.check() == []
    assert f"crashkernel={word}: {first:#x}-{last:#x}" in machine.origin.notes[0]
    for address in (first, last):
        verdict = machine.why_not(Offline(block=address // machine.geometry.block_size))
        assert (verdict.result, verdict.answer) == ("EBUSY", "no")  # isolation comes before notifiers
    without = new_machine(nodes, arch=arch)
    kept = sum(zone.managed for zone in without.zones.values()) - sum(zone.managed for zone in machine.zones.values())
    low = 256 << 20 if "high" in word else 0  # for devices that reach no higher
    assert kept * machine.geometry.page_size == last + 1 - first + low


@pytest.mark.parametrize(
    ("arch", "word"), [("s390x", "256M"), ("ppc64le", "256M"), ("x86_64", "auto"), ("x86_64", "8G")]
)
def test_a_crash_kernel_whose_place_is_not_known_is_left_out_and_told(arch: str, word: str) -> None:
    machine = new_machine(["4G"], arch=arch, append=f"crashkernel={word}")
    assert machine.check() == []
    assert machine.origin.notes[0].startswith(f"crashkernel={word}: ")
    assert zones(machine) == zones(new_machine(["4G"], arch=arch))


def test_a_pool_of_huge_pages_is_of_the_size_named_before_it_and_of_each_node() -> None:
    machine = new_machine(["4G", "4G"], append="hugepages=0:16,1:32 hugepagesz=1G hugepages=2")
    assert machine.check() == []
    kept = dict.fromkeys(machine.nodes, 0)
    for pfn, page in machine._state.hugepages.items():
        kept[machine.sections[pfn // machine.geometry.pages_per_section].node] += page.pages == 512
    assert kept == {0: 16, 1: 32}
    assert sum(page.pages == 1 << 18 for page in machine._state.hugepages.values()) == 2


def test_mem_is_an_address_on_x86_and_an_amount_elsewhere() -> None:
    def present(arch: str) -> int:
        machine = new_machine(["8G"], arch=arch, append="mem=4G")
        return sum(zone.present for zone in machine.zones.values()) * machine.geometry.page_size

    assert present("x86_64") == 3 * GIB  # a hole lies below 4 GiB
    assert present("arm64") == 4 * GIB


QEMU = (
    "qemu-system-x86_64 -m 2G,slots=8,maxmem=64G -numa node,nodeid=0,mem=2G -numa node,nodeid=1 "
    "-object memory-backend-ram,id=m1,size=1G -device pc-dimm,id=d1,memdev=m1,node=1 "
    "-object memory-backend-ram,id=v1,size=8G -device virtio-mem-pci,memdev=v1,node=0,requested-size=1G,block-size=4M"
)


def test_memory_devices_of_qemu_are_there_when_the_guest_has_booted() -> None:
    assert qemu_nodes(QEMU) == ("2G", "0")
    assert [(one.size, one.node, one.unit) for one in qemu_devices(QEMU)] == [(GIB, 1, 0), (GIB, 0, 4 << 20)]
    machine = new_machine(qemu_nodes(QEMU), devices=qemu_devices(QEMU), append="memhp_default_state=online_movable")
    assert machine.check() == []
    assert machine.history == ()
    assert {number: machine.blocks[number].node for number in (32, 39, 40, 47)} == {32: 1, 39: 1, 40: 0, 47: 0}
    assert machine.blocks[32].zone == (1, "Movable")
    assert machine.apply(Eject(start=4 * GIB, size=GIB)).ok


def test_memory_of_nvdimms_and_cxl_is_left_out_and_named() -> None:
    """An NVDIMM keeps its addresses, so that the DIMM behind it lies where QEMU puts it; CXL memory has others."""
    objects = "".join(f" -object memory-backend-ram,id=m{size},size={size}G" for size in (1, 2, 4))
    line = f"-m 2G{objects} -device nvdimm,memdev=m4 -device cxl-type3,volatile-memdev=m2 -device pc-dimm,memdev=m1"
    machine = new_machine(qemu_nodes(line), devices=qemu_devices(line))
    assert [*machine.blocks][16:] == [*range(64, 72)]
    said = [note for note in machine.origin.notes if "is left out" in note]
    assert [note.partition(" is left out")[0] for note in said] == [
        "the nvdimm of 4G at 0x100000000",
        "the cxl-type3 of 2G",
    ]


def test_options_of_qemu_may_be_json_and_a_device_needs_its_backend() -> None:
    line = """-m 2G -object '{"qom-type":"memory-backend-ram","id":"m","size":1073741824}' -device pc-dimm,memdev=m"""
    assert [one.size for one in qemu_devices(line)] == [GIB]
    with pytest.raises(BadInput, match="the pc-dimm of memdev='m' has no backend"):
        qemu_devices("-m 2G -device pc-dimm,memdev=m")
    line = "-m 2G -device pc-dimm,memdev=m -object memory-backend-ram,id=m,size=1G"  # QEMU makes backends first
    assert [one.size for one in qemu_devices(line)] == [GIB]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-M virt -m 2G", "several architectures have the machine virt; write the program too"),
        ("-m 4G,maxmem=2G,slots=2", "QEMU does not start with maxmem=2G, which is less than the memory, 4G"),
    ],
)
def test_what_qemu_does_not_start_or_may_be_another_machine_is_refused(line: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        qemu_words(line)
    assert qemu_words("-M virt -m 2G", "arm64").nodes == ("2G",)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("qemu-system-aarch64 -M virt -m 4G", ("aarch64", "")),
        ("/usr/bin/qemu-system-x86_64 -m 4G -append 'movable_node quiet'", ("x86_64", "movable_node quiet")),
        ("-m 4G", (None, "")),
        ("", (None, "")),
        ("LC_ALL=C sudo /usr/bin/qemu-system-ppc64 -M pseries -m 4G", ("ppc64", "")),
        ("-M pseries-8.2 -m 4G", ("ppc64", "")),
        ("-machine accel=kvm,type=s390-ccw-virtio -m 4G", ("s390x", "")),
        ("-M virt,gic-version=3 -m 4G", ("aarch64", "")),
        ("-M virt -cpu rv64 -m 4G", ("riscv64", "")),
        ("-M virt -m 4G", (None, "")),
    ],
)
def test_qemu_tells_the_architecture_and_the_command_line(line: str, told: tuple[str | None, str]) -> None:
    assert qemu_boot(line) == told


@pytest.mark.parametrize(
    ("line", "blocks"),
    [
        ("-M q35 -m 4G", [*range(16), *range(32, 48)]),
        ("-machine type=pc-q35-8.2,accel=kvm -m 4G", [*range(16), *range(32, 48)]),
        ("-machine accel=kvm,type=q35 -m 4G", [*range(16), *range(32, 48)]),
        ("-M q35,cxl=on -m 4G -M cxl-fmw.0.size=4G -machine memory-backend=m", [*range(16), *range(32, 48)]),
        ("-M q35 -m 2560M", [*range(20)]),
        ("-M pc -m 4G", [*range(24), *range(32, 40)]),
        ("-m 4G", [*range(24), *range(32, 40)]),
    ],
)
def test_a_q35_machine_keeps_less_memory_below_4_gib(line: str, blocks: list[int]) -> None:
    assert [*new_machine(qemu_nodes(line), low=qemu_low(line)).blocks] == blocks


def test_a_line_of_qemu_is_read_as_ps_prints_it_and_where_it_goes_on() -> None:
    """ps shows an object without the quotes that a shell needs, and a log breaks lines behind a backslash."""
    line = (
        "/usr/bin/qemu-system-x86_64 -machine pc -m size=4194304k,slots=16,maxmem=1099511627776k \\\n"
        ' -object {"qom-type":"memory-backend-ram","id":"m0","size":4294967296} -numa node,nodeid=0,memdev=m0 \\\n'
        ' -object {"qom-type":"memory-backend-ram","id":"d0","size":1073741824}'
        ' -device {"driver":"pc-dimm","node":0,"memdev":"d0","id":"dimm0","addr":8589934592}'
    )
    words = qemu_words(line)
    assert (words.nodes, words.arch) == (("4294967296",), "x86_64")
    assert [(device.size, device.start) for device in words.devices] == [(1 << 30, 8 << 30)]


def test_a_zone_reaches_to_its_limit_and_a_block_with_a_hole_is_in_the_one_zone_that_meets_it() -> None:
    """As the recorded guest with blocks of 2 GiB has it: its DMA32 spans the hole below 4 GiB."""
    machine = new_machine(["64G", "0"], block_size="2G")
    recorded = open_machine("block2g-guest")
    assert machine.zones[0, "DMA32"].end == recorded.zones[0, "DMA32"].end == 1 << 20
    assert [machine.blocks[block].zone for block in (0, 1, 32)] == [None, (0, "DMA32"), (0, "Normal")]
    assert recorded.blocks[1].zone == (0, "DMA32")
    for block in (1, 32):
        refused = machine.apply(Offline(block=block))
        assert refused.result == "EINVAL"
        assert isinstance(refused.reason, MemoryHoles)
    assert machine.check() == []
    low = new_machine(["2G", "1G"])
    assert [low.zones[key].end for key in ((0, "DMA32"), (1, "DMA32"))] == [2 << 18, 3 << 18]
