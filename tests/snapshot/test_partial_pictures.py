"""Pictures of a machine that say a part: which kernel it is by other files than /proc/version, and what no one counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, Offline, open_machine, sentence, why_not

from .trees import BIG, listed

UNAME = "Linux db12 5.14.0-427.13.1.el9_4.x86_64 #1 SMP PREEMPT_DYNAMIC Wed Apr 10 10:29:16 EDT 2024 x86_64 GNU/Linux\n"


@pytest.mark.parametrize(
    ("path", "text", "model", "said"),
    [
        ("sos_commands/kernel/uname_-a", UNAME, "6.2", "sos_commands/kernel/uname_-a names"),
        ("uname", UNAME, "6.2", "uname names"),
        ("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.8.0-1021-aws root=/dev/x ro\n", "6.8", "the command line names"),
        ("proc/cmdline", "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.12.0-55.el10.x86_64 ro\n", "6.12", "the command line names"),
        ("proc/cmdline", "root=/dev/sda1 vmlinuz-9.9\n", "7.3", "does not say the kernel"),
        ("uname", "SunOS db12 5.11 11.4 sun4v\n", "7.3", "does not say the kernel"),
    ],
)
def test_a_kernel_is_known_by_uname_or_the_image_that_booted(
    tmp_path: Path, path: str, text: str, model: str, said: str
) -> None:
    for name, content in {"sos_commands/memory/lsmem_-a": BIG, path: text}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "proc").mkdir(exist_ok=True)
    machine = open_machine(tmp_path)
    assert machine.model.name == model
    assert any(said in note for note in machine.origin.notes)
    assert any("by the sources of RHEL" in note for note in machine.origin.notes) is (".el" in text)


def test_totals_of_the_machine_serve_where_its_only_node_tells_none(tmp_path: Path) -> None:
    (tmp_path / "lsmem.txt").write_text(BIG.replace("    1  ", "    0  ").replace("    2 N", "    0 N"))
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 260000000 kB\nMemFree: 1000000 kB\n")
    (tmp_path / "sys/devices/system/node/node0").mkdir(parents=True)
    (tmp_path / "sys/devices/system/node/possible").write_text("0\n")
    machine = open_machine(tmp_path)
    assert abs(sum(zone.managed for zone in machine.zones.values()) - 260_000_000 // 4) < 4
    assert sum(zone.free for zone in machine.zones.values()) < 260_000


def test_what_no_one_counted_is_not_told_as_if_someone_had(tmp_path: Path) -> None:
    verdict = why_not(listed(tmp_path, BIG), Offline(block=5))
    (unknown,) = verdict.unknown
    assert sentence(unknown).count("cannot be moved") == 1  # one is enough for a refusal; not: so many cannot be
    assert "no one counted which pages of the zone are the kernel's, and some always are" in sentence(unknown)
    added = why_not(listed(tmp_path, BIG), Add(start="512G", size="2G"))
    assert [sentence(one) for one in added.unknown] == [
        "no one counted the free pages of zones DMA, DMA32, Normal of node 0 and of zone Normal of node 1, and their areas; "
        "to know, capture /proc/zoneinfo and /proc/buddyinfo"
    ]
