"""What a small file may ask for: beyond that it is refused with a sentence, before the work is done."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from altmap.engine import (
    Add,
    Allocate,
    Command,
    Compact,
    Free,
    HugePages,
    Offline,
    Online,
    Write,
    boot_machine,
    machine_bytes,
    open_machine,
    read_machine,
    save_machine,
)
from altmap.engine.faces import plans
from altmap.engine.hotplug import zone_span
from altmap.engine.memory.state import State, state_of
from altmap.engine.memory.zone import Zone
from altmap.engine.numbers.errors import BadInput
from altmap.engine.reading.observation import BlockReading
from altmap.engine.reading.open_tree import open_tree
from altmap.engine.reading.procfs import MAX_RESOURCES, parse_id_list, parse_iomem, parse_zoneinfo
from altmap.engine.reading.tree import LINE_LIMIT
from altmap.engine.rebuild import devices, topology
from altmap.engine.snapshot import store, unfold_sections
from altmap.engine.snapshot.fold import alike

from .trees import ram, tree


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    """A guest of seven states, the last of them saved too."""
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    commands: list[Command] = [Add(start="4G", size="256M"), Allocate(size="16M"), *[Compact()] * 4]
    for command in commands:
        machine.apply(command)
    machine.timeline.name(2, "in use")
    save_machine(machine, tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_a_gzip_file_is_not_unpacked_far_beyond_its_size() -> None:
    bomb = gzip.compress(b"{" + b" " * (1 << 24))
    assert len(bomb) < 1 << 20
    with pytest.raises(BadInput, match=r"^bomb: it goes on after 16M, which no snapshot of its size does$"):
        store.parse(bomb, "bomb")


def test_a_gzip_file_of_small_values_is_refused_before_they_are_made() -> None:
    bomb = gzip.compress(b'{"version":1,"nodes":[' + b"0," * (5 << 20) + b"0]}")
    with pytest.raises(BadInput, match=r"^bomb: it holds more than \d+ values, which no snapshot of its size does$"):
        store.parse(bomb, "bomb")


@pytest.mark.parametrize("value", [b"\x92\x00\x01", b"\xa0", b"\x80"], ids=["runs", "empty texts", "empty maps"])
def test_messagepack_of_small_values_is_refused_before_they_are_made(value: bytes) -> None:
    bomb = gzip.compress(b"\x82\xa7version\x01\xa5nodes\xdd" + (5 << 20).to_bytes(4, "big") + value * (5 << 20))
    with pytest.raises(BadInput, match=r"^bomb: it holds more than \d+ values, which no snapshot of its size does$"):
        store.parse(bomb, "bomb")


def test_sets_of_pages_that_all_differ_are_bounded(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfold_sections, "MAX_PAGES", 32768)
    with pytest.raises(
        BadInput, match=r"\$\.sections\[\d\]\.sections\[0\]\.\S+: more different sets of pages up to here"
    ):
        open_machine(planned)


def test_big_machines_are_within_all_budgets(tmp_path: Path) -> None:
    machine = boot_machine([(0, 0, "16T")], nodes=1)
    save_machine(machine, tmp_path / "big.json.gz")
    assert len(open_machine(tmp_path / "big.json.gz").sections) >= 1 << 17


def test_steps_that_take_too_much_work_are_not_done_again(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is as it was saved; a file that does not hold that is refused."""
    last = open_machine(planned)
    monkeypatch.setattr(plans, "MOST_WORK", 8)
    opened = open_machine(planned)
    assert opened.warnings
    assert "takes more work than the steps of a file may" in opened.warnings[0]
    assert opened.zones == last.zones
    assert opened.timeline.steps[2].name == "in use"

    plain = msgspec.json.decode(planned.read_bytes())
    for step in plain["steps"]:
        step.pop("state", None)
    planned.write_bytes(msgspec.json.encode(plain))
    with pytest.raises(BadInput, match=r"step \d: doing this step and those before it again takes more work"):
        open_machine(planned)


