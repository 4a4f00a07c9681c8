"""Print the benchmark table, or the parts of it that are named.

Nothing is asserted: times belong to the machine that they were measured on. All are CPU time, so that what else runs there
matters less; figures that have a goal are ratios to something that was measured beside them, wherever they can be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from altmap.engine import (
    Add,
    Allocate,
    Compact,
    Eject,
    HugePages,
    Machine,
    Offline,
    Online,
    Remove,
    boot_machine,
    capture,
    compare,
    grow,
    open_machine,
    save_machine,
    vary,
)
from altmap.engine.protocol.vocabulary import KINDS, Caller

GIB = 1 << 30
BLOCK = 128 << 20


def timed(action: Callable[[], object]) -> float:
    """CPU seconds that an action takes."""
    start = time.process_time()
    action()
    return time.process_time() - start


def spent(command: Sequence[str | Path], environment: Mapping[str, str] = os.environ) -> float:
    """CPU seconds that a process takes whose output nobody reads."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def say(what: str, figure: str, goal: str = "") -> None:
    """One row of the table."""
    print(f"{what:<64}{figure:>28}   {goal}", flush=True)


def guest() -> Machine:
    """8 GiB of boot memory, memmap on memory."""
    return boot_machine([(0, 0, "2G"), (0, "4G", "6G")], block_size=BLOCK)


