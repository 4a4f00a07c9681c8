"""What the explorer remembers from one time to the next: one small file in the platform's folder for settings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec
from altmap.engine.snapshot.whole_file import open_to_read, replace_file

MOST_RECENT: Final = 10
"""Machines that are remembered."""
_MOST_BYTES: Final = 1 << 20


class Recent(msgspec.Struct, frozen=True):
    """A machine that was opened from a file or folder, or saved to one: the whole path, its name, a line on what it is, its
    size, how many commands its history has, and its kernel model."""

    path: str
    name: str
    about: str = ""
    size: str = ""
    commands: int = 0
    model: str = ""


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """The theme by name, "" for the usual one; and machines, the last one first."""

    what: Literal["settings of altmap's explorer"]
    theme: str = ""
    recent: tuple[Recent, ...] = ()


NONE: Final = Settings("settings of altmap's explorer")


def settings_path() -> Path:
    """Where the settings of whoever runs altmap are."""
    from platformdirs import user_config_path

    return user_config_path("altmap", appauthor=False) / "settings.json"


class Keeper:
    """The settings in a file, or without one none. A file that cannot be read or is something else is left as it is: the
    settings are the usual ones then, `note` says why, and nothing is written. So it is where nothing can be written."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.settings, self.note = _read(path) if path is not None else (NONE, "")
        self._kept = self.settings

    def choose(self, theme: str) -> None:
        """Another theme is liked."""
        self.settings = msgspec.structs.replace(self.settings, theme=theme)
        self.keep()

    def opened(self, *recent: Recent) -> None:
        """Machines were opened or saved."""
        self.settings = msgspec.structs.replace(self.settings, recent=_first(recent, self.settings.recent))
        self.keep()

    def keep(self) -> None:
        """Write what changed, over what another explorer wrote meanwhile."""
        if self._path is None or self.note or self.settings == self._kept:
            return
        there, note = _read(self._path)
        if note:
            return
        theme = self.settings.theme if self.settings.theme != self._kept.theme else there.theme
        recent = _first(self.settings.recent, there.recent)
        self.settings = self._kept = msgspec.structs.replace(there, theme=theme, recent=recent)
        data = msgspec.json.format(msgspec.json.encode(self.settings), indent=2) + b"\n"
        with suppress(OSError):  # a home that cannot be written to: nothing is remembered
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(str(self._path), data)


def _first(new: Iterable[Recent], old: Iterable[Recent]) -> tuple[Recent, ...]:
    found = {recent.path: recent for recent in reversed([*new, *old])}
    order = dict.fromkeys(recent.path for recent in (*new, *old))
    return tuple(found[path] for path in order)[:MOST_RECENT]


def _read(path: Path) -> tuple[Settings, str]:
    """The settings in a file, and what was wrong with it."""
    said = f"{path} holds no settings of altmap: it is left as it is, and nothing is remembered"
    try:
        if not os.path.isfile(path):
            return NONE, said if os.path.lexists(path) else ""
        with open_to_read(str(path)) as file:
            data = file.read(_MOST_BYTES + 1)
        return (NONE, said) if len(data) > _MOST_BYTES else (msgspec.json.decode(data, type=Settings), "")
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return NONE, said
