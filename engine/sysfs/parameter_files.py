"""The parameters of memory hotplug, the size of a block, and the file probe: what each reads as, and what a write to it does
(drivers/base/memory.c, mm/memory_hotplug.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from ..hotplug.add import AddRequest, add_memory
from ..memory.state import State
from ..numbers.kstrtobool import kstrtobool
from ..protocol.events import Event, ParameterSet
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import NotABlockAddress, NotABoolean, NotAmong, NotANumber, NotBuiltIn, OnlyWritten
from .kstrto import kstrto, proc_number
from .paths import MEMORY, PARAMETER_FILES, PARAMETERS, SYSCTL, has_parameter, parameter

Steps = Iterator[Event]
_PROBE: Final = f"{MEMORY}/probe"


def read(state: State, path: str) -> str | None:
    """The text of one of these files; None for any other path. Raises `HotplugError` EACCES for probe."""
    if path == _PROBE:
        _exists(state)
        raise HotplugError("EACCES", OnlyWritten(path))
    reader = _READERS.get(path)
    return reader(state) + "\n" if reader is not None and has_parameter(state, path) else None


def writer(state: State, path: str) -> Callable[[str], Steps] | None:
    """What a text that is written to one of these files does; None for any other path."""
    if path == _PROBE:
        _exists(state)
    found = _WRITERS.get(path)
    return partial(found, state) if found is not None and has_parameter(state, path) else None


def _exists(state: State) -> None:
    if not state.boot.probe:
        raise HotplugError("ENOENT", NotBuiltIn(_PROBE))


_READERS: Final[dict[str, Callable[[State], str]]] = {
    f"{MEMORY}/block_size_bytes": lambda state: f"{state.geometry.block_size:x}",
    **{path: partial(parameter, name=name) for name, path in PARAMETER_FILES.items()},
}


def _choice(name: str, words: Callable[[State], tuple[str, ...]]) -> Callable[[State, str], Steps]:
    def write_choice(state: State, data: str) -> Steps:
        word = data.removesuffix("\n")
        if word not in words(state):
            raise HotplugError("EINVAL", NotAmong(word, words(state)))
        state.parameters.change(**{name: word})
        if name == "auto_online_blocks":
            state.globals.change(auto_online_assumed=False)
        yield ParameterSet(name, word)

    return write_choice


def _write_ratio(state: State, data: str) -> Steps:
    number = kstrto(data, 0, 32)
    state.parameters.change(auto_movable_ratio=number)
    yield ParameterSet("auto_movable_ratio", str(number))


def _write_numa_aware(state: State, word: str) -> Steps:
    wanted = kstrtobool(word)
    if wanted is None:
        raise HotplugError("EINVAL", NotABoolean(word))
    state.parameters.change(auto_movable_numa_aware=wanted)
    yield ParameterSet("auto_movable_numa_aware", "Y" if wanted else "N")


def _write_gigantic(state: State, data: str) -> Steps:
    number = proc_number(data)
    if not -(1 << 31) <= number < 1 << 31:
        raise HotplugError("EINVAL", NotANumber(data))
    state.parameters.change(movable_gigantic_pages=number)
    yield ParameterSet("movable_gigantic_pages", str(number))


def _write_probe(state: State, data: str) -> Steps:
    address = kstrto(data, 0, 64)
    if address % state.geometry.block_size:
        raise HotplugError("EINVAL", NotABlockAddress(address))
    node = next((n for n in sorted(state.nodes) if state.nodes[n].online), 0)
    yield from add_memory(state, AddRequest(address, state.geometry.block_size, node, "probe"))


_WRITERS: Final[dict[str, Callable[[State, str], Steps]]] = {
    f"{MEMORY}/auto_online_blocks": _choice("auto_online_blocks", lambda state: state.model.online_words),
    _PROBE: _write_probe,
    f"{PARAMETERS}/online_policy": _choice("online_policy", lambda state: state.model.policies),
    f"{PARAMETERS}/auto_movable_ratio": _write_ratio,
    f"{PARAMETERS}/auto_movable_numa_aware": _write_numa_aware,
    f"{SYSCTL}/movable_gigantic_pages": _write_gigantic,
}
