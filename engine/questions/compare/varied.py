"""What can be varied of an add, one thing at a time: which alternatives there are to be put side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ...commands import Add
from ...memory.state import Holder, State, state_of
from ...numbers.errors import BadInput
from ...numbers.units import GIB, MIB, format_bytes
from ...protocol.vocabulary import ONLINE_TYPES, PLACEMENTS, OnlineType
from .alike import alike_releases
from .alternatives import Combination, compared, ways_of
from .comparison import Comparison
from .measure import Known, nothing_known

_USUAL_BLOCKS: Final = (128 * MIB, 512 * MIB, GIB, 2 * GIB)


class Varied(NamedTuple):
    """A comparison in which one thing varies: `what`, a key of `VARIES`, and the `names` of the alternatives."""

    what: str
    comparison: Comparison
    names: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """What to call the alternatives' kernel models where one stands for several, else nothing."""
        return self.names if self.what == "kernel models" else ()


def vary(
    machine: Holder | State,
    request: Add,
    what: str,
    online: OnlineType = "online_movable",
    watched: Callable[[Sequence[Combination]], Any] = iter,
) -> Varied:
    """Put alternatives of an add request side by side in which one thing varies: `what`, a key of `VARIES`. Where kernel models
    do, one stands for all releases in a row of which the very same comes. `online` is how the blocks go online unless that is
    what varies; `watched` and what is raised as for `compare`."""
    if what not in VARIES:
        raise BadInput(f"{what!r} is nothing that varies between alternatives; it is one of {', '.join(VARIES)}")
    state, known = state_of(machine), nothing_known()
    ways: dict[str, Any] = {"placements": [request.placement], "online": online}
    names, varied = VARIES[what](state, request, online, known)
    found = compared(state, request, ways_of(state, **{**ways, **varied}), watched, known)
    return Varied(what, found, names)


_Ways = tuple[tuple[str, ...], Mapping[str, Any]]
"""What alternatives are called, and what of `compare` they vary."""


def _placements(state: State, request: Add, online: OnlineType, known: Known) -> _Ways:
    return PLACEMENTS, {"placements": PLACEMENTS}


def _models(state: State, request: Add, online: OnlineType, known: Known) -> _Ways:
    """The RFC's kernel, then of releases in a row of which the same comes the machine's own if it is among them, else the
    last."""
    names, models = ["rfc-v2"], ["rfc-v2"]
    for alike in alike_releases(state, request, online, known):
        names.append(alike[0] if len(alike) == 1 else f"{alike[0]} to {alike[-1]}")
        models.append(state.model.name if state.model.name in alike else alike[-1])
    return tuple(names), {"models": models}


def _blocks(state: State, request: Add, online: OnlineType, known: Known) -> _Ways:
    """The machine's own size, and the others that its kind of machine may come to have."""
    own = state.geometry.block_size
    sizes = [own]
    if state.preset.blocks_by != "section":
        sizes = sorted({own, *(size for size in _USUAL_BLOCKS if size >= state.geometry.section_size)})
    return tuple(map(format_bytes, sizes)), {"block_sizes": sizes}


def _types(state: State, request: Add, online: OnlineType, known: Known) -> _Ways:
    return ONLINE_TYPES, {"online": ONLINE_TYPES}


VARIES: Final[Mapping[str, Callable[[State, Add, OnlineType, Known], _Ways]]] = MappingProxyType({
    "placements": _placements, "kernel models": _models, "block sizes": _blocks, "online types": _types
})  # fmt: skip
"""What `vary` can vary of an add, by its name."""