COSTLY = (HugePages(count=300), Add(start="4G", size="512M"), HugePages(count=0), Free(), Online(block=32))


@pytest.mark.parametrize("at", [3, 5], ids=["a costly state is the present", "a cheap one is"])
def test_a_plan_whose_steps_are_too_much_work_opens_as_it_was(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The results of the costliest are in the file, and again in the next one."""
    monkeypatch.setattr(plans, "MOST_WORK", 1500)
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    for command in COSTLY:
        machine.apply(command)
    machine.go_to(at)
    opened = machine
    for _ in range(2):
        opened = read_machine(machine_bytes(opened, "it.json"), "it")
        assert opened.warnings == ()
        for number in range(len(COSTLY) + 1):
            opened.go_to(number)
            machine.go_to(number)
            assert alike(state_of(opened), state_of(machine))
        opened.go_to(at)


def test_a_plan_that_is_little_work_holds_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    for command in COSTLY:
        machine.apply(command)
    assert [step.state is not None for step in plans.snapshot_with_timeline(machine).steps] == [*[False] * 4, True]
    monkeypatch.setattr(plans, "MOST_WORK", 1500)
    assert [step.state is not None for step in plans.snapshot_with_timeline(machine).steps] == [
        True, False, True, False, True
    ]  # fmt: skip


def test_a_replay_says_which_steps_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    for command in COSTLY:
        machine.apply(command)
    data = machine_bytes(machine, "it.json")
    monkeypatch.setattr(plans, "MOST_WORK", 1500)
    warnings = read_machine(data, "it", replay=True).warnings
    assert warnings
    assert warnings[0].startswith(
        "step 1 (hugepages 300 of 2M) is left out, as it cannot be done now (step 1: doing this step"
    )


def test_a_step_that_is_given_up_leaves_nothing_behind(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    before = dict(machine.blocks), dict(machine.zones)
    monkeypatch.setattr(plans, "MOST_WORK", 4)
    work = plans._Work()
    with pytest.raises(BadInput):
        work.apply(machine, Add(start="4G", size="1G"))
    assert (dict(machine.blocks), dict(machine.zones)) == before
    assert len(machine.timeline.steps) == 1


def test_one_step_that_changes_too_much_is_given_up_in_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four hundred huge pages are one event, and a change each."""
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    before = [dict(table) for table in state_of(machine).tables]
    monkeypatch.setattr(plans, "MOST_WORK", 400)
    with pytest.raises(BadInput, match="takes more work than the steps of a file may"):
        plans._Work().apply(machine, HugePages(count=400))
    assert [dict(table) for table in state_of(machine).tables] == before
    assert len(machine.timeline.steps) == 1
    assert machine.apply(HugePages(count=400)).ok


def test_a_write_costs_what_it_starts() -> None:
    """Of one to a block what onlining it does, of any other as much as compacting all memory."""
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    folder = "/sys/devices/system/memory"

    def cost(command: Write | Offline) -> int:
        work = plans._Work()
        work.apply(machine.copy(), command)
        return plans.MOST_WORK - work.left

    assert cost(Write(path=f"{folder}/memory3/state", data="offline")) == cost(Offline(block=3))
    assert cost(Write(path="/proc/sys/vm/compact_memory", data="1")) > 96
    assert cost(Write(path=f"{folder}/auto_online_blocks", data="online")) > 96


def test_a_compaction_costs_what_it_moves_besides_looking_at_all() -> None:
    """A machine of 250 GiB, compacted once, was more than all steps of a file may cost."""
    machine = boot_machine([(0, 0, "2G")], nodes=1)
    machine.apply(Allocate(size="900M", pattern="random", seed=3), check=True)
    work = plans._Work()
    work.apply(machine, Compact())
    outcome, changes = machine._tree.present.outcome, machine._tree.present.changes
    assert outcome is not None
    assert len(outcome.events) > 1000
    assert plans.MOST_WORK - work.left < 1024 + 4 * (len(outcome.events) + len(changes))


def test_work_that_was_taken_back_is_counted_too() -> None:
    """What does not fit is refused when all that there is was taken; a zone that is not there is refused at once."""
    machine = boot_machine([(0, 0, "1G")], nodes=1)
    small, large = plans._Work(), plans._Work()
    small.apply(machine, Allocate(size="2G", zone="Normal"))
    large.apply(machine, Allocate(size="2G"))
    assert large.left < small.left


def test_the_edge_of_a_zone_is_looked_for_where_sections_are() -> None:
    state = state_of(boot_machine([(0, 0, "1G")], nodes=1))
    key = (0, "DMA32")
    end = state.zones[key].end
    state.zones.put(key, Zone(0, "DMA32", 4096, (1 << 52) - 1))
    looked: list[int] = []
    between = type(state).sections_between

    def watched(self: object, *where: int) -> object:
        for section in between(state, *where):  # type: ignore[arg-type]
            looked.append(section.nr)
            yield section

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(state), "sections_between", watched)
        assert zone_span.edge(state, key, 4096, 1 << 52, ascending=False) == end
        assert zone_span.edge(state, key, end, 1 << 52, ascending=True) is None
    assert len(looked) == 1


