"""When the memmap at the head of each block leaves no aligned range whole for a huge page of the biggest size: the ways out that
the RFC named (cover letter of v2: a, bigger memory blocks; b, low sections that hold the memmap of the others; c, memmap in
kernel memory where such pages are wanted)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from ...commands import Add, Command, Eject, Online, Write
from ...memory.block import Request
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...protocol.events import HugePagesChanged
from ...protocol.reasons.remedies import AddAnew, LetGiantsMove
from ...protocol.reasons.worth import GiantPagesLost
from ...protocol.vocabulary import MEMMAP, Placement
from ...run.rehearsal import attempt, rehearsal
from ...sysfs.paths import PARAMETER_FILES
from .explanation import MOST_BLOCKS, Way

_WAYS: Final = (AddAnew("sections"), AddAnew("boot"))


def lost(state: State, size: int) -> GiantPagesLost:
    """That huge pages of `size` bytes find no range that is whole, because of the heads; and with how big blocks they would."""
    geometry = state.geometry
    return GiantPagesLost(
        size, geometry.block_size, geometry.memmap_bytes_per_block, max(2 * size, geometry.block_size)
    )


def ways_out(state: State, command: Command, have: int) -> Iterator[Way]:
    """The ways that can be tried: memory with heads is taken out and added again otherwise, and then the command makes more
    pages than the `have` that it makes now."""
    sysctl = PARAMETER_FILES["movable_gigantic_pages"]
    let = (Write(path=sysctl, data="1"), msgspec.structs.replace(command, expect=None))
    if state.model.movable_gigantic and not state.settings.movable_gigantic_pages and _made(state, let) > have:
        yield Way((LetGiantsMove(),), let)
    requests = [request for request in state.requests.values() if _with_heads(state, request)]
    for way in _WAYS:
        for request in requests:
            anew = tuple(_anew(state, request, way.placement))
            commands = (*anew, msgspec.structs.replace(command, expect=None))
            if _made(state, commands) > have:
                yield Way((way,), commands, group=way.placement)


def _made(state: State, commands: tuple[Command, ...]) -> int:
    """How many huge pages there are behind all commands; none if one of them fails."""
    with rehearsal(state):
        for command in commands:
            tried = attempt(state, command)
            if not tried.ok:
                return 0
    return max((event.total for event in tried.events if isinstance(event, HugePagesChanged)), default=0)


def _with_heads(state: State, request: Request) -> bool:
    blocks = state.range_blocks(request.start, request.pages)
    return 0 < len(blocks) <= MOST_BLOCKS and any(block.head or _heads(state, block.id) for block in blocks)


def _heads(state: State, block: int) -> bool:
    return any(MEMMAP in section.pages for section in state.block_sections(block))


def _anew(state: State, request: Request, placement: Placement) -> Iterator[Command]:
    """Out, and in again; whatever was online goes back where it was."""
    page = state.geometry.page_size
    start, size = request.start * page, request.pages * page
    blocks = state.range_blocks(request.start, request.pages)
    yield Eject(start=start, size=size)
    yield Add(start=start, size=size, node=request.node, caller=request.caller, placement=placement)
    for block in blocks if state.settings.auto_online_blocks == "offline" else ():
        if block.zone is not None:
            movable = block.zone[1] == MOVABLE
            yield Online(block=block.id, type="online_movable" if movable else "online_kernel")
