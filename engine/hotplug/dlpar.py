"""Memory of POWER partitions comes and goes LMB by LMB (arch/powerpc/platforms/pseries/hotplug-memory.c).

An LMB is a memory block. Each that is added is onlined at once, whatever auto_online_blocks says, and each that is removed goes
offline first. Where one fails, what was done of the request is undone, and the answer is EINVAL whatever it was.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import msgspec

from ..memory.state import State
from ..numbers.rounding import ceil
from ..protocol.events import Event, OfflineFailed, OnlineFailed
from ..protocol.reasons import HotplugError, LmbFailed
from ..protocol.reasons.taking import TooFewLmbs
from ..protocol.vocabulary import HANGS
from .add import AddRequest, add_memory
from .addressable import refuse_beyond
from .offline import offline_block
from .online import online_block
from .remove import remove_memory
from .without import refuse_without_hotplug

Steps = Iterator[Event]


def add_lmbs(state: State, request: AddRequest) -> Steps:
    """Add a range (dlpar_memory_add_by_ic); an address between two LMBs is taken for the lower. Raises `HotplugError` EINVAL;
    no LMB of the request is there then."""
    refuse_without_hotplug(state)
    yield from _refuse_beyond(state, request)
    done: list[int] = []
    for number in _lmbs(state, request.start, request.size):
        try:
            yield from _add(state, msgspec.structs.replace(request, start=number * state.geometry.block_size))
        except HotplugError as error:
            for added in done:
                try:
                    yield from _remove(state, added)
                except HotplugError as stays:
                    yield OfflineFailed(added, stays.errno, stays.reason, retried=False)
            raise HotplugError("EINVAL", LmbFailed(number, error.errno, error.reason), error.pfn) from None
        done.append(number)


def _refuse_beyond(state: State, request: AddRequest) -> Steps:
    """Of a request that reaches beyond all addresses the first LMB there fails, and all that came before would be undone."""
    size = state.geometry.block_size
    first = max(request.start // size, state.geometry.max_address // size)
    if request.start + request.size > state.geometry.max_address:
        try:
            yield from refuse_beyond(state, first * size, size)
        except HotplugError as error:
            raise HotplugError("EINVAL", LmbFailed(first, error.errno, error.reason)) from None


def remove_lmbs(state: State, start: int, size: int) -> Steps:
    """Remove what there is of a range (dlpar_memory_remove_by_ic). Where an LMB stays, those that had gone are added again, and
    onlined into the default zone of that moment, and `HotplugError` EINVAL says which one it was."""
    refuse_without_hotplug(state)
    gone: list[tuple[int, int]] = []
    asked = _lmbs(state, start, size)
    for number in [number for number in sorted(state.blocks) if number in asked]:
        block = state.blocks[number]
        if (error := (yield from _try_to_remove(state, number))) is not None:
            yield from _put_back(state, gone)
            raise HotplugError("EINVAL", LmbFailed(number, error.errno, error.reason), error.pfn)
        gone.append((number, block.node))


def remove_count(state: State, count: int) -> Steps:
    """Remove so many LMBs, from the lowest up, and pass over those that stay (dlpar_memory_remove_by_count). Where there are too
    few, those that had gone are added again, and `HotplugError` EINVAL says how many that were."""
    refuse_without_hotplug(state)
    numbers = sorted(state.blocks)
    if len(numbers) < count:
        raise HotplugError("EINVAL", TooFewLmbs(count, len(numbers), len(numbers)))
    gone: list[tuple[int, int]] = []
    for number in numbers:
        node = state.blocks[number].node
        if (yield from _try_to_remove(state, number)) is not None:
            continue
        gone.append((number, node))
        if len(gone) == count:
            return
    found = len(gone)
    yield from _put_back(state, gone)
    raise HotplugError("EINVAL", TooFewLmbs(count, len(numbers), found))


def _try_to_remove(state: State, number: int) -> Generator[Event, None, HotplugError | None]:
    """Remove an LMB; the error if it stays. What never returns is raised."""
    try:
        yield from _remove(state, number)
    except HotplugError as error:
        if error.errno == HANGS:
            raise
        yield OfflineFailed(number, error.errno, error.reason, retried=False)
        return error
    return None


def _put_back(state: State, gone: list[tuple[int, int]]) -> Steps:
    """What had gone of a removal is added again, and onlined into the default zone of this moment."""
    for number, node in gone:
        again = AddRequest(number * state.geometry.block_size, state.geometry.block_size, node, "dlpar")
        try:
            yield from _add(state, again)
        except HotplugError as lost:
            yield OnlineFailed(number, lost.errno, lost.reason)


def _lmbs(state: State, start: int, size: int) -> range:
    unit = state.geometry.block_size
    first = start // unit
    return range(first, first + ceil(size, unit))


def _add(state: State, request: AddRequest) -> Steps:
    """dlpar_add_lmb: add, and online; what does not go online is removed again."""
    number = request.start // state.geometry.block_size
    yield from add_memory(state, msgspec.structs.replace(request, size=state.geometry.block_size))
    if (made := state.blocks.get(number)) is not None and made.state == "offline":  # none on s390 in the RFC as posted
        try:
            yield from online_block(state, number, "online")
        except HotplugError:
            yield from remove_memory(state, request.start, state.geometry.block_size)
            raise


def _remove(state: State, number: int) -> Steps:
    """dlpar_remove_lmb: offline, and remove. The driver works in a thread of its own, which no signal reaches."""
    if (made := state.blocks.get(number)) is not None and made.state == "online":  # none where `_add` onlined none
        yield from offline_block(state, number, signals=False)
    yield from remove_memory(state, number * state.geometry.block_size, state.geometry.block_size)
