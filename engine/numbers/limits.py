"""What no machine goes beyond: the same for what is read from a machine, what is saved, and what is read from a file."""

from __future__ import annotations

from typing import Final

MAX_NODE: Final = 4095
"""The highest number of a node; kernels have at most 1024."""

MAX_DISTANCE: Final = 255
"""The SLIT holds a byte for each pair of nodes."""

MAX_BLOCK: Final = 1 << 40
"""The highest number of a memory block, section or group."""

MAX_PFN: Final = 1 << 52
"""Pages, and page frame numbers, in any address that a 64-bit kernel can have."""

MAX_SECTION_PAGES: Final = 1 << 20
"""Pages of a section: 64 times as many as the largest that a kernel has."""