def life_cycle(machine: Machine, size: int) -> dict[str, float]:
    """Add, online movable, offline and remove so many bytes at 64 TiB, one command a block for online and offline."""
    start = 1 << 46 >> 1
    blocks = range(start // BLOCK, (start + size) // BLOCK)

    def each(make: Callable[[int], Online | Offline]) -> None:
        for number in blocks:
            assert machine.apply(make(number)).ok

    return {
        "add": timed(lambda: machine.apply(Add(start=start, size=size))),
        "online": timed(lambda: each(lambda number: Online(block=number, type="online_movable"))),
        "offline": timed(lambda: each(lambda number: Offline(block=number))),
        "remove": timed(lambda: machine.apply(Remove(start=start, size=size))),
    }


def writing_16_gib() -> float:
    """Seconds to write 16 GiB of memory once: the best of three times 1 GiB in a warm buffer, scaled."""
    buffer = bytearray(GIB)
    pattern = bytes(1 << 20)

    def write() -> None:
        for at in range(0, GIB, len(pattern)):
            buffer[at : at + len(pattern)] = pattern

    write()
    return 16 * min(timed(write) for _ in range(3))


def terabyte() -> None:
    """The four verbs on 1 TiB, against writing its struct pages once."""
    writing = writing_16_gib()
    times = life_cycle(guest(), 1 << 40)
    total = sum(times.values())
    say("writing the 16 GiB of struct pages of 1 TiB once, warm, scaled", f"{writing:.2f} s")
    for verb, seconds in times.items():
        say(f"1 TiB, 8192 blocks: {verb}", f"{seconds:.3f} s")
    say("all four against that writing", f"{total:.2f} s = {total / writing:.2f} x", "below 0.3")
    alone = subprocess.run(
        [sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    ).stdout.strip()
    say("peak memory of the same four verbs in a process of its own", f"{alone} MB", "below 300")


_MEMORY = """
from tests.benchmarks.__main__ import guest, life_cycle
life_cycle(guest(), 1 << 40)
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def growth() -> None:
    """The same on more memory, a block, against 64 GiB before and after it."""

    def each(size: int) -> float:
        return sum(life_cycle(guest(), size).values()) / (size // BLOCK) * 1e6

    for size in (1 << 40, 16 << 40):
        before, now, after = each(64 << 30), each(size), each(64 << 30)
        figure = f"{now:.0f} us a block = {2 * now / (before + after):.2f} x"
        say(f"four verbs on {size >> 30} GiB, against 64 GiB", figure, "at most 1.15")


def pages() -> None:
    """Offlining a block full of scattered movable pages, and compacting a zone."""
    machine = guest()
    machine.apply(Add(start="16G", size="16G"))
    for number in range(128, 256):
        machine.apply(Online(block=number, type="online_movable"))
    size = 16 * GIB * 3 // 10
    assert machine.apply(Allocate(size=size, zone="Movable", pattern="random", seed=1)).ok
    seconds = sum(timed(partial(machine.apply, Offline(block=n))) for n in range(128, 136))
    say("offlining blocks with 30 % scattered movable pages", f"{8 * 32768 / seconds / 1e6:.1f} M pages/s", "above 4")
    machine = guest()
    machine.apply(Add(start="16G", size="16G"))
    for number in range(128, 256):
        machine.apply(Online(block=number, type="online_movable"))
    assert machine.apply(Allocate(size=8 * GIB - (64 << 20), zone="Movable", pattern="random", seed=2)).ok
    seconds = timed(lambda: machine.apply(Compact(node=0, zone="Movable")))
    say("compacting 16 GiB, a random half in use", f"{16 * GIB / 4096 / seconds / 1e6:.1f} M pages/s", "above 1")
    machine = boot_machine([(0, 0, "2G"), (0, "4G", "1022G")], block_size=BLOCK)
    few, many = [
        timed(partial(machine.apply, HugePages(count=n, size="1G"))) / step for n, step in ((64, 64), (576, 512))
    ]
    say(
        "taking 512 pages of 1 GiB, where 64 are taken already",
        f"{many * 1e3:.2f} ms a page = {many / few:.2f} x",
        "of the first 64",
    )


def trees() -> None:
    """Reading a capture of 65,536 blocks against lsmem, and loading it from a snapshot."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        root = Path(folder) / "tree"
        make_tree(root, 65536)
        machine = capture(root)
        reading = min(timed(lambda: capture(root)) for _ in range(3))
        say("reading a capture of 65,536 blocks", f"{reading:.2f} s")
        if lsmem := shutil.which("lsmem"):
            command = [lsmem, "-a", "--sysroot", str(root)]
            seconds = min(spent(command) for _ in range(3))
            say("against lsmem -a on the same tree", f"{seconds:.2f} s = {reading / seconds:.2f} x", "at most 0.75")
        else:
            say("lsmem is not installed here", "-")
        saved = Path(folder) / "saved.msgpack"
        save_machine(machine, saved)
        loading = min(timed(lambda: open_machine(saved)) for _ in range(3))
        say(
            "loading the same machine from its snapshot",
            f"{loading:.3f} s = {reading / loading:.1f} x faster",
            "above 5",
        )


def make_tree(root: Path, blocks: int) -> None:
    """A capture tree of one node whose blocks are all online in zone Normal."""
    (root / "proc").mkdir(parents=True)
    (root / "proc/version").write_text("Linux version 6.12.0 (x86_64)\n")
    memory, node = root / "sys/devices/system/memory", root / "sys/devices/system/node/node0"
    memory.mkdir(parents=True)
    node.mkdir(parents=True)
    (memory / "block_size_bytes").write_text("8000000\n")
    for number in range(32, 32 + blocks):
        block = memory / f"memory{number}"
        block.mkdir()
        for name, text in (("state", "online"), ("valid_zones", "Normal"), ("removable", "1"), ("phys_device", "0")):
            (block / name).write_text(text + "\n")
        (block / "node0").symlink_to("../../node/node0")
        (node / block.name).symlink_to(f"../../memory/{block.name}")


def questions() -> None:
    """Asking without changing, and checking."""
    machine = guest()
    machine.apply(Add(start="1T", size="1T"))
    for number in range(8192, 16384):
        machine.apply(Online(block=number, type="online_movable"))
    seconds = timed(lambda: machine.why_not(Eject(start="1T", size="1T")))
    say("why_not of an eject of 1 TiB, 8,192 blocks", f"{seconds:.2f} s", "below 0.5")
    seconds = timed(lambda: [machine.why_not(Offline(block=number)) for number in range(9000, 9200)]) / 200
    say("why_not of one offline on a machine of 1 TiB", f"{seconds * 1e3:.2f} ms", "below 1")
    seconds = timed(lambda: compare(guest(), Add(start="1T", size="1T")))
    say("compare of an add of 1 TiB", f"{seconds:.2f} s", "below 0.5")
    server = open_machine("terabyte-server")
    seconds = timed(lambda: vary(server, Add(start="2T", size="1T"), "kernel models"))
    say("the same on a server of 1 TiB, under every kernel", f"{seconds:.2f} s", "below 0.5")
    growing: dict[str, Caller] = {"DIMMs": "acpi", "virtio-mem": "virtio-mem"}
    for who, caller in growing.items():
        seconds = timed(partial(grow, guest(), "1G", online="online_movable", caller=caller, limit="1T"))
        say(f"grow to 1 TiB in 1 GiB steps by {who}", f"{seconds:.2f} s", "below 5")
    end = 1 << 41 >> 12
    straight = timed(lambda: [section.count(kind) for section in machine.sections.values() for kind in KINDS])
    first = timed(lambda: machine.summary(0, end))
    machine.apply(Offline(block=9000))
    again = timed(lambda: machine.summary(0, end))
    say("summary of that machine, the first", f"{first:.3f} s = {first / straight:.2f} x", "of counting by kind")
    say("the same after an offline", f"{again * 1e3:.2f} ms = {again / straight:.4f} x", "what changed alone")
    say("check() of that machine", f"{timed(machine.check):.2f} s", "below 2")


def used(*words: str, runs: int = 7) -> float:
    """CPU seconds of altmap with these words, a process of its own: the least of several."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        times = [spent([sys.executable, "-m", "altmap", *words], environment) for _ in range(runs + 1)]
    return min(times[1:])


def starting() -> None:
    """Short commands against the shortest."""
    least = used("--version")
    say("altmap --version", f"{least * 1e3:.0f} ms")
    for words in (("show", "small-guest"), ("why", "small-guest", "offline", "4")):
        seconds = used(*words)
        say(f"altmap {' '.join(words)}", f"{seconds * 1e3:.0f} ms = {seconds / least:.1f} x", "at most 2.5 x")


def captures() -> None:
    """Reading the machine that this runs on, with its pages, against reading the file of their flags."""
    flags = Path("/proc/kpageflags")
    if not os.access(flags, os.R_OK) or not os.access("/sys/devices/system/memory/block_size_bytes", os.R_OK):
        say("capturing this machine with its pages: only root can, and where memory has blocks", "-")
        return
    reading = min(spent(["cat", flags]) for _ in range(3))
    seconds = min(timed(lambda: capture("/")) for _ in range(3))
    say("cat /proc/kpageflags of this machine", f"{reading:.2f} s")
    say("capturing it with its pages", f"{seconds:.2f} s = {seconds / reading:.1f} x", "at most 3 x")


def explorer() -> None:
    """The latency of the explorer."""
    from .explorer import all_of_it

    all_of_it(say)


PARTS = (terabyte, pages, trees, captures, questions, starting, growth, explorer)

if __name__ == "__main__":
    wanted = sys.argv[1:] or [part.__name__ for part in PARTS]
    for part in PARTS:
        if part.__name__ in wanted:
            part()
