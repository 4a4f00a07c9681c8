"""Why not: the answer is the one that the command itself gets, every remedy works, and asking changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from altmap.engine import (
    Add,
    BadInput,
    Command,
    Eject,
    Machine,
    Offline,
    Online,
    Remove,
    Write,
    boot_machine,
    bundled_machines,
    open_machine,
    plain,
)
from altmap.engine.commands import Allocate, HugePages
from altmap.engine.memory.state import state_of
from altmap.engine.questions.why.ask import why_not
from altmap.engine.questions.why.verdict import Verdict
from altmap.engine.questions.why.words import describe_verdict

from .asking import BLOCK, ask, blockers, pictured, said, typed
from .guests import FIRST, dimm, do, guest, occupy, online, two_nodes

# -- other commands -----------------------------------------------------------------------------------------------------


def test_writes_are_understood_as_what_they_do() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32)
    occupy(machine, FIRST + 0x1000, 3, "slab")
    base = "/sys/devices/system/memory/memory32"
    for write in (Write(path=f"{base}/state", data="offline\n"), Write(path=f"{base}/online", data="0")):
        assert blockers(ask(machine, write)) == {"slab": (3, FIRST + 0x1000)}
    assert ask(machine, Write(path=f"{base}/state", data="sideways")).result == "EINVAL"
    assert ask(machine, Write(path=f"{base}/state", data="online_movable")).result == "EINVAL"
    assert ask(machine, Write(path="/sys/devices/system/memory/auto_online_blocks", data="online")).ok


def test_fewer_huge_pages_than_asked_for_are_explained() -> None:
    machine = two_nodes("2G")
    dimm(machine, "4G", at="8G", node=1)
    online(machine, *range(64, 96), kind="online_kernel")
    verdict = ask(machine, HugePages(count=4, size="1G", node=1))
    assert verdict.ok
    assert plain(describe_verdict(verdict)).startswith(
        "hugepages 4 of 1G node 1: the write succeeds, but gives 0 of 4\n"
    )
    assert "the pool of node 1 has 0 pages of 1G then, of 4 asked for" in said(verdict.effects)
    (blocker,) = verdict.blockers
    assert (blocker.kind, blocker.count, blocker.first) == ("memmap", 4, 64 * BLOCK)


@pytest.mark.parametrize(("data", "wanted"), [("0x4", 4), ("010", 8), ("4 5", 4), ("4\n", 4)])
def test_a_pool_is_asked_for_as_the_kernel_reads_the_number(data: str, wanted: int) -> None:
    verdict = ask(guest("1G"), Write(path="/proc/sys/vm/nr_hugepages", data=data))
    assert f"the pool of the machine has {wanted} pages of 2M then, of {wanted} asked for" in said(verdict.effects)


def test_memory_is_added_for_what_does_not_fit() -> None:
    machine = guest("1G")
    ways = typed(ask(machine, Allocate(size="2G")))
    assert ways == [["add 2.125G at 0x100000000 node 0", "online 32-48 online_movable", "allocate 2G movable node 0"]]
    verdict = ask(guest("1G"), Allocate(size="900G"))
    assert verdict.remedies == ()


def test_nonsense_is_bad_input_and_changes_nothing() -> None:
    machine = guest()
    before = pictured(state_of(machine))
    with pytest.raises(BadInput):
        why_not(machine, Add(start="here", size="1G"))
    assert pictured(state_of(machine)) == before


def test_asking_in_the_middle_of_an_operation_leaves_it_alone() -> None:
    def run(curious: bool) -> tuple[str, dict[str, dict[Any, Any]]]:
        machine = guest()
        dimm(machine, "256M")
        online(machine, 32, 33, kind="online_movable")
        occupy(machine, FIRST + 0x1000, 3, "movable")
        steps = machine.steps(Offline(block=32))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value.result, pictured(state_of(machine))
            if curious:
                assert why_not(machine, Offline(block=33)).ok

    assert run(curious=True) == run(curious=False)


# -- whatever is asked --------------------------------------------------------------------------------------------------


def _mixed(model: str) -> Machine:
    machine = two_nodes("512M", "512M", model=model)
    dimm(machine, "512M", at="4G", node=0)
    dimm(machine, "256M", at="8G", node=1, placement="boot")
    dimm(machine, "384M", at="12G", node=1, placement="range")
    online(machine, 32, 33, kind="online_movable")
    online(machine, 34, 64, 65, 96)
    do(
        machine,
        Allocate(size="64M", node=0),
        Allocate(size="8M", kind="unmovable", node=1),
        Allocate(size="16M", node=1),
    )
    occupy(machine, 34 * BLOCK + 0x2000, 4, "pinned")
    return machine


def _every_command() -> list[Command]:
    blocks = [0, 2, 17, 32, 33, 34, 35, 64, 65, 96, 97, 98, 99]
    ranges = [("4G", "512M"), ("4G", "128M"), ("8G", "256M"), ("12G", "384M"), ("12G", "128M"), ("12G", "64M")]
    commands: list[Command] = [Offline(block=block) for block in blocks]
    commands += [Online(block=block, type=kind) for block in (35, 97, 34) for kind in ("online", "online_movable")]
    for how in (Remove, Eject):
        commands += [how(start=start, size=size) for start, size in ranges]
    commands += [Add(start=start, size="256M", node=1) for start in ("4G", "12G", "16G")]
    return [*commands, Add(start="16G", size="72G"), Add(start="16G", size="120G", node=1, placement="boot")]


@pytest.mark.parametrize("model", ["rfc-v2", "rfc-v2-as-posted", "6.1", "6.12"])
def test_every_answer_is_true_and_every_remedy_works(model: str) -> None:
    machine = _mixed(model)
    results = {ask(machine, command).result for command in _every_command()}
    assert {"ok", "EBUSY", "EINVAL", "EEXIST", "ENOMEM"} <= results


# -- cost ---------------------------------------------------------------------------------------------------------------


def calls_of(ask_once: Callable[[], Verdict]) -> int:
    """How many functions of Python a question calls, once what is worked out only once is."""
    ask_once()
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        ask_once()
    finally:
        sys.setprofile(None)
    return counted


def test_one_block_of_a_terabyte_costs_as_much_as_one_of_a_gigabyte() -> None:
    costs = []
    for size in ("1G", "1T"):
        machine = boot_machine([(0, 0, "4G")], nodes=2, auto_online="online_movable")
        assert machine.apply(Add(start="64G", size=size, node=1)).ok
        asked = partial(why_not, machine, Offline(block=514))
        costs.append(calls_of(asked))
    assert len(machine.blocks) > 8192
    assert 100 < costs[0] < 10_000
    assert costs[1] < 1.1 * costs[0]


@pytest.mark.parametrize("name", sorted({machine.name for machine in bundled_machines()} - {"terabyte-server"}))
def test_why_not_everything_at_once(name: str) -> None:
    """The largest question that a machine can be asked: may all memory of a range go? (A terabyte's takes seconds.)"""
    machine = open_machine(name)
    resource = max((one for one in machine.resources.values() if one.ram), key=lambda one: one.end - one.start)
    unit = machine.geometry.block_size
    start, end = -(-resource.start // unit) * unit, resource.end // unit * unit
    for command in (Eject(start=start, size=end - start), Remove(start=start, size=end - start)):
        verdict = machine.why_not(command)
        assert not verdict.ok or name != "firecracker-24g"
        assert plain(describe_verdict(verdict))
    assert machine.check() == []
