"""Machines that a course can begin with: fresh ones of every architecture and kernel, and every bundled or captured one."""

from __future__ import annotations

import re
import tempfile
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from altmap.engine import MODELS, Machine, boot_machine, capture, open_machine
from altmap.engine.faces.library import machine_names
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.numbers.units import GIB, MIB

from tests.captures import CAPTURES, unpacked
from tests.kernels import KERNELS

WITHOUT = " without kpageflags"
_FRESH = re.compile(r"(\S+) (\S+) memmap_on_memory=(\S+) nodes=(\d)")


class Kind(NamedTuple):
    """A kind of fresh machine: architecture, kernel model, the parameter, and how many nodes there are."""

    arch: str
    model: str
    memmap_on_memory: str
    nodes: int

    def __str__(self) -> str:
        return f"{self.arch} {self.model} memmap_on_memory={self.memmap_on_memory} nodes={self.nodes}"


@cache
def kinds() -> tuple[Kind, ...]:
    """Every architecture under every model; the parameter and the nodes change along."""
    found: list[Kind] = []
    for at, arch in enumerate(ARCHITECTURES):
        for nr, model in enumerate(KERNELS):
            modes = MODELS[model].parameter_modes or ("N",)
            found.append(Kind(arch, model, modes[(at + nr) % len(modes)], 1 + (at + nr) % 3))
    return tuple(found)


def starts() -> list[str]:
    """The names of all: fresh kinds, and bundled machines and captures under their own kernel and under every model."""
    names = [*machine_names(), *_captures()]
    return [
        *map(str, kinds()),
        *(f"{name}{model}" for name in names for model in ("", *(f" {one}" for one in KERNELS))),
    ]


def _captures() -> list[str]:
    names = sorted(path.name for path in CAPTURES.glob("*.tar.xz"))
    return [f"{name}{which}" for name in names for which in ("", WITHOUT)]


def begin(start: str) -> Machine:
    """The machine of that name."""
    return _made(start).copy()


@lru_cache(maxsize=1)
def _made(start: str) -> Machine:
    if fresh := _FRESH.fullmatch(start):
        return boot(Kind(fresh[1], fresh[2], fresh[3], int(fresh[4])))
    name, model = next(
        (start.removesuffix(f" {one}"), one) for one in (*sorted(KERNELS, key=len, reverse=True), None)
        if one is None or start.endswith(f" {one}")
    )  # fmt: skip
    if not name.startswith(tuple(_captures())):
        return open_machine(name, model=model)
    with tempfile.TemporaryDirectory() as folder:
        tree = unpacked(CAPTURES / name.removesuffix(WITHOUT), Path(folder))
        for path in tree.rglob("kpage*") if name.endswith(WITHOUT) else ():
            path.unlink()
        return capture(folder, model=model)


def boot(kind: Kind) -> Machine:
    """A small machine of a kind: eight blocks or 1 GiB, which is little enough for an add to fail."""
    preset = ARCHITECTURES[kind.arch]
    geometry = preset.geometry
    size = geometry.block_size * max(2, min(8, GIB // geometry.block_size))
    if kind.arch == "x86_32":
        size = max(512 * MIB, geometry.block_size)
    ram: list[Any] = [(0, 0, size)]
    if kind.nodes > 2:
        sections = [section for _, section in preset.older_sections]  # under some kernels they were larger
        ram.append((1, size, max(geometry.block_size, 256 * MIB, *sections)))
    return boot_machine(
        ram,
        arch=kind.arch,
        model=kind.model,
        nodes=kind.nodes,
        memmap_on_memory=kind.memmap_on_memory,
        options="hugetlb_free_vmemmap=on" if kind.nodes == 2 else "",
    )
