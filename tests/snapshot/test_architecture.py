"""Which architecture a capture is taken for that does not say it: zone names and where they end, sizes, where memory begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import BadInput, Machine, capture, lsmem, new_machine, open_machine
from altmap.engine.reading.observe import observe
from altmap.engine.rebuild.architecture import architecture_of

MEMORY = "sys/devices/system/memory"


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
    for path, text in {f"{MEMORY}/block_size_bytes": "10000000\n", **files}.items():
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
