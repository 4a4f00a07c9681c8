"""Write what type checkers read of the engine's public names anew: ``python -m tests.make_stub``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from altmap import engine

STUB: Final = Path(engine.__file__).with_suffix(".pyi")


def stub() -> str:
    """The imports of the names in `engine.HOMES`, and the list of them."""
    lines = ['"""The public names of the engine, each from its module: made by ``python -m tests.make_stub``."""', ""]
    for module, names in engine.HOMES.items():
        lines += [f"from .{module} import {name} as {name}" for name in names.split()]
    ordered = sorted(engine.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    listed = [f'    "{name}",' for name in ordered]
    return "\n".join([*lines, "", "HOMES: dict[str, str]", "", "__all__ = [", *listed, "]", ""])


def write() -> None:
    """Write the file."""
    STUB.write_text(stub())


if __name__ == "__main__":
    write()
