"""Exported scripts at work, on a made-up /sys: what they look at first, what they verify, and where they stop."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from altmap.engine import Machine, Offline, boot_machine, open_machine, parse_script
from altmap.engine.faces.shell_export import TARGETS, export_shell, shell_script

MEMORY = "sys/devices/system/memory"
SHELLS = [shell for shell in ("dash", "bash", "sh", "busybox sh") if shutil.which(shell.split()[0])]


def rehearsed(*lines: str) -> Machine:
    machine = boot_machine([(0, 0, "2G"), (1, "8G", "1G")], nodes=2)
    for command in parse_script("\n".join(lines), "rehearsal"):
        machine.apply(command)
    return machine


def script(machine: Machine, target: str = "sysfs", kernel: str = "Linux version 6.12.9", faults: bool = False) -> str:
    return export_shell(machine.history, machine.geometry.block_size, target=target, kernel=kernel, faults=faults)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A machine as files: what is written to a block's state is what the file reads then."""
    memory = tmp_path / MEMORY
    memory.mkdir(parents=True)
    (memory / "block_size_bytes").write_text("8000000\n")
    (memory / "auto_online_blocks").write_text("offline\n")
    for block in (*range(16), *range(64, 72)):
        block_of(tmp_path, block, "online")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/version").write_text("Linux version 6.12.9-amd64\n")
    return tmp_path


def block_of(tree: Path, block: int, state: str) -> None:
    (tree / MEMORY / f"memory{block}").mkdir()
    (tree / MEMORY / f"memory{block}/state").write_text(f"{state}\n")


def run(text: str, tree: Path, *options: str, shell: str = "sh", **more: str) -> subprocess.CompletedProcess[str]:
    """In a session of its own, so that there is no terminal."""
    environment = {**os.environ, "ALTMAP_ROOT": str(tree), **more}
    return subprocess.run(
        [*shell.split(), "-s", "--", *options],
        input=text,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        timeout=600,
    )


def state(tree: Path, block: int) -> str:
    return (tree / MEMORY / f"memory{block}/state").read_text().strip()


@pytest.mark.parametrize("shell", SHELLS)
def test_it_does_each_step_and_says_so(tree: Path, shell: str) -> None:
    text = script(
        rehearsed("offline 5-7", f"echo online_movable > /{MEMORY}/auto_online_blocks", "online 6 online_movable")
    )
    done = run(text, tree, shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert [state(tree, block) for block in (5, 6, 7)] == ["offline", "online_movable", "offline"]
    assert (tree / MEMORY / "auto_online_blocks").read_text() == "online_movable\n"
    assert "1. offline 5-7\n" in done.stdout
    assert f"+ echo offline > /{MEMORY}/memory7/state\n" in done.stdout


def test_a_dry_run_does_nothing(tree: Path) -> None:
    text = script(rehearsed("offline 5-7", "add 256M at 4G", "online 32 online_movable"))
    done = run(text, tree, "-n")
    assert (done.returncode, done.stderr) == (0, "")
    assert state(tree, 5) == "online"
    assert "+ the QEMU monitor: object_add memory-backend-ram,id=mem1,size=256M\n" in done.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("block size", "memory blocks have 0x80000000 bytes here, and 0x8000000 where this was rehearsed"),
        ("state", "memory6 is offline here, and was online where this was rehearsed"),
        ("gone", "memory6 is missing here"),
    ],
)
def test_a_machine_that_is_not_the_rehearsed_one_stops_it_before_the_first_step(
    tree: Path, change: str, said: str
) -> None:
    text = script(rehearsed("offline 5-7"))
    if change == "block size":
        (tree / MEMORY / "block_size_bytes").write_text("80000000\n")
    elif change == "state":
        (tree / MEMORY / "memory6/state").write_text("offline\n")
    else:
        shutil.rmtree(tree / MEMORY / "memory6")
    done = run(text, tree)
    assert done.returncode == 2
    assert said in done.stderr
    assert state(tree, 5) == "online"


