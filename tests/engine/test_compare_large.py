"""Big requests are compared without most of their blocks, and every figure is what trying them all would give."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from altmap.engine import Add, BadInput, Command, Machine, boot_machine, figures, open_machine, sentence, vary
from altmap.engine.commands.outcome import Outcome
from altmap.engine.hotplug.placement import Choice
from altmap.engine.memory.state import State, clone, state_of
from altmap.engine.protocol.vocabulary import ONLINE_TYPES, PLACEMENTS
from altmap.engine.questions.compare import Alternative, Comparison, Figure, compare, rehearsed, thin, thinned
from altmap.engine.questions.compare.measure import nothing_known
from altmap.engine.questions.shortage import shortage

from .guests import guest, two_nodes

MACHINES: dict[str, Callable[[], Machine]] = {
    "two nodes": lambda: two_nodes("4G"),
    "6.1": lambda: guest("8G", model="6.1"),
    "rfc": lambda: guest("8G", model="rfc-v2"),
    "blocks of 1G": lambda: boot_machine([(0, 0, "64G")], block_size="1G"),
    "arm64, 64K pages": lambda: boot_machine([(0, 0, "16G")], arch="arm64-64k"),
    "riscv64": lambda: boot_machine([(0, 0, "8G")], arch="riscv64", memmap_on_memory="N"),
    "firecracker": lambda: open_machine("firecracker-24g"),
    "numa-guest": lambda: open_machine("numa-guest"),
}


def both(machine: Machine, add: Add, online: str) -> tuple[Alternative | None, Alternative]:
    """A row as it is counted, None where it is not, and as it is tried."""
    state = clone(state_of(machine))
    state.parameters.change(auto_online_blocks="offline")
    row = Alternative(state.model.name, state.geometry.block_size, add.placement, online)  # type: ignore[arg-type]
    counted = thin.thin(clone(state), row, add, nothing_known())
    return counted, rehearsed.rehearsed(state, row, add, nothing_known())


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_counted_is_what_is_tried(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All placements and online types, at an aligned address and at one of no whole GiB, sizes with a host in part."""
    monkeypatch.setattr(thinned, "FEW", 4)
    made, counted = MACHINES[machine](), 0
    for at, size in (("64G", "5G"), ("128512M", "9G")):
        for placement in (None, *PLACEMENTS):
            for online in ONLINE_TYPES:
                add = Add(start=at, size=size, node=max(made.nodes), placement=placement)
                if shortage(made, add).missing:
                    continue
                quick, tried = both(made, add, online)
                if quick is not None:
                    assert quick == tried, (at, size, placement, online)
                    counted += 1
    assert counted >= 12


def test_what_is_not_plain_is_tried() -> None:
    """Earlier hot-added memory may host, a range may be in use, a policy may decide block by block."""
    machine = guest("4G")
    assert machine.apply(Add(start="8G", size="128M")).ok
    assert both(machine, Add(start="32G", size="16G", placement="sections"), "online_movable")[0] is None
    assert both(machine, Add(start="8G", size="16G", placement="block"), "online_movable")[0] is None
    machine.write("/sys/module/memory_hotplug/parameters/online_policy", "auto-movable")
    assert both(machine, Add(start="32G", size="16G", placement="block"), "online")[0] is None


def test_a_comparison_of_a_tebibyte_tries_few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 8,192 blocks in each of four alternatives, those are onlined that differ."""
    tried: list[object] = []
    real = thin.attempt  # type: ignore[attr-defined]

    def counted(state: State, command: Command) -> Outcome:
        tried.append(command)
        return real(state, command)

    monkeypatch.setattr(thin, "attempt", counted)
    found = compare(open_machine("terabyte-server"), Add(start="2T", size="1T"))
    assert [row.blocks for row in found.alternatives] == [8192] * 4
    assert 4 <= len(tried) < 200
    assert found.plan.movable_blocks + found.plan.kernel_blocks == 8192


def test_kernels_that_take_the_memmap_of_a_tebibyte_from_boot_memory_alike_take_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pageblocks on CPUs' lists (5.14) matter where areas run out, the minimum of ZONE_MOVABLE (6.6) where there is one."""
    done: list[str] = []
    real = thinned._put_there

    def counted(state: State, add: Add, choice: Choice) -> thinned.Thinned | None:
        done.append(choice.placement)
        return real(state, add, choice)

    monkeypatch.setattr(thinned, "_put_there", counted)
    vary(open_machine("terabyte-server"), Add(start="2T", size="1T"), "kernel models")
    assert done.count("boot") == 1


