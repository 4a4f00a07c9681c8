"""Opening machines by name or file, capturing and saving them, and the machines that come with altmap."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from ..kernels.models import find_model
from ..machine import Machine
from ..numbers.errors import BadInput, did_you_mean, located
from ..snapshot import store
from .plans import restore, snapshot_with_timeline

_SUFFIX: Final = ".msgpack.gz"
"""How the files of bundled machines are called behind their names."""


class Bundled(NamedTuple):
    """A machine that comes with altmap: its name, the path of its file, and a line of description."""

    name: str
    path: str
    description: str


def bundled_machines() -> list[Bundled]:
    """The machines that come with altmap, ordered by name. Reads the head of each file."""
    return [Bundled(name, path, store.described(path)) for name, path in _bundled().items()]


def machine_names() -> list[str]:
    """The names of the machines that come with altmap, in order. No file is opened."""
    return list(_bundled())


def open_machine(source: str | os.PathLike[str], *, model: str | None = None, replay: bool = False) -> Machine:
    """The machine that `source` names: a bundled machine, a snapshot file, or a captured tree as a folder or tar.

    A snapshot opens in the state in which it was saved. If this version of altmap would come to another state by its commands,
    `Machine.warnings` says at which step; `replay` opens the state that they lead to now. `model` puts another kernel model in
    place of the saved one and replays the commands under it. Raises `BadInput` with one sentence if it cannot be opened.
    """
    text = path = os.fspath(source)
    if not os.path.exists(path):
        bundled = _bundled()
        if os.path.islink(path):
            raise BadInput(
                f"{text}: it is a symbolic link that leads nowhere or in a circle; give what it should lead to"
            )
        if text not in bundled:
            raise BadInput(
                f"{text or 'an empty name'}: there is no such file or folder, and no bundled machine of that name"
                + f" ({', '.join(bundled)})"
                + did_you_mean(text, bundled)
            )
        path = bundled[text]
    else:
        from ..reading.open_tree import is_picture

        if os.path.isdir(path) or is_picture(path):
            return capture(path, model=model)
    return _opened(store.read(path), text, model, replay)


def read_machine(data: bytes, source: str, *, model: str | None = None, replay: bool = False) -> Machine:
    """The machine in the bytes of a snapshot, for instance from a pipe; `source` is what messages call it. `model` and
    `replay` as for `open_machine`. Raises `BadInput` with one sentence if the bytes are no snapshot."""
    return _opened(store.parse(data, source), source, model, replay)


def _opened(saved: store.Saved, text: str, model: str | None, replay: bool) -> Machine:
    if model is not None:
        saved.state.use_model(find_model(model))
    machine = Machine(saved.state, saved.origin)
    with located(text):
        restore(machine, saved.snapshot, replay=replay or model is not None)
    return machine


def capture(
    root: str | os.PathLike[str] = "/",
    *,
    model: str | None = None,
    arch: str | None = None,
    pages: bool = True,
    watch: Callable[[int, int], None] | None = None,
) -> Machine:
    """The machine that the files below `root` describe: a folder or a tar with ``proc`` and ``sys``, by default the running
    system. Only reads. `model` and `arch` put a kernel model and an architecture in place of what the files show. Without
    `pages`, /proc/kpageflags and /proc/kpagecount are not read, which have 8 bytes each for every page: pages are laid out to
    meet the counters then. `watch` is told now and then how many pages were looked at, and the address (bytes) at which memory
    ends. Raises `BadInput` if the files of memory blocks are missing or cannot be understood."""
    import platform  # this and what it takes to read a machine: only where one is read

    from ..numbers.collector import without_collection
    from ..reading.observe import observe
    from ..rebuild.rebuild import rebuild
    from .devices import with_devices

    here = platform.machine() if os.path.realpath(root) == "/" else None
    with without_collection():
        seen = observe(root, pages=pages, watch=watch)
        machine = Machine(*rebuild(seen, model=model, arch=arch, machine=here))
    return with_devices(machine, seen.devices, "the list beside it") if seen.devices else machine


def save_machine(machine: Machine, path: str | os.PathLike[str]) -> None:
    """Write a machine and its timeline to a snapshot file: the first state, the commands, and the present state. The suffix
    says the format: ``.json`` or ``.msgpack``, each also with ``.gz``. The file is replaced as a whole, or stays as it was.
    Raises `BadInput` for another suffix, for a machine that no snapshot can hold, and where it cannot be written."""
    store.write(snapshot_with_timeline(machine), path)


def machine_bytes(machine: Machine, name: str) -> bytes:
    """What `save_machine` would write to a file of this name, as bytes. Raises `BadInput` likewise."""
    return store.pack(snapshot_with_timeline(machine), name)


def rename(machine: Machine, name: str, description: str, source: str = "") -> None:
    """Give a machine another name and description, and another source if one is given."""
    machine._origin = msgspec.structs.replace(
        machine.origin, name=name, description=description, source=source or machine.origin.source
    )


def _bundled() -> dict[str, str]:
    """The files of the bundled machines, by name."""
    folder = os.path.normpath(os.path.join(__file__, "../../../machines"))
    files = sorted(file for file in os.listdir(folder) if file.endswith(_SUFFIX))
    return {file.removesuffix(_SUFFIX): os.path.join(folder, file) for file in files}