def test_blocks_that_would_go_online_otherwise_stop_it_before_they_come(tree: Path) -> None:
    """What an add comes to hangs on auto_online_blocks, unless the script sets it first."""
    file = tree / MEMORY / "auto_online_blocks"
    machine = rehearsed("add 256M at 4G", f"echo online > /{MEMORY}/auto_online_blocks")
    assert run(shell_script(machine), tree, "-n").returncode == 0
    file.write_text("online_movable\n")
    done = run(shell_script(machine), tree, "-n")
    assert done.returncode == 2
    assert "auto_online_blocks reads 'online_movable' here, and 'offline' where this was rehearsed" in done.stderr
    for lines in (("offline 5",), (f"echo online > /{MEMORY}/auto_online_blocks", "add 256M at 4G")):
        assert run(shell_script(rehearsed(*lines)), tree, "-n").returncode == 0


def test_force_goes_on_where_that_can_be(tree: Path) -> None:
    (tree / MEMORY / "memory6/state").write_text("offline\n")
    done = run(script(rehearsed("offline 5-7")), tree, "-f")
    assert done.returncode == 0
    assert state(tree, 7) == "offline"


def test_another_kernel_is_told(tree: Path) -> None:
    (tree / "proc/version").write_text("Linux version 6.8.0-45-generic\n")
    done = run(script(rehearsed("offline 5")), tree)
    assert "note: this was rehearsed for Linux 6.12, and here runs Linux version 6.8.0-45-generic" in done.stdout
    assert done.returncode == 0


def test_without_a_terminal_it_stops_before_the_first_step_that_needs_a_person(tree: Path) -> None:
    done = run(script(rehearsed("offline 5", "add 256M at 4G", "offline 6")), tree)
    assert done.returncode == 3
    assert "a person is needed here, and there is no terminal" in done.stderr
    assert (state(tree, 5), state(tree, 6)) == ("offline", "online")


def test_what_the_kernel_says_is_kept(tree: Path) -> None:
    shutil.rmtree(tree / MEMORY / "memory6")
    done = run(script(rehearsed("offline 5-7")), tree, "-f")
    assert done.returncode == 1
    assert f"step 1: /{MEMORY}/memory6/state: No such file or directory" in done.stderr
    (tree / MEMORY / "memory7/state").unlink()
    (tree / MEMORY / "memory7/state").mkdir()
    done = run(script(rehearsed("offline 7")), tree, "-f")
    assert done.returncode == 1
    assert "Is a directory" in done.stderr


def test_a_step_that_does_not_come_to_what_was_rehearsed_stops_it(tree: Path) -> None:
    (tree / MEMORY / "memory5/valid_zones").write_text("Normal\n")
    (tree / MEMORY / "memory5/state").write_text("offline\n")
    machine = rehearsed("offline 5", "online 5 online_movable")
    text = script(machine)
    done = run(text, tree, "-f")
    zone = machine.blocks[5].zone
    assert zone is not None
    assert (done.returncode, "memory5 is not in zone" in done.stderr) == (
        (0, False) if zone[1] == "Normal" else (1, True)
    )


def test_a_pool_of_huge_pages_has_to_come_to_as_many_as_were_rehearsed(tree: Path) -> None:
    pool = tree / "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
    pool.parent.mkdir(parents=True)
    pool.write_text("0\n")
    assert run(script(rehearsed("hugepages 4 of 2M")), tree).returncode == 0
    short = script(rehearsed("hugepages 99999999 of 2M"))  # the kernel takes the number, and has fewer
    done = run(short, tree)
    assert done.returncode == 1
    assert "reads '99999999', and not '" in done.stderr


@pytest.mark.parametrize("placement", ["range", "sections"])
def test_placements_that_no_kernel_has_stop_it(tree: Path, placement: str) -> None:
    machine = rehearsed(f"add 256M at 4G placement {placement} fallback", "offline 5")
    text = script(machine)
    done = run(text, tree)
    assert done.returncode == 1
    assert f"no released kernel places a memmap so (placement {placement})" in done.stderr
    assert state(tree, 5) == "online"


@pytest.mark.parametrize("target", [name for name, means in TARGETS.items() if means.shell])
def test_every_target_is_clean_and_dry(tree: Path, target: str) -> None:
    machine = rehearsed(
        "offline 5-7", "add 256M at 4G", "online 32-33 online_movable", "hugepages 4 of 2M", "virtio-mem 1G at 16G", "compact",
        "offline 33", "poison 0x10000000", "add 256M at 20G caller dax", "remove 256M at 20G", "echo 1 > /sys/nothing",
    )  # fmt: skip
    for faults in (False, True):
        text = script(machine, target, faults=faults)
        if shutil.which("shellcheck"):
            found = subprocess.run(["shellcheck", "-"], input=text, capture_output=True, text=True, check=False)
            assert found.stdout == ""
        done = run(text, tree, "-n", DOMAIN="guest", DAX="dax0.0")
        assert (done.returncode, done.stderr) == (0, "")
    assert state(tree, 5) == "online"


