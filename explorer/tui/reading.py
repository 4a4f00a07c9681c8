"""Machines that are read for their pictures, without being asked for."""

from __future__ import annotations

import os
from typing import Final

from altmap.engine import BadInput, Machine, open_machine

from ..picture.scope import whole

MOST: Final = 16 << 20
"""Bytes of a file that is read so. Bigger ones, and folders, are read when they are opened."""


def read_unasked(source: str) -> Machine | None:
    """A machine for its picture; None where that cannot be had, or would take long. Its sections are counted already."""
    try:
        if os.path.exists(source) and (not os.path.isfile(source) or os.path.getsize(source) > MOST):
            return None
        machine = open_machine(source)
    except (BadInput, OSError):
        return None
    scope = whole(machine)
    machine.summary(scope.start, scope.pages, orders=False)
    return machine
