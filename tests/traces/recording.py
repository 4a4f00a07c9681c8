"""Recordings of real kernels: what was done, what the kernel answered, and what it showed before and after.

The format is described in fixtures/traces/README.md.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest.mock import patch

import msgspec
from altmap.engine import Add, Command, Eject, Write
from altmap.engine.protocol.vocabulary import Caller, ZoneKey
from altmap.engine.reading.mapped_tree import MappedTree
from altmap.engine.reading.observation import Observation as Observed
from altmap.engine.reading.observe import observe
from altmap.engine.reading.procfs import parse_buddyinfo

FOLDER = Path(__file__).parents[2] / "fixtures" / "traces"
ROOT = "the recording"
"""Where its tree is while a recording is shown."""
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


def files_of(kernel: Mapping[str, str], seen: Observation) -> Iterator[tuple[str, str, bool]]:
    """An observation in the kernel's own layout: the path of each file, what it says, and whether it is a link to that."""
    for name, text in seen["proc"].items():
        yield f"proc/{name}", _ended(text), False
    if kernel.get("arch") == "ppc64le":
        yield f"{MEMORY}/probe", "\n", False
    for name in ("version", "cmdline"):
        yield f"proc/{name}", _ended(kernel[name]), False
    for folder, part in ((MEMORY, "sys"), (PARAMETERS, "params"), (NODE, "nodes")):
        for name, text in seen[part].items():
            yield f"{folder}/{name}", _ended(text), False
    for block, attributes in seen["blocks"].items():
        for attribute, value in attributes.items():
            if attribute == "node":
                for node in value:
                    yield f"{MEMORY}/{block}/{node}", f"../../node/{node}", True
                    yield f"{NODE}/{node}/{block}", f"../../memory/{block}", True
            elif not str(value).startswith("!"):
                yield f"{MEMORY}/{block}/{attribute}", _ended(str(value)), False
    if runs := page_runs(seen):
        yield "proc/kpageflags.runs.json", msgspec.json.encode(runs).decode() + "\n", False


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def write_tree(root: Path, kernel: Mapping[str, str], seen: Observation) -> None:
    """Make a folder say what was seen."""
    for path, text, is_link in files_of(kernel, seen):
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        if is_link:
            full.symlink_to(text)
        else:
            full.write_text(text)


class _Kept(MappedTree):
    """The files of an observation, in memory."""

    def __init__(self, files: Iterable[tuple[str, str, bool]]) -> None:
        super().__init__(ROOT)
        for path, text, is_link in files:
            if is_link:
                self._links[path] = text
            else:
                self._files[path] = text.encode()
            self._enter(path, False)


class Show(Protocol):
    """Show what was seen; the files and folders in `missing` are not there, `valid_zones` of no block."""

    def __call__(self, seen: Observation, missing: Collection[str] = ()) -> None: ...


@contextmanager
def showing(kernel: Mapping[str, str]) -> Iterator[Show]:
    """Meanwhile the tree at `ROOT` is what was shown last. No disk is between, and what it tells is read once, whoever asks."""
    files: list[tuple[str, str, bool]] = []
    read: list[Observed] = []

    def show(seen: Observation, missing: Collection[str] = ()) -> None:
        files[:] = [
            file
            for file in files_of(kernel, seen)
            if not missing
            or not any(f"{file[0]}/".startswith(f"{name}/") or file[0].endswith(f"/{name}") for name in missing)
        ]
        read.clear()

    def look(root: str, pages: bool = True, watch: object = None) -> Observed:
        if not read:
            read.append(observe(root))
        return read[0]

    with (
        patch("altmap.engine.reading.observe.open_tree", lambda root: _Kept(files)),
        patch("altmap.engine.reading.observe.observe", look),
    ):
        yield show