def test_chmem_gets_the_option_that_every_chmem_has() -> None:
    text = script(rehearsed("offline 5-7", "online 6 online_movable"), "chmem")
    assert "tell chmem --disable -b 5-7\n" in text
    assert "tell chmem --enable --zone Movable -b 6-6\n" in text


def test_qemu_gets_lines_for_its_monitor() -> None:
    text = script(rehearsed("add 256M at 4G", "online 32-33 online_movable"), "qemu")
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        "object_add memory-backend-ram,id=mem1,size=256M",
        "device_add pc-dimm,id=dimm1,memdev=mem1,node=0,addr=0x100000000",
    ]


def test_daxctl_is_told_of_whole_devices_alone() -> None:
    """Of a part of one, or of other memory, it would take all of the device."""
    machine = rehearsed(
        "add 256M at 20G caller dax",
        "online 160-161 online_movable",
        "offline 160",
        "offline 5",
        "online 160 online_movable",
    )
    text = script(machine, "daxctl")
    said = [line for line in text.splitlines() if line.startswith(("tell daxctl", "blocks "))]
    assert said == [
        'tell daxctl reconfigure-device --mode=system-ram --no-online "$dax"',
        'tell daxctl online-memory "$dax"',
        "blocks 160 160 offline offline",
        "blocks 5 5 offline offline",
        "blocks 160 160 online_movable online Movable",
    ]
    assert "dax=" in text
    assert "dax=" not in script(rehearsed("offline 5"), "daxctl")


def test_a_dax_device_is_given_and_taken_back_by_daxctl_which_onlines_nothing_by_itself() -> None:
    one = ["add 256M at 20G caller dax", "online 160-161 online_movable", "offline 160-161", "remove 256M at 20G"]
    other = "add 256M at 24G caller dax"
    given, back = "daxctl reconfigure-device --mode=system-ram --no-online", "daxctl reconfigure-device --mode=devdax"
    assert [line for line in script(rehearsed(*one), "daxctl").splitlines() if "reconfigure" in line] == [
        f'tell {given} "$dax"',
        f'tell {back} "$dax"',
    ]
    asked = f"""ask 'the real machine' 'give a DAX device to the system: {given}'"""
    taken = f"""ask 'the real machine' 'take the DAX device back from the system: {back}'"""
    for target, lines in (("sysfs", one), ("daxctl", [*one, other])):  # of two devices $dax names one
        said = [line for line in script(rehearsed(*lines), target).splitlines() if "reconfigure" in line]
        assert said[:2] == [asked, taken]


def test_blocks_of_the_guest_are_one_line_that_can_be_typed() -> None:
    line = "for n in $(seq 5 6); do echo offline > /sys/devices/system/memory/memory$n/state; done"
    for target, said in (("virsh", f"ask 'the guest' '{line}'"), ("qemu", f"# in the guest: {line}")):
        assert said in script(rehearsed("offline 5-6"), target).splitlines()
        assert "memory5/state" in script(rehearsed("offline 5"), target)


def test_blocks_that_were_refused_alike_are_told_once() -> None:
    for target in ("sysfs", "qemu"):
        text = script(rehearsed("offline 200-209", "online 5", "offline 210"), target).splitlines()
        at = text.index("# offline 200-209")
        assert text[at + 1] == "#   each refused with ENOENT; the first: memory200 does not exist"
        assert sum("refused with" in line for line in text) == 3
        assert "#   refused with ENOENT: memory210 does not exist" in text


def test_what_was_not_sure_is_told_in_the_script_and_which_machine_it_was() -> None:
    machine = open_machine("numa-guest")
    machine.apply(Offline(block=9))
    text = shell_script(machine)
    assert "# rehearsed on numa-guest (Linux 6.12.117+deb12-amd64)\n" in text
    assert (
        "# not known of memory9: no one saw all pages; this was rehearsed as if none were in the way\nblocks 9 9"
        in text
    )
