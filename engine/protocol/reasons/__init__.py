"""Reasons: why the kernel refuses, decides or warns, as data. Each is a frozen Struct; the modules here group them by subject.

A reason says which rule, which page (pfn), which block, whose memmap, how much is missing. Its sentence is written in one
place, `questions.narrate`. Numbers are pages unless their name or docstring says bytes. A reason does not hold the errno, which
belongs to the operation. All reasons are one tagged union, so they can be written as JSON and read back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from .adding import AddReason
from .blocking import Blocking
from .coded import Coded
from .effects import Effect, Warn
from .files import FileReason
from .notes import Note
from .pages import PageReason
from .placement import PlacementReason
from .released import Released
from .remedies import Given, Remedying
from .taking import TakingReason
from .unknown import Unknown
from .worth import Worth
from .zones import ZoneReason


class SectionsLeft(Coded, frozen=True):
    """An add failed, and so many sections that were finished stay present with so many pages (and bytes) of memmap, and
    without a block."""

    cause: Reason
    sections: int
    pages: int
    size: int


class HugePageStays(Coded, frozen=True):
    """A huge page in use finds no other place."""

    pfn: int
    cause: Reason


class TimeOver(Coded, frozen=True):
    """Kernels before 4.15 stop offlining after so many seconds (EAGAIN)."""

    cause: Reason
    seconds: int


class TriesOver(Coded, frozen=True):
    """Kernels before 4.15 return the error of a migration when it came so many times (ENOMEM)."""

    cause: Reason
    tries: int


class LookedOnce(Coded, frozen=True):
    """Kernels before 4.15 look once whether all pages are free when none is left to migrate (EBUSY)."""

    cause: Reason


class NeverEnds(Coded, frozen=True):
    """The block is going offline in a thread of the kernel, which no signal reaches, and will for ever."""

    block: int
    cause: Reason


class LmbFailed(Coded, frozen=True):
    """DLPAR could not add or remove this block (an LMB), and has undone what it did of the request."""

    block: int
    errno: str
    cause: Reason


class StayedOnline(Coded, frozen=True):
    """An eject failed, because this block did not go offline."""

    block: int
    cause: Reason


class WouldNotComeBack(Coded, frozen=True):
    """A block that is onlined could not go offline again."""

    errno: str
    cause: Reason


class SomeStayOffline(Coded, frozen=True):
    """Only so many blocks of an add go online by themselves, and no one is told; `block`: the first that does not, None
    where it is not known which."""

    online: int
    blocks: int
    block: int | None
    errno: str
    cause: Reason | None


Reason = (
    FileReason
    | PlacementReason
    | AddReason
    | ZoneReason
    | TakingReason
    | PageReason
    | Note
    | Unknown
    | Worth
    | SectionsLeft
    | HugePageStays
    | LmbFailed
    | NeverEnds
    | TimeOver
    | TriesOver
    | LookedOnce
    | StayedOnline
    | Effect
    | Warn
    | WouldNotComeBack
    | SomeStayOffline
    | Blocking
    | Remedying
    | Given
    | Released
)
"""A reason of any class: why the kernel refuses, decides or warns."""


class HotplugError(Exception):
    """The kernel refuses; `Machine.apply` raises it where it is asked to (`check`), `Machine.read` always.

    `errno`   its name, such as "EBUSY"
    `reason`  why, as data
    `pfn`     the page at fault, or the first of the range; None where there is none

    As text it is the errno and the reason's sentence.
    """

    _sentence: ClassVar[Callable[[Reason], str]] = repr
    """What writes the sentence; `machine`, which stands above the narrator, puts it here."""

    def __init__(self, errno: str, reason: Reason, pfn: int | None = None) -> None:
        super().__init__(errno, reason, pfn)
        self.errno = errno
        self.reason = reason
        self.pfn = pfn

    def __str__(self) -> str:
        return f"{self.errno}: {type(self)._sentence(self.reason)}"
