"""What each command makes the kernel do: one row a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from . import sysfs
from .commands import Add, Command, Eject, Offline, Online, Remove, Sync, Write, extent
from .events import Event
from .hotplug.add import AddRequest, add_memory
from .hotplug.eject import eject
from .hotplug.remove import remove_memory
from .snapshot.observe import observe
from .snapshot.sync import sync
from .state import State

Steps = Iterator[Event]
Operation = Callable[[State, Any, list[str]], Steps]
"""Runs a command on a state; what is to be said besides goes into the list."""


def run(state: State, command: Command, notes: list[str]) -> Steps:
    """The events of a command. Raises `HotplugError` for the kernel's refusal, `BadInput` for a command without sense."""
    return _OPERATIONS[type(command)](state, command, notes)


def takes_signals(command: Command) -> bool:
    """Can a signal end it? Offlining looks for signals; adds, removals and ejects run in the kernel's own threads."""
    return isinstance(command, Offline) or (
        isinstance(command, Write) and command.data.strip() in ("offline", "0") and "/memory/memory" in command.path
    )


def _add(state: State, command: Add, notes: list[str]) -> Steps:
    start, size = extent(command)
    request = AddRequest(
        start,
        size,
        command.node,
        command.caller,
        command.placement,
        command.fallback,
        command.reserve,
        command.align,
    )
    return add_memory(state, request)


def _remove(state: State, command: Remove, notes: list[str]) -> Steps:
    return remove_memory(state, *extent(command))


def _eject(state: State, command: Eject, notes: list[str]) -> Steps:
    return eject(state, *extent(command))


def _online(state: State, command: Online, notes: list[str]) -> Steps:
    return sysfs.write(state, f"{sysfs.MEMORY}/memory{command.block}/state", command.type)


def _offline(state: State, command: Offline, notes: list[str]) -> Steps:
    return sysfs.write(state, f"{sysfs.MEMORY}/memory{command.block}/state", "offline")


def _write(state: State, command: Write, notes: list[str]) -> Steps:
    return sysfs.write(state, command.path, command.data)


def _sync(state: State, command: Sync, notes: list[str]) -> Steps:
    notes.extend(sync(state, observe(command.root)))
    return iter(())


_OPERATIONS: Final[Mapping[type, Operation]] = MappingProxyType(
    {
        Add: _add,
        Remove: _remove,
        Eject: _eject,
        Online: _online,
        Offline: _offline,
        Write: _write,
        Sync: _sync,
    }
)
