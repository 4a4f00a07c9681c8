"""Captures of real machines, and their trees as folders."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Final

CAPTURES: Final = Path(__file__).parents[1] / "fixtures" / "captures"
FIRECRACKER: Final = CAPTURES / "firecracker-24g.tar.xz"
"""A machine of 24 GiB, with every page."""


def unpacked(capture: Path, root: Path) -> Path:
    """The tree of a capture, in a folder of its own."""
    with tarfile.open(capture) as tar:
        tar.extractall(root, filter="data")
    return root
