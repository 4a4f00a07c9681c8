"""Make the bundled machines anew: ``python -m tests.make_machines TRACES`` with the folder of recorded traces.

Boot observations and later ones of the traces, the capture of a real virtual machine in fixtures/captures, and one machine
that the engine makes up; each with one line on what it is.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from altmap import engine

from tests.traces.recording import write_tree

FIXTURES = Path(__file__).parent.parent / "fixtures"
FROM_TRACES = {
    "small-guest": ("6.12/dimm128_mom", None, "1 GiB guest, Linux 6.12, memmap_on_memory=Y: nothing hot-added yet"),
    "tiny-guest": (
        "6.1/enomem_reserve_nomom",
        None,
        "256 MiB guest, Linux 6.1: too small for the memmap of a big DIMM",
    ),
    "mixed-guest": ("6.12/mixed_zones_mom", 15, "1 GiB guest, Linux 6.12, eight 128 MiB DIMMs online in both zones"),
    "numa-guest": (
        "6.12/numa_lastnode_nomom",
        None,
        "1.5 GiB guest, Linux 6.12, two nodes and a third one without memory",
    ),
    "block2g-guest": (
        "6.12/gigantic_block2g_mom",
        None,
        "guest with 66 GiB of address space, Linux 6.12: blocks of 2 GiB",
    ),
    "arm64-guest": ("6.12-arm64/dimm1g_nomom", None, "1 GiB arm64 guest, Linux 6.12, 4K pages"),
}


OF_TOUR = "trace 7.3/zone_holes_signal, step 13"


def made(traces: Path, trace: str, step: int | None) -> engine.Machine:
    """The machine that was recorded at a step of a trace, or at its boot."""
    recorded: dict[str, Any] = json.loads(gzip.decompress((traces / f"{trace}.json.gz").read_bytes()))
    seen = recorded["boot"]["obs"] if step is None else recorded["steps"][step]["obs"]
    with tempfile.TemporaryDirectory() as folder:
        write_tree(Path(folder), recorded["kernel"], seen)
        return engine.capture(folder)


def main(traces: Path) -> None:
    out = FIXTURES / "machines"
    out.mkdir(exist_ok=True)
    for name, (trace, step, words) in FROM_TRACES.items():
        machine = made(traces, trace, step)
        engine.rename(machine, name, words, source=f"trace {trace}, " + ("boot" if step is None else f"step {step}"))
        engine.save_machine(machine, out / f"{name}.msgpack.gz")
    machine = engine.capture(FIXTURES / "captures" / "firecracker-24g.tar.xz")
    engine.rename(
        machine,
        "firecracker-24g",
        "24 GiB Firecracker VM, Linux 6.18, captured with every page",
        source="a real machine",
    )
    engine.save_machine(machine, out / "firecracker-24g.msgpack.gz")
    server = engine.boot_machine(
        [(0, 0, "2G"), (0, "4G", "510G"), (1, "514G", "512G")], nodes=3, name="terabyte-server", model="6.12"
    )
    engine.rename(
        server,
        "terabyte-server",
        "1 TiB server, two nodes and an empty one for CXL memory, blocks of 128 MiB",
        source="made by the engine",
    )
    engine.save_machine(server, out / "terabyte-server.msgpack.gz")
    slab = made(traces, "7.3/zone_holes_signal", 13)
    engine.rename(
        slab, "slab-guest", "1 GiB guest, Linux 7.3: a slab page of order 0 in a hot-added block", source=OF_TOUR
    )
    engine.save_machine(slab, FIXTURES.parent / "explorer" / "tour" / "slab-guest.msgpack.gz")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
