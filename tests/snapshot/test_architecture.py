"""Which architecture a capture is taken for that does not say it: zone names and where they end, sizes, where memory begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import BadInput, Machine, capture, lsmem, new_machine, open_machine, save_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.state import state_of
from altmap.engine.reading.observe import observe
from altmap.engine.rebuild.architecture import architecture_of, architecture_said
from altmap.engine.rebuild.never_shown import against

MEMORY = "sys/devices/system/memory"


def test_a_kernel_that_names_a_machine_of_a_row_is_of_that_architecture() -> None:
    for preset in ARCHITECTURES.values():
        for name in {*preset.machines} - {"sh"}:
            assert architecture_said(name) == preset.geometry.arch
            assert architecture_said(f"Linux version 6.1.0-13-{name} (gcc-12)") == preset.geometry.arch
    assert architecture_said("Linux version 5.10.0 (root@sh) #1 SMP") is None


def listed(tmp_path: Path, machine: Machine, *options: str) -> Path:
    (tmp_path / "lsmem.txt").write_text(lsmem(list(options), machine)[1])
    return tmp_path / "lsmem.txt"


def note(machine: Machine) -> str:
    (found,) = [one for one in machine.origin.notes if "does not say the architecture" in one]
    return found


@pytest.mark.parametrize(
    ("arch", "taken_for"),
    [
        ("x86_64", "x86_64"),
        ("arm64", "arm64-4k"),
        ("arm64-64k", "arm64-64k"),
        ("s390x", "s390x"),
        ("ppc64le", "ppc64le-radix-64k"),
        ("riscv64", "riscv64"),
        ("loongarch64", "loongarch"),
    ],
)
def test_zones_and_sizes_decide(tmp_path: Path, arch: str, taken_for: str) -> None:
    machine = open_machine(listed(tmp_path, new_machine(["8G"], arch=arch), "--output-all"))
    assert machine.architecture.name == taken_for
    assert machine.check() == []
    assert f"taken for {machine.architecture.machines[0]}" in note(machine)


@pytest.mark.parametrize(
    ("arch", "against", "fitting"),
    [
        ("arm64", "its memory begins at 0x40000000", "arm64-4k, arm64-16k, riscv64"),
        ("riscv64", "its memory begins at 0x80000000", "arm64-4k, arm64-16k, riscv64"),
        (
            "s390x",
            "memory15 lies where devices have",
            "ppc64le-radix-64k, ppc64le-radix-4k, ppc64le-hash-64k, ppc64le-hash-4k, s390x",
        ),
    ],
)
def test_what_is_not_decided_is_asked_for(tmp_path: Path, arch: str, against: str, fitting: str) -> None:
    source = listed(tmp_path, new_machine(["8G"], arch=arch))
    with pytest.raises(BadInput) as refused:
        open_machine(source)
    assert f"x86_64 it is not: {against}" in str(refused.value)
    assert f"say which it is with --arch, one of {fitting}: altmap capture --root" in str(refused.value)
    assert capture(source, arch=fitting.rpartition(" ")[2]).check() == []


def test_x86_64_is_taken_where_nothing_is_against_it_and_the_others_are_named(tmp_path: Path) -> None:
    machine = open_machine(listed(tmp_path, new_machine(["2G"])))
    assert note(machine).endswith("taken for x86_64; arm64, ppc64le, s390x, riscv64 would fit too")


def tree(root: Path, files: dict[str, str]) -> Path:
    for number in range(16):
        files[f"{MEMORY}/memory{number}/state"] = "online\n"
    return written(root, {f"{MEMORY}/block_size_bytes": "10000000\n", **files})


def written(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "taken_for", "why"),
    [
        (
            {"proc/meminfo": "MemTotal: 1 kB\nHugepagesize: 1024 kB\n"},
            "s390x",
            "it has huge pages of 1M, and there they have 2M",
        ),
        (
            {"proc/meminfo": "DirectMap4k: 1 kB\nDirectMap1M: 1 kB\nDirectMap2G: 1 kB\n"},
            "s390x",
            "in pieces of 1M, 2G, 4k",
        ),
        ({"proc/pagetypeinfo": "Page block order: 5\n"}, "ppc64le-radix-64k", "its pageblocks have 2^5 pages"),
        (
            {
                "sys/kernel/mm/hugepages/hugepages-16384kB/nr_hugepages": "0\n",
                "proc/pagetypeinfo": "Page block order: 8\n",
            },
            "ppc64le-hash-64k",
            "its pageblocks have 2^8",
        ),
        ({f"{MEMORY}/block_size_bytes": "2000000\n"}, "ppc64le-radix-64k", "memory blocks of 32M are smaller than any"),
    ],
)
def test_sizes_decide(tmp_path: Path, files: dict[str, str], taken_for: str, why: str) -> None:
    notes: list[str] = []
    assert architecture_of(observe(tree(tmp_path, dict(files))), None, None, notes).name == taken_for
    assert why in notes[0]


def test_what_the_kernel_says_of_itself_comes_first(tmp_path: Path) -> None:
    files = {"proc/version": "Linux version 6.12.1 (x) x86_64\n", f"{MEMORY}/memory1/valid_zones": "Normal\n"}
    assert architecture_of(observe(tree(tmp_path, files)), None, None, []).name == "x86_64"
    del files["proc/version"]
    (tmp_path / "proc/version").unlink()
    assert architecture_of(observe(tree(tmp_path, files)), None, None, []).name == "ppc64le-radix-64k"


def test_a_zone_with_a_name_of_any_length_is_named_in_short(tmp_path: Path) -> None:
    files = {f"{MEMORY}/memory1/valid_zones": f"DMA{'9' * 2000}\n"}
    said = [*against(observe(tree(tmp_path, dict(files))), ARCHITECTURES["x86_64"], None)]
    files["proc/version"] = "Linux version 6.12.1 (x) x86_64\n"
    said += capture(tree(tmp_path, files)).origin.notes
    named = [one for one in said if "DMA99" in one]
    assert len(named) == 2
    assert max(map(len, named)) < 200


def zoned(page: int) -> str:
    """zoneinfo of one zone over 8 GiB from 1 GiB on, in pages of a size."""
    start, pages = (1 << 30) // page, (8 << 30) // page
    return (
        f"Node 0, zone Normal\n  pages free {pages // 2}\n        min 16\n        low 20\n        high 24\n"
        f"        spanned {pages}\n        present {pages}\n        managed {pages - 99}\n        cma 0\n  start_pfn: {start}\n"
    )


def arm64(root: Path, block: int, release: str, zoneinfo: str | None, zone: str | None = "Normal") -> Machine:
    """A capture of 8 GiB of memory from 1 GiB on, without iomem and meminfo."""
    files = {"proc/version": f"Linux version {release} (builder) aarch64", f"{MEMORY}/block_size_bytes": f"{block:x}"}
    files |= {} if zoneinfo is None else {"proc/zoneinfo": zoneinfo}
    for number in range((1 << 30) // block, (9 << 30) // block):
        files |= {f"{MEMORY}/memory{number}/state": "online"}
        files |= {} if zone is None else {f"{MEMORY}/memory{number}/valid_zones": zone}
    machine = capture(written(root, files))
    assert machine.check() == []
    return machine


@pytest.mark.parametrize(("page", "block"), [(4 << 10, 128 << 20), (16 << 10, 128 << 20), (64 << 10, 512 << 20)])
def test_blocks_and_present_pages_together_tell_the_size_of_a_page(tmp_path: Path, page: int, block: int) -> None:
    assert arm64(tmp_path, block, "6.8.0", zoned(page)).geometry.page_size == page


def test_a_block_that_is_a_section_tells_it_too(tmp_path: Path) -> None:
    assert arm64(tmp_path, 512 << 20, "6.8.0", None).architecture.name == "arm64-64k"


@pytest.mark.parametrize(("zone", "model"), [("Normal", "5.7"), (None, "5.0")])
def test_memory_blocks_show_what_was_backported(tmp_path: Path, zone: str | None, model: str) -> None:
    """Hotplug of arm64 came with 5.0 and its hot-remove, and valid_zones with that, with 5.7; Red Hat's 4.18 has both."""
    machine = arm64(tmp_path, 1 << 30, "4.18.0-80.el8", zoned(4096), zone)
    assert machine.model.name == model
    assert any(f"modelled as {model}" in note for note in machine.origin.notes)


def test_a_watermark_is_boosted_by_no_more_than_it_is(tmp_path: Path) -> None:
    """As the kernel prints them, min and low have the boost in them; a tree with more of it could not be saved."""
    zoneinfo = zoned(4096).replace("        min 16\n", "        boost 18446744073709551615\n        min 16\n")
    machine = arm64(tmp_path / "tree", 128 << 20, "6.8.0", zoneinfo)
    (marks,) = state_of(machine).watermarks.values()
    assert (marks.min, marks.low) == (0, 4)
    save_machine(machine, tmp_path / "saved.msgpack")
    assert open_machine(tmp_path / "saved.msgpack").check() == []
