"""The garbage collector, out of the way: reading a machine, or adding to one for long, makes hundreds of thousands of values and
no cycles, and looking for cycles meanwhile doubles the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """The garbage collector rests until the end of the block."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
