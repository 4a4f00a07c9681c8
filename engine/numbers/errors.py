"""What a person or a file gave us cannot be understood. (The kernel's own refusal is `protocol.reasons.HotplugError`.)"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class BadInput(ValueError):
    """One sentence on what is wrong with an input, where, and what would be right; the command line exits with 2."""


@contextmanager
def located(where: str) -> Iterator[None]:
    """Say where a `BadInput` comes from that is raised inside."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from None
