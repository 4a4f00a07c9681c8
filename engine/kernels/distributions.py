"""Which release of Linux a distribution's kernel is nearest to, by the build that it calls itself, where its sources were read.

Red Hat brings mm up to date with every minor release and keeps the number of the kernel that it began with. Of each minor release
the sources were looked at for each of the changes in `releases`, and the configuration for what added memory does; those that are
built from the same sources (CentOS, AlmaLinux, Rocky Linux) count the same builds.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ..protocol.vocabulary import AutoOnline
from .model import Release


class Build(msgspec.Struct, frozen=True):
    """One row: kernels of a `base` version and a distribution (`dist`, as in its packages' names) from a `build` number on.

    `name` is the release that they came with, `like` the release of Linux that they are nearest to, `differs` in which of the
    changes up to then, and since, they differ; `default_online` what auto_online_blocks begins with.
    """

    base: str
    dist: str
    build: int
    name: str
    like: Release
    differs: str = ""
    default_online: AutoOnline = "offline"


_UNTIL_8_9: Final = "no kmem and no virtio-mem, and memory blocks of x86 are as before 5.9"
_SINCE_8_9: Final = "long pins leave ZONE_MOVABLE, as in 5.13, and virtio-mem takes pageblocks, as in 5.19; no kmem"
_AS_6_9: Final = (
    "DAX devices have the file memmap_on_memory, as in 6.9, and the end of the direct map is checked, as in 6.11; nodes without "
    "memory and pools of huge pages are as before 6.7; CXL regions become no DAX devices"
)

# fmt: off
BUILDS: Final = (
    Build("4.18.0", "el8", 240, "RHEL 8.3", (5, 7),
          "gigantic pages are as before 5.1, the file removable as before 5.6, and the log gives no reasons; no kmem"),
    Build("4.18.0", "el8", 305, "RHEL 8.4", (5, 10), f"the file removable is as before 5.6; {_UNTIL_8_9}"),
    Build("4.18.0", "el8", 372, "RHEL 8.6", (5, 11), _UNTIL_8_9),
    Build("4.18.0", "el8", 477, "RHEL 8.8", (5, 11), f"long pins leave ZONE_MOVABLE, as in 5.13; {_UNTIL_8_9}"),
    Build("4.18.0", "el8", 513, "RHEL 8.9", (5, 11), _SINCE_8_9),
    Build("4.18.0", "el8", 552, "RHEL 8.10", (5, 11), _SINCE_8_9),
    Build("5.14.0", "el9", 70, "RHEL 9.0", (5, 15)),
    Build("5.14.0", "el9", 162, "RHEL 9.1", (5, 15)),
    Build("5.14.0", "el9", 284, "RHEL 9.2", (5, 18)),
    Build("5.14.0", "el9", 362, "RHEL 9.3", (6, 1)),
    Build("5.14.0", "el9", 427, "RHEL 9.4", (6, 2)),
    Build("5.14.0", "el9", 503, "RHEL 9.5", (6, 8), _AS_6_9),
    Build("5.14.0", "el9", 570, "RHEL 9.6", (6, 8), _AS_6_9),
    Build("6.12.0", "el10", 55, "RHEL 10.0", (6, 12)),
)
# fmt: on

_VERSION: Final = re.compile(r"(?:Linux version |^)(\d+\.\d+\.\d+)-(\d{1,6})(?!\d)[\w.]*?\.(el\d+)(?:_\d+)*\b")


def build_in(version: str | None) -> Build | None:
    """The row of the kernel that the text of /proc/version, or of `uname -r`, names: that with its build number, or the last
    before it; None where none is known."""
    found = _VERSION.search(version or "")
    if found is None:
        return None
    base, number, dist = found[1], int(found[2]), found[3]
    rows = [row for row in BUILDS if (row.base, row.dist) == (base, dist) and row.build <= number]
    return rows[-1] if rows else None


def build_with(row: Build, release: Release) -> Build | None:
    """The first build of the same kernel after `row` that has what came with a release of Linux; None where none was read."""
    later = BUILDS[BUILDS.index(row) + 1 :]
    return next((one for one in later if one.dist == row.dist and one.like >= release), None)
