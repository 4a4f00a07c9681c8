"""Which blocks can go: what the outlook says is what happens, and asking changes nothing."""

from __future__ import annotations

from collections import Counter

import pytest
from altmap.engine import Add, BadInput, Machine, Offline, Online, Pin, Poison, open_machine
from altmap.engine.memory.state import State, state_of
from altmap.engine.mm import unseen
from altmap.engine.protocol.reasons.taking import MemoryHoles, SeveralZones
from altmap.engine.protocol.vocabulary import ZoneKey

from .guests import do, guest


def answers(machine: Machine) -> dict[str, int]:
    return Counter(machine.outlook(nr).answer for nr, block in machine.blocks.items() if block.state == "online")


@pytest.mark.parametrize("name", ["mixed-guest", "firecracker-24g"])
def test_a_yes_goes_and_a_no_does_not(name: str) -> None:
    machine = open_machine(name)
    for nr in [nr for nr, block in machine.blocks.items() if block.state == "online"][:70]:
        found = machine.outlook(nr)
        outcome = machine.apply(Offline(block=nr))
        assert (outcome.result, outcome.pfn) == (found.result, found.pfn)
        assert outcome.ok or found.answer != "yes"
        assert (outcome.certainty == "not known") is (found.answer == "not known")
        machine.undo()


def test_the_24_gib_machine_has_26_blocks_that_can_go_and_4_of_which_nobody_knows() -> None:
    machine = open_machine("firecracker-24g")
    assert answers(machine) == {"yes": 26, "no": 29, "never": 133, "not known": 4}
    found = machine.outlook(42)
    assert (found.answer, found.pfn) == ("no", 0x150DA0)
    assert found.blockers == (("slab", 2489), ("pagetable", 31))
    assert (machine.outlook(37).unseen, machine.outlook(37).doubt) == (260, None)


def test_asking_changes_nothing_and_follows_what_is_done() -> None:
    machine = guest("1G")
    do(machine, Add(start="4G", size="256M"), Online(block=32, type="online_movable"))
    sections = dict(machine.sections)
    assert machine.outlook(32).answer == "yes"
    assert dict(machine.sections) == sections
    assert machine.history[-1].command == Online(block=32, type="online_movable")
    do(machine, Online(block=33, type="online_movable"))
    machine.apply(Pin(size="1M", zone="Movable", short=True))
    with pytest.raises(BadInput):
        machine.outlook(99)
    do(machine, Offline(block=33))
    assert (machine.outlook(33).answer, machine.outlook(33).result) == ("no", "EINVAL")


@pytest.mark.parametrize("name", ["firecracker-24g", "small-guest", "arm64-guest"])
def test_a_block_that_a_rule_refuses_has_no_pages_in_the_way(name: str) -> None:
    machine = open_machine(name)
    found = [machine.outlook(nr) for nr, block in machine.blocks.items() if block.state == "online"]
    ruled = [one for one in found if isinstance(one.reason, SeveralZones | MemoryHoles)]
    assert ruled
    assert [one.blockers for one in ruled] == [()] * len(ruled)
    assert all(one.answer == "never" for one in ruled if isinstance(one.reason, SeveralZones))


def test_the_pages_of_a_zone_that_no_one_saw_are_counted_once_for_all_blocks_and_anew_when_some_changed() -> None:
    machine, counted = open_machine("firecracker-24g"), []
    count = unseen._count

    def noted(state: State, key: ZoneKey) -> unseen.Tally:
        counted.append(key)
        return count(state, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unseen, "_count", noted)
        answers(machine)
        assert counted == [(0, "Normal")]
        do(machine, Poison(address=37 << 27))
        answers(machine)
        assert counted == [(0, "Normal")] * 2
    state = state_of(machine)
    assert all(unseen.tally(state, key) == count(state, key) for key in state.zones)
    machine.undo()
    assert all(unseen.tally(state, key) == count(state, key) for key in state.zones)
