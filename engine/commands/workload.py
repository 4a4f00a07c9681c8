"""allocate, free, pin, unpin: what programs and the kernel do with memory meanwhile."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, get_args

from ..memory.state import State
from ..memory.zone import ZONE_ORDER
from ..numbers.errors import BadInput
from ..numbers.rounding import ceil
from ..numbers.units import parse_bytes
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import Pattern, What
from .fields import Base
from .form import Choice, Form, Option, words_of
from .row import Row, Steps, Work, known_node
from .shell import Place, no_line

if TYPE_CHECKING:
    from ..mm.workload import Where


class _Workload(Base, frozen=True, kw_only=True):
    """On a node, in one zone or as its zonelist says, in a pattern; `seed` makes a random one."""

    node: int = 0
    zone: str | None = None
    pattern: Pattern = "sequential"
    seed: int = 0


class Allocate(_Workload, tag="allocate", frozen=True, kw_only=True):
    """Programs, or the kernel, allocate memory. All of it is taken, or nothing and the result is ENOMEM.

    `size`     bytes, or text like "64M"
    `kind`     what it is used for afterwards
    `node`     the node of the zones that it is taken from
    `zone`     one of them alone, by its name; None: any that may hold such memory
    `pattern`  which pages of a zone: the lowest, every second one, or as by chance
    `seed`     which of all chances that is
    """

    size: int | str
    kind: What = "movable"


class Free(_Workload, tag="free", frozen=True, kw_only=True):
    """Programs, or the kernel, free `size` bytes of a kind of memory; without a size all that there is. The other fields as for
    `Allocate`."""

    kind: What = "movable"
    size: int | str | None = None


class Pin(_Workload, tag="pin", frozen=True, kw_only=True):
    """Someone takes a further reference to movable pages of `size` bytes, so that they cannot be migrated: for long, as RDMA and
    VFIO do, or `short`, as direct I/O does while it lasts. Without a size all pages; the other fields as for `Allocate`."""

    size: int | str | None = None
    short: bool = False


class Unpin(_Workload, tag="unpin", frozen=True, kw_only=True):
    """The references that `Pin` takes are dropped, of `size` bytes or, without a size, of all pages; the other fields as for
    `Allocate`."""

    size: int | str | None = None


_KIND: Final = words_of("kind", get_args(What), always=True)
_WHERE: Final = Option("node", always=True), Option("zone"), words_of("pattern", get_args(Pattern)), Option("seed")
_FORMS: Final = {
    Allocate: Form(Allocate, "SIZE", _KIND, *_WHERE),
    Free: Form(Free, "SIZE", _KIND, *_WHERE),
    Pin: Form(Pin, "SIZE", *_WHERE, Choice("short", (("short", True),))),
    Unpin: Form(Unpin, "SIZE", *_WHERE),
}


def _pages(state: State, size: int | str | None) -> int | None:
    return None if size is None else ceil(parse_bytes(size), state.geometry.page_size)


def _where(state: State, command: _Workload) -> "Where":
    from ..mm.workload import Where

    known_node(state, command.node)
    if command.zone is not None and command.zone not in ZONE_ORDER:
        raise BadInput(f"{command.zone!r} is not a zone; it is one of {', '.join(ZONE_ORDER)}")
    return Where(command.node, command.zone, command.pattern, command.seed)


def _allocate(state: State, command: Allocate, notes: list[Note]) -> Steps:
    from ..mm.workload import allocate

    return allocate(state, command.kind, _pages(state, command.size) or 0, _where(state, command))


def _free(state: State, command: Free, notes: list[Note]) -> Steps:
    from ..mm.workload import free

    return free(state, command.kind, _pages(state, command.size), _where(state, command))


def _pin(state: State, command: Pin | Unpin, notes: list[Note]) -> Steps:
    from ..mm.workload import pin, unpin

    pages, where = _pages(state, command.size), _where(state, command)
    if isinstance(command, Pin):
        return pin(state, pages, where, command.short)
    return unpin(state, pages, where)


def _export(command: _Workload, place: Place) -> Iterator[str]:
    yield no_line(_FORMS[type(command)].write(command))


ALLOCATE: Final = Row(
    Allocate,
    _FORMS[Allocate],
    "programs or the kernel take memory, in a zone and in a pattern",
    "allocate 64M movable node 0",
    _allocate,
    _export,
    work=Work(begin=32, each=8),
)
FREE: Final = Row(
    Free,
    _FORMS[Free],
    "memory of a kind goes back, so much of it or all",
    "free all movable node 0",
    _free,
    _export,
    work=Work(begin=32, each=8),
)
PIN: Final = Row(
    Pin,
    _FORMS[Pin],
    "someone takes extra references on movable pages, which then cannot be migrated: for long (RDMA, VFIO), which since 5.13 "
    "moves them out of ZONE_MOVABLE first, or short (direct I/O)",
    "pin 4M node 0",
    _pin,
    _export,
    work=Work(begin=32, each=8),
)
UNPIN: Final = Row(
    Unpin,
    _FORMS[Unpin],
    "the extra references are dropped",
    "unpin all",
    _pin,
    _export,
    work=Work(begin=32, each=8),
)
