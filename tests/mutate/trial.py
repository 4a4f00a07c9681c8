"""What must hold for any tree: it is refused with a sentence, or it is a sound machine that can be saved, opened and used."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Final, NamedTuple

from altmap.engine import BadInput, Machine, Sync, capture, open_machine, save_machine
from altmap.engine.snapshot.fold import alike

from tests.captures import FIRECRACKER, unpacked
from tests.stress.dice import Dice
from tests.traces.recording import Recording, write_tree

from .mutants import Mutant

BASES: Final = (
    ("6.12/mixed_zones_mom", 15),
    ("6.12/numa_lastnode_nomom", 0),
    ("6.12/virtio_mem_2m", 6),
    ("6.1/hugetlb_2m", 8),
    ("6.1/dimm1g_mom", 6),
    ("6.12-arm64/dimm1g_nomom", 5),
    ("6.1/movablecore", 0),
)
"""Recordings, and which of their observations."""
COMMANDS: Final = 6


class Trouble(AssertionError):
    """What does not hold, and what was done to the tree."""


class Base(NamedTuple):
    """A tree as a kernel showed it, and the machine that it is."""

    name: str
    folder: Path
    machine: Path


def bases(folder: Path) -> list[Base]:
    """The trees to spoil, written below a folder."""
    found: list[Base] = []
    for name, number in BASES:
        recording = Recording(name)
        seen = recording.observations()[number]
        root = folder / name.replace("/", "-")
        root.mkdir()
        write_tree(root, recording.kernel, seen)
        saved = folder / f"{root.name}.msgpack"
        save_machine(capture(root), saved)
        found += _with_and_without_pages(name, root, saved)
    return found + _poor(found[1])


def _poor(base: Base) -> list[Base]:
    """The tree without what its kernel calls itself, and its files of /proc alone."""
    unnamed, proc = (base.folder.with_name(f"{base.folder.name}-{word}") for word in ("unnamed", "proc"))
    shutil.copytree(base.folder, unnamed, symlinks=True)
    (unnamed / "proc/version").unlink()
    shutil.copytree(base.folder / "proc", proc / "proc")
    return [
        Base(f"{base.name}, without version", unnamed, base.machine),
        Base(f"{base.name}, /proc alone", proc, base.machine),
    ]


def firecracker(folder: Path) -> list[Base]:
    """The captured machine of 24 GiB: a large tree, for long runs."""
    root = unpacked(FIRECRACKER, folder / "firecracker")
    saved = folder / "firecracker.msgpack"
    save_machine(capture(root), saved)
    return _with_and_without_pages("firecracker-24g", root, saved)


def _with_and_without_pages(name: str, root: Path, saved: Path) -> list[Base]:
    bare = root.with_name(f"{root.name}-bare")
    shutil.copytree(root, bare, symlinks=True)
    for path in bare.rglob("kpage*"):
        path.unlink()
    return [Base(name, root, saved), Base(f"{name} without kpageflags", bare, saved)]


def trial(base: Base, seed: str, folder: Path) -> str:
    """Try one mutant: "refused" or "taken". Raises `Trouble`."""
    chance = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base.folder, folder, symlinks=True, copy_function=shutil.copyfile)
    mutant = Mutant(folder, chance)
    mutant.spoil(chance.choice((1, 1, 1, 2, 3, 6)))
    try:
        return _ends_well(base, folder, seed)
    except Exception as error:
        done = "".join(f"\n  {said!r}" for said in mutant.said)
        raise Trouble(f"{base.name}, seed {seed!r}: {type(error).__name__}: {error}{done}") from error


def _ends_well(base: Base, folder: Path, seed: str) -> str:
    result = "taken"
    try:
        machine = capture(folder)
    except BadInput as refusal:
        _one_sentence(refusal)
        result = "refused"
    else:
        _sound(machine, "captured")
        _kept(machine, folder)
        _used(machine, seed)
    other = open_machine(base.machine)
    _used(other, f"{seed} before")
    before = [dict(table) for table in other._state.tables]
    try:
        other.apply(Sync(root=os.fspath(folder)))
    except BadInput as refusal:
        _one_sentence(refusal)
        assert [dict(table) for table in other._state.tables] == before, "a refused sync changed something"
    else:
        _sound(other, "synced")
        _kept(other, folder)
        _used(other, seed)
    return result


def _one_sentence(refusal: BadInput) -> None:
    assert "\n" not in str(refusal), refusal
    assert len(str(refusal)) < 600, refusal


def _sound(machine: Machine, when: str) -> None:
    broken = machine.check()
    assert not broken, f"{when}: {broken[:3]}"


def _kept(machine: Machine, folder: Path) -> None:
    """It can be saved, and is the same when it is opened again."""
    path = folder.with_suffix(".msgpack")
    save_machine(machine, path)
    again = open_machine(path)
    assert again.warnings == (), again.warnings
    assert alike(again._state, machine._state)
    assert again.origin == machine.origin


def _used(machine: Machine, seed: str) -> None:
    """Some commands do what they do, and leave it sound."""
    dice = Dice(seed, machine)
    for _ in range(COMMANDS):
        command = dice.throw()
        try:
            machine.apply(command)
        except BadInput:
            continue
        _sound(machine, f"after {command}")