# -- one thing varies ---------------------------------------------------------------------------------------------------


def figure(comparison: Comparison, name: str) -> Figure:
    """One of the figures."""
    return next(one for one in figures(comparison) if one.name == name)


def test_placements_differ_in_few_numbers() -> None:
    varied = vary(open_machine("small-guest"), Add(start="4G", size="1G"), "placements")
    assert varied.names == PLACEMENTS
    found = varied.comparison
    assert figure(found, "takes at once").texts == ("16.1M", "64K", "64K", "64K")
    assert figure(found, "goes alone").texts == ("8 of 8", "7 of 8", "8 of 8", "7 of 8")
    assert figure(found, "goes alone").best == (True, False, True, False)
    assert figure(found, "longest run").texts == ("1G", "1008M", "126M", "1008M")
    assert not figure(found, "MemFree then").differs
    assert [one.name for one in figures(found) if one.differs] == [
        "takes at once", "free at once", "2M at once", "MemTotal then", "longest run", "goes alone"
    ]  # fmt: skip
    assert [stretch.memmap for stretch in found.alternatives[1].stretches] == [4096, 0]
    assert [sum(pages for _, pages in row.outside) for row in found.alternatives] == [4096, 0, 0, 0]


def test_of_kernels_that_do_alike_one_stands_for_all() -> None:
    machine = open_machine("small-guest")
    varied = vary(machine, Add(start="4G", size="1G"), "kernel models")
    assert varied.names == ("rfc-v2", "4.18 to 6.7", "6.8 to 7.3")
    assert [row.model for row in varied.comparison.alternatives] == ["rfc-v2", "6.7", machine.model.name]
    assert [[sentence(one) for one in row.boots] for row in varied.comparison.alternatives] == [
        ["in no released kernel (RFC v2)"], ["with Linux 6.7"], []
    ]  # fmt: skip


def test_block_sizes_where_there_are_others() -> None:
    varied = vary(open_machine("small-guest"), Add(start="4G", size="1G"), "block sizes")
    assert varied.names == ("128M", "512M", "1G", "2G")
    assert [row.result for row in varied.comparison.alternatives] == ["ok", "ok", "ok", "EINVAL"]
    assert "where the memory of the boot ends" in sentence(varied.comparison.alternatives[1].boots[0])
    assert vary(open_machine("arm64-guest"), Add(start="8G", size="1G"), "block sizes").names == ("128M",)
    power = boot_machine([(0, 0, "4G")], arch="ppc64le-radix-4k")
    rows = vary(power, Add(start="8G", size="1G"), "block sizes").comparison.alternatives
    assert "firmware" in sentence(rows[0].boots[0])


def test_online_types_differ_in_what_the_kernel_may_put_there() -> None:
    varied = vary(open_machine("small-guest"), Add(start="4G", size="1G"), "online types")
    assert varied.names == ONLINE_TYPES
    assert figure(varied.comparison, "kernel later").texts == ("may", "may", "never")
    assert figure(varied.comparison, "kernel later").best == (False, False, True)


def test_an_alternative_that_is_refused_has_no_numbers() -> None:
    found = vary(guest("256M"), Add(start="4G", size="16G"), "placements").comparison
    assert found.alternatives[0].result == "ENOMEM"
    assert figure(found, "free at once").values[0] is None
    assert not figure(found, "free at once").best[0]


def test_what_does_not_vary_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match="'foo' is nothing that varies between alternatives; it is one of placements"):
        vary(open_machine("small-guest"), Add(start="4G", size="1G"), "foo")
