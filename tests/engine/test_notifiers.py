"""The notifier chain: order, vetoes and their errno, sequences and ranges."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Machine, Offline, Online, Outcome, boot_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.kernels.notifier_chain import Chain, Notifier, chain_of
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.protocol.events import NotifierCalled
from altmap.engine.protocol.reasons.taking import Vetoed

from .guests import FIRST, dimm, guest, numbers, offline, online, refuse, told


def actions(outcome: Outcome) -> list[str]:
    return [call.action.removeprefix("MEM_") for call in told(outcome, NotifierCalled)]


def with_veto(machine: Machine, action: Any, errno: str) -> Machine:
    state = state_of(machine)
    state.chain = state.chain.with_subscriber(Notifier("driver", 0, Frozen({action: errno})))
    return machine


def test_higher_priorities_are_called_earlier_and_equals_in_order_of_registration() -> None:
    chain = Chain()
    for name, priority in (("a", 0), ("b", 100), ("c", 1), ("d", 0), ("e", 100)):
        chain = chain.with_subscriber(Notifier(name, priority))
    assert [subscriber.name for subscriber in chain.subscribers] == ["b", "e", "c", "a", "d"]


def test_only_arm64_has_a_subscriber_that_says_no() -> None:
    guards = {name: [s.name for s in chain_of(preset).subscribers] for name, preset in ARCHITECTURES.items()}
    guarded = {name: ["prevent_bootmem_remove"] for name in ("arm64-4k", "arm64-16k", "arm64-64k")}
    assert {name: names for name, names in guards.items() if names} == guarded


@pytest.mark.parametrize(
    ("model", "going_online", "gone_offline"),
    [
        ("rfc-v2", ["GOING_ONLINE", "ONLINE"], ["GOING_OFFLINE", "OFFLINE"]),
        ("6.1", ["GOING_ONLINE", "ONLINE"], ["GOING_OFFLINE", "OFFLINE"]),
        ("6.12", ["PREPARE_ONLINE", "GOING_ONLINE", "ONLINE"], ["GOING_OFFLINE", "OFFLINE", "FINISH_OFFLINE"]),
        ("6.18", ["PREPARE_ONLINE", "GOING_ONLINE", "ONLINE"], ["GOING_OFFLINE", "OFFLINE", "FINISH_OFFLINE"]),
        ("6.19", ["GOING_ONLINE", "ONLINE"], ["GOING_OFFLINE", "OFFLINE"]),
    ],
)
def test_sequences_of_success(model: str, going_online: list[str], gone_offline: list[str]) -> None:
    machine = guest(model=model)
    dimm(machine)
    assert actions(online(machine, 32)) == going_online
    assert actions(offline(machine, 32)) == gone_offline


@pytest.mark.parametrize(
    ("model", "sequence"),
    [
        ("6.1", ["GOING_ONLINE", "CANCEL_ONLINE"]),
        ("6.12", ["PREPARE_ONLINE", "GOING_ONLINE", "CANCEL_ONLINE", "FINISH_OFFLINE"]),
    ],
)
def test_a_veto_of_onlining_cancels_for_everyone_and_leaves_nothing(model: str, sequence: list[str]) -> None:
    machine = with_veto(guest("1G", model=model), "MEM_GOING_ONLINE", "ENOMEM")
    dimm(machine)
    before = dict(machine.zones)
    outcome = refuse(machine, Online(block=32, type="online_movable"))
    assert outcome.result == "ENOMEM"
    assert outcome.reason == Vetoed("driver", "MEM_GOING_ONLINE")
    assert actions(outcome) == sequence
    assert machine.blocks[32].state == "offline"
    assert {key: zone for key, zone in machine.zones.items() if zone.spanned} == before


def test_a_veto_of_preparation_calls_nobody_else() -> None:
    """The errno of the notifier, no FINISH."""
    machine = with_veto(guest(), "MEM_PREPARE_ONLINE", "EPERM")
    dimm(machine)
    outcome = refuse(machine, Online(block=32))
    assert outcome.result == "EPERM"
    assert actions(outcome) == ["PREPARE_ONLINE"]


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_a_veto_of_offlining_cancels_and_the_block_stays(model: str) -> None:
    machine = with_veto(guest(model=model), "MEM_GOING_OFFLINE", "EBUSY")
    dimm(machine)
    online(machine, 32)
    before = numbers(machine, "Normal")
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EBUSY"
    assert actions(outcome) == ["GOING_OFFLINE", "CANCEL_OFFLINE"], "no FINISH after a failure"
    assert machine.blocks[32].state == "online"
    assert numbers(machine, "Normal") == before
    reason = " due to notifier failure" if model != "rfc-v2" else ""
    assert any(line.endswith(f"failed{reason}") for line in outcome.log)


def test_an_isolation_that_fails_tells_nobody() -> None:
    """CANCEL_OFFLINE is sent only if isolation succeeded."""
    machine = guest()
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    state_of(machine).change_pages(FIRST + 600, 1, "slab")
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EBUSY"
    assert actions(outcome) == []


def test_after_the_fact_nobody_can_say_no() -> None:
    """Answers to ONLINE, OFFLINE and CANCEL are ignored."""
    machine = guest()
    for action in ("MEM_ONLINE", "MEM_OFFLINE", "MEM_CANCEL_ONLINE", "MEM_FINISH_OFFLINE"):
        with_veto(machine, action, "EPERM")
    dimm(machine)
    online(machine, 32)
    offline(machine, 32)


def test_the_first_veto_ends_the_round() -> None:
    machine = guest()
    state = state_of(machine)
    for name, priority in (("late", 0), ("early", 50)):
        vetoes: Frozen[Any, str] = Frozen({"MEM_GOING_ONLINE": f"E{name.upper()}"})
        state.chain = state.chain.with_subscriber(Notifier(name, priority, vetoes))
    dimm(machine)
    assert refuse(machine, Online(block=32)).result == "EEARLY"


@pytest.mark.parametrize(("mode", "head"), [("Y", 512), ("N", 0)])
@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_ranges_exclude_the_head(model: str, mode: str, head: int) -> None:
    machine = guest(model=model, memmap_on_memory=mode)
    dimm(machine)
    for outcome in (online(machine, 32), offline(machine, 32)):
        assert {(call.pfn, call.pages) for call in told(outcome, NotifierCalled)} == {(FIRST + head, 32768 - head)}


def test_the_node_change_is_told_with_its_first_and_last_block_only() -> None:
    """status_change_nid: the node, or -1."""
    machine = boot_machine([(0, 0, "1G")], nodes=2)
    dimm(machine, "256M", node=1)

    def change(outcome: Outcome, action: str) -> int:
        return next(call.status_change_nid for call in told(outcome, NotifierCalled) if call.action == action)

    assert change(online(machine, 32), "MEM_GOING_ONLINE") == 1
    assert change(online(machine, 33), "MEM_GOING_ONLINE") == -1
    assert change(offline(machine, 33), "MEM_GOING_OFFLINE") == -1
    last = offline(machine, 32)
    assert change(last, "MEM_GOING_OFFLINE") == 1
    assert change(last, "MEM_OFFLINE") == 1


@pytest.mark.parametrize("arch", ["arm64-4k", "arm64-16k", "arm64-64k"])
def test_arm64_refuses_to_offline_boot_memory(arch: str) -> None:
    """prevent_bootmem_remove answers NOTIFY_BAD, that is EPERM, for boot memory only."""
    machine = boot_machine([(0, "1G", "2G")], arch=arch)
    boot_block = max(machine.blocks)
    added = machine.geometry.block_size * (boot_block + 8)
    dimm(machine, machine.geometry.block_size, at=added)
    outcome = refuse(machine, Offline(block=boot_block))
    assert outcome.result == "EPERM"
    assert actions(outcome) == ["GOING_OFFLINE", "CANCEL_OFFLINE"]
    online(machine, boot_block + 8, kind="online_movable")
    offline(machine, boot_block + 8)


def test_x86_lets_boot_memory_go() -> None:
    machine = guest("2G", model="6.1")
    offline(machine, 9)
    assert machine.blocks[9].state == "offline"
    online(machine, 9)
    assert machine.blocks[9].zone == (0, "DMA32")


@pytest.mark.parametrize("model", ["6.16", "6.17"])
def test_since_6_17_a_chain_of_its_own_is_told_of_a_nodes_first_and_last_memory(model: str) -> None:
    """mm,memory_hotplug: implement numa node notifier: around the memory notifiers, which name no node any more."""
    machine = boot_machine([(0, 0, "1G")], nodes=2, model=model)
    dimm(machine, "256M", node=1)
    apart = model == "6.17"
    first, second, not_last, last = online(machine, 32), online(machine, 33), offline(machine, 33), offline(machine, 32)
    named = [call.action for call in told(first, NotifierCalled) if call.status_change_nid == 1]
    assert named == (
        ["NODE_ADDING_FIRST_MEMORY", "NODE_ADDED_FIRST_MEMORY"] if apart else ["MEM_GOING_ONLINE", "MEM_ONLINE"]
    )
    assert not [
        call for outcome in (second, not_last) for call in told(outcome, NotifierCalled) if call.status_change_nid == 1
    ]
    gone = ["REMOVING_LAST_MEMORY", "GOING_OFFLINE", "REMOVED_LAST_MEMORY", "OFFLINE", "FINISH_OFFLINE"]
    expected = [f"NODE_{name}" if "LAST" in name else name for name in gone if apart or "LAST" not in name]
    assert actions(last) == expected
