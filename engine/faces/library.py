"""Opening machines by name, file, folder or tar; saving them; and the machines that come along."""

from __future__ import annotations

import os
import platform
import tarfile
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ..capture.collection import without_collection
from ..capture.observe import observe
from ..commands import Sync, describe
from ..kernels.models import MODELS
from ..machine import Machine
from ..numbers.errors import BadInput, did_you_mean, located
from ..rebuild.rebuild import rebuild
from ..snapshot import store
from ..snapshot.schema import StepV1

_SUFFIX: Final = ".msgpack.gz"
"""How the files of bundled machines are called behind their names."""


class Bundled(NamedTuple):
    """A machine that comes along: its name, its file, and one line on what it is."""

    name: str
    path: Path
    description: str


def bundled_machines() -> list[Bundled]:
    """The machines that come along, by name."""
    return [Bundled(name, path, store.described(path)) for name, path in _bundled().items()]


def machine_names() -> list[str]:
    """The names of the machines that come along; no file is opened."""
    return list(_bundled())


def open_machine(source: str | os.PathLike[str], *, model: str | None = None) -> Machine:
    """The machine that `source` names: a bundled name, a snapshot file, or a capture as a folder or tar.

    `model` replaces the kernel model. Raises `BadInput` with one sentence when it cannot be opened.
    """
    text = os.fspath(source)
    path = Path(text)
    if not path.exists():
        bundled = _bundled()
        if text not in bundled:
            raise BadInput(
                f"{text}: there is no such file or folder, and no bundled machine of that name ({', '.join(bundled)})"
                + did_you_mean(text, bundled)
            )
        path = bundled[text]
    if path.is_dir() or _is_tar(path):
        return capture(path, model=model)
    return _opened(store.read(path), text, model)


def read_machine(data: bytes, source: str, *, model: str | None = None) -> Machine:
    """The machine in the content of a snapshot, such as one that came through a pipe; `source` is how messages call it.
    `model` replaces the kernel model. Raises `BadInput` with one sentence when there is none in it."""
    return _opened(store.parse(data, source), source, model)


def _opened(saved: store.Saved, text: str, model: str | None) -> Machine:
    if model is not None:
        if model not in MODELS:
            raise BadInput(f"{model!r} is not a kernel model; it is one of {', '.join(MODELS)}")
        saved.state.model = MODELS[model]
    machine = Machine(saved.state, saved.origin)
    _replay(machine, saved, text, strict=model is None)
    return machine


def capture(root: str | os.PathLike[str] = "/", *, model: str | None = None, arch: str | None = None) -> Machine:
    """The machine whose /proc and /sys are below `root`, a folder or a tar; nothing is written there."""
    here = platform.machine() if os.path.realpath(root) == "/" else None
    with without_collection():
        return Machine(*rebuild(observe(root), model=model, arch=arch, machine=here))


def _replay(machine: Machine, saved: store.Saved, text: str, strict: bool) -> None:
    """Do the saved steps again; the same commands in the same state have the same results."""
    for number, step in enumerate(saved.steps, 1):
        machine.go_to(step.parent)
        with located(f"{text}: step {number}"):
            outcome = machine.apply(step.command)
        if strict and outcome.result != step.result:
            raise BadInput(
                f"{text}: step {number} ({describe(step.command)}) gave {step.result} when it was saved and gives "
                f"{outcome.result} now; the snapshot was changed, or made by another version of altmap"
            )
        machine.timeline.name(number, step.name)
    machine.go_to(saved.at)


def save_machine(machine: Machine, path: str | os.PathLike[str]) -> None:
    """Write a snapshot with the machine's timeline: its first state, and the commands from there on. The suffix chooses
    the format (.json, .msgpack, each also with .gz).

    A `Sync` cannot be replayed without its capture; where there was one, the present state alone is saved.
    """
    timeline = machine.timeline
    steps = [
        StepV1(step.parent.number, step.outcome.command, step.outcome.result, step.name)
        for step in timeline.steps
        if step.parent is not None and step.outcome is not None
    ]
    if any(isinstance(step.command, Sync) for step in steps):
        store.save(machine.state, machine.origin, path)
        return
    at = timeline.present.number
    timeline.go_to(0)
    try:
        store.save(machine.state, machine.origin, path, steps, at)
    finally:
        timeline.go_to(at)


def rename(machine: Machine, name: str, description: str, source: str = "") -> None:
    """Give a machine another name, one line on what it is, and, if given, on where it comes from."""
    machine.origin = msgspec.structs.replace(
        machine.origin, name=name, description=description, source=source or machine.origin.source
    )


def _bundled() -> dict[str, Path]:
    """The files of the bundled machines, by name."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "machines"
    folder = installed if installed.is_dir() else here.parent / "fixtures" / "machines"
    return {path.name.removesuffix(_SUFFIX): path for path in sorted(folder.glob(f"*{_SUFFIX}"))}


def _is_tar(path: Path) -> bool:
    try:
        return path.is_file() and tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):  # compressed and cut short: whoever reads it says so
        return False
