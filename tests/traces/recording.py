"""Recordings of real kernels: what was done, what the kernel answered, and what it showed before and after.

The format is described in fixtures/traces/README.md.
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from altmap.engine import Add, Command, Eject, Write
from altmap.engine.protocol.vocabulary import Caller, ZoneKey
from altmap.engine.reading.procfs import parse_buddyinfo

FOLDER = Path(__file__).parents[2] / "fixtures" / "traces"
MEMORY = "sys/devices/system/memory"
NODE = "sys/devices/system/node"
PARAMETERS = "sys/module/memory_hotplug/parameters"
WRITES = re.compile(rf"/({MEMORY}|{PARAMETERS})/|/hugepages/|/proc/sys/vm/compact_memory")

Observation = dict[str, Any]
"""What user space saw of a machine at one moment, as recorded."""


def names() -> list[str]:
    """Every recording, as ``6.1/dimm128_mom``."""
    return sorted(f"{path.parent.name}/{path.name.split('.')[0]}" for path in FOLDER.glob("*/*.json.gz"))


UNTRACED = {
    *(f"6.1/{name}" for name in ("enomem_many_mom", "hugetlb_node_mom", "numa_mom", "random_auto_movable_mom")),
    *(
        f"6.12/{name}"
        for name in ("auto_movable_numa", "numa_cpunode_mom", "remove_partial_mom", "virtio_mem_movable_mixed")
    ),
    *(f"{kernel}/{name}" for kernel in ("6.1", "6.12") for name in ("error_strings_mom", "soft_offline_mom")),
}
"""Recordings without the calls of the kernel's functions and without its debug messages."""


_TRACED_KERNELS = ("6.1", "6.12", "6.12-arm64")
"""Kernels whose calls and debug messages are compared; of the others what came of each step is."""


def traced_names() -> list[str]:
    """The recordings that show what the kernel did inside a step."""
    return [name for name in names() if name.split("/")[0] in _TRACED_KERNELS and name not in UNTRACED]


def without_cma() -> list[str]:
    """The recordings of kernels that were built without CMA, whose pageblocks have a type less."""
    return [name for name in names() if name.split("/")[0] in _TRACED_KERNELS]


class Action(NamedTuple):
    """One step that concerns memory hotplug: the command that stands for it, and what was seen before and after.

    `judged`: there is an observation on either side, and something that the command may change. `answer` is the errno by
    name or "ok"; for an eject only whether it is "ok" is known.
    """

    number: int
    command: Command
    answer: str
    before: Observation
    after: Observation
    judged: bool
    calls: list[str]
    kernel_log: list[str]


