"""altmap: Linux memory hotplug with the memmap in the hot-added memory.

``from altmap import open_machine, Add``: every public name of `altmap.engine` is here too. `altmap.explorer` is the command
line and the explorer in the terminal. Nothing is imported before it is asked for, so that ``altmap --help`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .engine import *  # noqa: F403
    from .engine import __all__ as __all__

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "__all__" or not name.startswith("_"):
        engine = import_module(".engine", __name__)
        if name == "__all__" or name in engine.__all__:
            return getattr(engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    own = (name for name in globals() if name.startswith("__"))
    return sorted({*own, *import_module(".engine", __name__).__all__})
