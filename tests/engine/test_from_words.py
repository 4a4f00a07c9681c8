"""A machine from words: nodes, a kernel, its command line; and what QEMU is started with."""

from __future__ import annotations

import pytest
from altmap.engine import Add, BadInput, new_machine, qemu_nodes

GIB = 1 << 30


def test_nodes_have_their_memory_and_an_empty_one_is_announced() -> None:
    machine = new_machine(["2G", "2G", "0"], kernel="6.8")
    assert machine.check() == []
    assert machine.model.name == "6.8"
    memory = {
        node: sum(zone.present for zone in machine.zones.values() if zone.node == node) << 12 for node in machine.nodes
    }
    assert memory == {0: 2 * GIB, 1: 2 * GIB, 2: 0}
    assert machine.apply(Add(start="16G", size="1G", node=2)).ok


def test_x86_leaves_a_hole_below_4_gib() -> None:
    machine = new_machine(["8G"])
    assert not any(24 <= block < 32 for block in machine.blocks)
    assert len(machine.blocks) == 64


@pytest.mark.parametrize("arch", ["x86_64", "arm64", "s390x", "arm64-64k", "ppc64le", "riscv64"])
def test_every_architecture_boots_and_is_sound(arch: str) -> None:
    assert new_machine(["4G"], arch=arch).check() == []


def test_boot_options_that_are_modelled_act_and_others_are_named() -> None:
    append = (
        "movable_node memmap_on_memory=1 memhp_default_state=online_movable hugepages=64 mem=1G crashkernel=256M quiet"
    )
    machine = new_machine(["2G"], append=append)
    assert machine.check() == []
    assert (machine.boot.movable_node, machine.settings.memmap_on_memory) == (True, "Y")
    assert machine.settings.auto_online_blocks == "online_movable"
    assert len(machine.blocks) == 8
    assert sum("huge" in section.pages for section in machine.sections.values()) >= 1
    assert machine.history == ()
    assert machine.origin.notes[-1] == "of the command line these are not acted on: crashkernel, quiet"


@pytest.mark.parametrize(
    ("line", "nodes"),
    [
        ("-m 2G,slots=8,maxmem=64G", ("2G",)),
        ("qemu-system-x86_64 -m 2048 -smp 4", ("2048M",)),
        ("-m size=4G -numa node,mem=1G -numa node,mem=3G", ("1G", "3G")),
        ("-m 2G -object memory-backend-ram,id=m0,size=2G -numa node,memdev=m0 -numa node", ("2G", "0")),
    ],
)
def test_what_qemu_is_started_with_is_understood(line: str, nodes: tuple[str, ...]) -> None:
    assert qemu_nodes(line) == nodes
    assert new_machine(nodes).check() == []


@pytest.mark.parametrize(
    ("nodes", "words", "said"),
    [
        (["0"], {}, "one at least with memory"),
        (["100M"], {}, "whole sections of 128M"),
        (["2G"], {"arch": "vax"}, "vax"),
        (["2G"], {"kernel": "1.0"}, "not a kernel model"),
        (["2G"], {"append": "memhp_default_state=maybe"}, "none of offline, online"),
        (["2G"], {"append": "hugepages=0:5"}, "no number of pages"),
        (["2G"], {"append": "'"}, "cannot be read"),
    ],
)
def test_words_that_make_no_machine_are_told(nodes: list[str], words: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        new_machine(nodes, **words)


def test_a_line_without_memory_is_told() -> None:
    with pytest.raises(BadInput, match="names no memory"):
        qemu_nodes("-smp 4")
