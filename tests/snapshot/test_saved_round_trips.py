"""Whatever was done to a machine, it is the same when it was saved in either form and opened again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from altmap.engine import BadInput, Command, boot_machine, machine_bytes, open_machine, read_machine, save_machine
from altmap.engine.commands import Add, Allocate, HugePages, Offline, Online, Pin, Poison, Remove
from altmap.engine.memory.state import state_of
from altmap.engine.snapshot import fold
from altmap.engine.snapshot.fold import alike
from hypothesis import given
from hypothesis import strategies as st

BLOCK = st.integers(30, 36) | st.integers(0, 8)
PAGES = st.integers(1, 1 << 17)
COMMANDS: st.SearchStrategy[list[Command]] = st.lists(
    st.one_of(
        st.builds(
            Add,
            start=BLOCK.map(lambda block: block << 27),
            size=st.integers(1, 4).map(lambda blocks: blocks << 27),
            placement=st.sampled_from([None, "boot", "range", "block", "sections"]),
        ),
        st.builds(Online, block=BLOCK, type=st.sampled_from(["online", "online_kernel", "online_movable"])),
        st.builds(Offline, block=BLOCK),
        st.builds(Remove, start=BLOCK.map(lambda block: block << 27), size=st.just(1 << 27)),
        st.builds(Allocate, kind=st.sampled_from(["movable", "unmovable"]), size=PAGES.map(lambda pages: pages << 12)),
        st.builds(Pin, size=PAGES.map(lambda pages: pages << 12)),
        st.builds(Poison, address=st.integers(0, 1 << 33), soft=st.booleans()),
        st.builds(HugePages, count=st.integers(0, 40), size=st.sampled_from([2 << 20, 1 << 30])),
    ),
    max_size=8,
)


@pytest.mark.parametrize(("name", "suffix"), [("small-guest", ".json"), ("mixed-guest", ".msgpack.gz")])
def test_a_saved_machine_is_the_machine(name: str, suffix: str) -> None:
    @given(COMMANDS)
    def holds(commands: list[Command]) -> None:
        machine = open_machine(name)
        done: list[Any] = []
        for command in commands:
            try:
                done.append(machine.apply(command).result)
            except BadInput:
                continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"saved{suffix}"
            save_machine(machine, path)
            again = open_machine(path)
        assert again.warnings == ()
        assert alike(again._state, machine._state)
        assert again.check() == machine.check() == []
        assert [outcome.result for outcome in again.history] == done
        while again.history:
            again.undo()
            machine.undo()
            assert alike(again._state, machine._state)

    holds()


@pytest.mark.parametrize("model", ["6.1", "7.3"])
def test_the_order_in_which_huge_pages_are_used_is_saved_whatever_their_ranks(model: str) -> None:
    """A rank that is the page's own place in the pool was taken for none."""
    machine = boot_machine([(0, 0, "1G")], nodes=1, model=model)
    machine.apply(HugePages(count=6), check=True)
    pages = state_of(machine).hugepages
    for ranks in ((0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (0, 0, 1, 2, 3, 9)):
        for (pfn, page), rank in zip(sorted(pages.items()), ranks, strict=True):
            pages.put(pfn, msgspec.structs.replace(page, rank=rank))
        opened = read_machine(machine_bytes(machine.copy(), "it.json"), "it")
        assert state_of(opened).hugepages == pages


def test_of_tables_that_are_the_same_none_is_folded_to_compare_two_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what watermarks were reckoned from, the watermarks alone are saved: in that table two machines that are alike differ."""
    machine = boot_machine([(0, 0, "1G")], nodes=1, auto_online="online")
    machine.apply(Add(start=32 << 27, size=1 << 27), check=True)
    again = read_machine(machine_bytes(machine.copy(), "it.msgpack"), "it")
    with monkeypatch.context() as folded:
        for name in ("_section_grids", "_block_runs"):
            folded.setattr(fold, name, None)
        assert alike(state_of(again), state_of(machine))
    again.apply(Offline(block=32), check=True)
    assert not alike(state_of(again), state_of(machine))