class Recording:
    """One scenario on one kernel."""

    def __init__(self, name: str) -> None:
        data = msgspec.json.decode(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
        self.name = name
        self.kernel: dict[str, str] = data["kernel"]
        self.block_size: int = data["block_size"]
        self.page_size: int = data.get("page_size", 4096)
        self.dlpar = self.kernel.get("arch") == "ppc64le"
        self.boot: Observation = data["boot"]["obs"]
        self._steps: list[dict[str, Any]] = data["steps"]

    def observations(self) -> list[Observation]:
        """What was seen at boot and after each step, where memory blocks were looked at."""
        return [seen for seen in (self.boot, *(step.get("obs") or {} for step in self._steps)) if "blocks" in seen]

    def actions(self) -> Iterator[Action]:
        """The steps that the engine can be asked to do, in order."""
        devices: dict[str, tuple[int, int]] = {}
        before = self.boot
        for step in self._steps:
            after = step.get("obs") or {}
            asked = self._command(step, devices)
            if asked is not None:
                command, answer = asked
                nothing_there = isinstance(command, Eject) and not self._blocks_in(before, command)
                yield Action(
                    step["i"],
                    command,
                    answer,
                    before,
                    after,
                    "blocks" in after and not nothing_there,
                    step.get("ftrace") or [],
                    [line[3] for line in step.get("kmsg") or []],
                )
            if "blocks" in after:
                before = after

    def _command(self, step: dict[str, Any], devices: dict[str, tuple[int, int]]) -> tuple[Command, str] | None:
        asked, result = step["step"], step.get("result", {"qmp_error": "the guest did not come back"})
        if "qmp_error" in result:
            return None
        if asked["op"] == "add_dimm" and "addr" in result:
            start, size = result["addr"], result["size"]
            answer = result.get("add_memory_ret", "0" if result["ok"] else "?")
            # for the ACPI driver EEXIST is success, so its eject takes what lies there, a failed add's leavings too
            if result.get("blocks", 1) or answer == "EEXIST":
                devices[asked["id"]] = (start, size)
            caller: Caller = "dlpar" if self.dlpar else "acpi"
            command = Add(start=start, size=size, node=self._node(step), caller=caller)
            return command, "ok" if answer == "0" else answer
        if asked["op"] == "del_dimm" and asked["id"] in devices:
            start, size = devices.pop(asked["id"]) if result["ok"] else devices[asked["id"]]
            return Eject(start=start, size=size), "ok" if result["ok"] else "refused"
        path = result.get("path") or asked.get("path", "")
        if asked["op"] not in ("block", "write") or not WRITES.search(path):
            return None
        if result.get("errno") in (None, "KILLED", "STUCK"):
            return None
        data = str(result.get("data", asked.get("data", "")))
        return Write(path=path, data=data), "ok" if result["errno"] == "0" else result["errno"]

    def _node(self, step: dict[str, Any]) -> int:
        """Linux's node of a DIMM, which need not be the emulator's: that of its first block."""
        blocks = (step.get("obs") or {}).get("blocks", {})
        first = blocks.get(f"memory{step['result']['addr'] // self.block_size}")
        return int(first["node"][0][4:]) if first and first["node"] else step["step"].get("node", 0)

    def _blocks_in(self, seen: Observation, command: Eject) -> list[int]:
        start, size = int(command.start), int(command.size)
        return [n for n in map(number, seen["blocks"]) if start <= n * self.block_size < start + size]

    def blind(self, action: Action) -> bool:
        """Is the outcome hidden? A block of a kernel zone is to go offline, its zone has pages in use, and not all pages
        of the block were seen."""
        command, before = action.command, action.before
        if isinstance(command, Eject):
            leaving = set(self._blocks_in(before, command))
        elif (
            isinstance(command, Write) and command.data.strip() in ("offline", "0") and "/memory/memory" in command.path
        ):
            leaving = {number(command.path.split("/")[-2])}
        else:
            return False
        pages = self.block_size // self.page_size
        seen = page_runs(before)
        for name, block in before["blocks"].items():
            start = number(name) * pages
            zone_name = block["valid_zones"]
            if number(name) not in leaving or block["state"] != "online" or zone_name in ("none", "Movable"):
                continue
            covered = sum(max(0, min(start + pages, run[0] + run[1]) - max(start, run[0])) for run in seen)
            node = int(block["node"][0][4:]) if block["node"] else 0
            zone = zones(before).get((node, zone_name))
            if covered < pages and (zone is None or zone["managed"] > zone["free"] + zone["pcp"]):
                return True
        return False


@lru_cache(maxsize=2)
def recorded(name: str) -> Recording:
    """A recording; the tests of one run one after the other."""
    return Recording(name)


def number(name: str) -> int:
    """The number in ``memory32``."""
    return int(name.removeprefix("memory"))


def zones(seen: Observation) -> dict[tuple[int, str], dict[str, int]]:
    """The populated zones of an observation by node and name."""
    return {
        (int(node), name): zone
        for node, named in seen["summary"]["zones"].items()
        for name, zone in named.items()
        if zone["present"]
    }


def areas(seen: Observation) -> dict[ZoneKey, list[int]]:
    """/proc/buddyinfo: free areas by order, of each zone."""
    read = parse_buddyinfo(seen["proc"]["buddyinfo"])
    return {(int(zone.split("/")[0]), zone.split("/")[1]): list(counts) for zone, counts in read.items()}


def page_runs(seen: Observation) -> list[list[int]]:
    """[pfn, pages, flags, map count] wherever /proc/kpageflags could be read, ascending."""
    return sorted(run for part in ("kpf", "kpf_boot") for run in seen.get(part) or [] if run[2] is not None)


class Tree:
    """A folder that shows one observation after the other, in the kernel's own layout; only what differs is written. `turn`
    counts them."""

    def __init__(self, root: Path, kernel: dict[str, str]) -> None:
        self.root = root
        self.kernel = kernel
        self.turn = 0
        self._shown: dict[str, tuple[str, str]] = {}

    def show(self, seen: Observation) -> None:
        """Make the folder say what was seen."""
        self.turn += 1
        wanted = dict(self._files(seen))
        for path, entry in self._shown.items():
            if wanted.get(path) != entry and (path not in wanted or entry[0] == "link"):
                os.unlink(f"{self.root}/{path}")
        for path, (kind, text) in wanted.items():
            if self._shown.get(path) == (kind, text):
                continue
            full = f"{self.root}/{path}"
            if path not in self._shown:
                os.makedirs(os.path.dirname(full), exist_ok=True)
            if kind == "link":
                os.symlink(text, full)
            else:
                _write(full, text if text.endswith("\n") else text + "\n")
        self._drop_empty({os.path.dirname(path) for path in self._shown.keys() - wanted.keys()})
        self._shown = wanted

    def _drop_empty(self, folders: set[str]) -> None:
        for folder in folders:
            if not os.listdir(self.root / folder):
                (self.root / folder).rmdir()

    def _files(self, seen: Observation) -> Iterator[tuple[str, tuple[str, str]]]:
        for name, text in seen["proc"].items():
            yield f"proc/{name}", ("file", text)
        if self.kernel.get("arch") == "ppc64le":
            yield f"{MEMORY}/probe", ("file", "")
        for name in ("version", "cmdline"):
            yield f"proc/{name}", ("file", self.kernel[name])
        for folder, part in ((MEMORY, "sys"), (PARAMETERS, "params"), (NODE, "nodes")):
            for name, text in seen[part].items():
                yield f"{folder}/{name}", ("file", text)
        for block, attributes in seen["blocks"].items():
            for attribute, value in attributes.items():
                if attribute == "node":
                    for node in value:
                        yield f"{MEMORY}/{block}/{node}", ("link", f"../../node/{node}")
                        yield f"{NODE}/{node}/{block}", ("link", f"../../memory/{block}")
                elif not str(value).startswith("!"):
                    yield f"{MEMORY}/{block}/{attribute}", ("file", str(value))
        if runs := page_runs(seen):
            yield "proc/kpageflags.runs.json", ("file", msgspec.json.encode(runs).decode())


def _write(path: str, text: str) -> None:
    """Write a file anew, over what it says: another file would cost five times as much."""
    file, data = os.open(path, os.O_WRONLY | os.O_CREAT), text.encode()
    try:
        os.write(file, data)
        os.ftruncate(file, len(data))
    finally:
        os.close(file)