@pytest.mark.parametrize("text", ["0-65535", "0-4095,0-4095", ",".join(["0-1"] * 1000), "3,2", "5-4", "4096"])
def test_lists_of_nodes_name_each_once_and_none_that_cannot_be(text: str) -> None:
    with pytest.raises(BadInput, match=r"^possible"):
        parse_id_list(text, "possible")


def test_iomem_has_no_millions_of_lines() -> None:
    line = "00000000-00000fff : Reserved\n"
    assert len(parse_iomem("00001000-00001fff : Reserved\n" + line * 9)) == 10
    with pytest.raises(BadInput, match="proc/iomem has more than 65536 lines"):
        parse_iomem(line * (MAX_RESOURCES + 1))


def test_no_text_of_a_kernel_has_millions_of_lines(tmp_path: Path) -> None:
    """Nothing is made of them: the file is left out, with a note."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "zoneinfo").write_bytes(b"Node 0, zone Normal\n" + b" x 1\n" * (LINE_LIMIT + 1))
    with open_tree(tmp_path) as tree:
        assert tree.parse("proc/zoneinfo", parse_zoneinfo) is None
        assert tree.notes == [
            f"{tmp_path}: proc/zoneinfo has more than {LINE_LIMIT} lines; what a kernel writes there is far shorter"
        ]


@pytest.mark.parametrize("listed", [True, False], ids=["a line of iomem for each block", "no iomem"])
def test_what_came_after_the_boot_is_found_in_few_looks(
    tmp_path: Path, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting the sections below each of 65,536 blocks took minutes."""
    blocks, looks, below = range(32, 532), list[int](), devices._sections_below
    root = tree(
        tmp_path / "tree",
        dict.fromkeys(blocks, "Normal"),
        iomem=ram(*((number, number) for number in blocks)) if listed else None,
        vmstat=f"nr_memmap_boot_pages {300 * 512}\n",
    )

    def watched(state: State, end: int) -> int:
        looks.append(end)
        return below(state, end)

    monkeypatch.setattr(devices, "_sections_below", watched)
    machine = open_machine(root)
    assert len(looks) <= 12
    assert {number for number, block in machine.blocks.items() if not block.early} == {*blocks[300:]}


def test_blocks_of_which_no_two_neighbours_are_alike_are_looked_at_once() -> None:
    """Going back to the first for each run took 5 s for 65,536 blocks whose nodes are values of their own."""
    said = [
        (1, "Normal", 0),
        (2, "Normal", 0),
        (4, "Normal", 0),
        (5, "Movable", 0),
        (6, "Movable", 1),
        (7, "Movable", 1),
    ]
    blocks = (BlockReading(number, "online", (zone,), (node,)) for number, zone, node in said)
    assert [(first.id, count) for first, count in topology._runs(blocks)] == [(1, 2), (4, 1), (5, 1), (6, 2)]
    assert list(topology._runs(())) == []
