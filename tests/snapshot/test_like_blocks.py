"""Memory blocks of which all was read that matters are made of the first that is like them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import msgspec
import pytest
from altmap.engine import Block
from altmap.engine.kernels.notifier_chain import chain_of
from altmap.engine.memory.state import State
from altmap.engine.reading.observation import BlockReading, Observation
from altmap.engine.reading.observe import observe
from altmap.engine.rebuild.identify import identify
from altmap.engine.rebuild.topology import build_blocks, build_nodes, build_zones

from .trees import BLOCK, tree


@pytest.fixture
def mixed(tmp_path: Path) -> Observation:
    """Blocks, each differing from some other in one thing that was read of it, and each twice."""
    zones = {"DMA32": (16 * BLOCK, 16 * BLOCK - 900, BLOCK), "Normal": (80 * BLOCK, 80 * BLOCK, BLOCK)}
    blocks = {nr: "DMA32" if nr < 16 else "Normal" for nr in range(96)}
    seen = observe(tree(tmp_path, blocks, zones=zones))
    kinds = product(
        ("online", "offline", "going-offline"), (None, ("DMA32",), ("Normal", "Movable")), ((), (0,)), (False, True)
    )
    several = [("online", ("Normal",), nodes, True) for nodes in ((0,), (1,), (0, 1))]
    odd = (("online", ("none",), (0,), True), (None, ("Normal",), (0,), True))
    told = [*kinds, *several, *odd] * 2
    return msgspec.structs.replace(seen, blocks=tuple(BlockReading(nr, *one) for nr, one in enumerate(told)))


@pytest.mark.parametrize("model", ["4.18", "6.12"])
def test_each_block_is_as_if_it_were_the_only_one(mixed: Observation, model: str) -> None:
    """A block alone is like no other."""
    together = blocks_of(mixed, model, mixed.blocks)
    alone = {reading.id: blocks_of(mixed, model, (reading,))[reading.id] for reading in mixed.blocks}
    assert together == alone
    assert len({msgspec.structs.replace(block, id=0) for block in together.values()}) > 8, (
        "else the same of all would pass"
    )


def blocks_of(seen: Observation, model: str, readings: tuple[BlockReading, ...]) -> dict[int, Block]:
    """What is made of some of the blocks, where all else is as it was read."""
    identity = identify(seen, model)
    state = State(identity.preset, identity.geometry, identity.model, identity.boot, chain_of(identity.preset))
    build_nodes(state, seen)
    build_zones(state, seen)
    build_blocks(state, msgspec.structs.replace(seen, blocks=readings), None)
    return dict(state.blocks)
