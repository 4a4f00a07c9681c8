"""A machine derived as if it had been booted otherwise: what is carried over, what is added again, what is refused."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import (
    Add,
    Allocate,
    BadInput,
    Machine,
    Offline,
    Online,
    Pin,
    Poison,
    VirtioMem,
    boot_machine,
    machine_bytes,
    machine_names,
    open_machine,
    read_machine,
    reboot,
)

from tests.kernels import KERNELS


def dimm(model: str = "6.12", **options: str) -> Machine:
    """1 GiB of boot memory and a DIMM of 1 GiB, half of it online and in use."""
    machine = boot_machine([(0, 0, "1G")], model=model, **options)  # type: ignore[arg-type]
    machine.apply(Add(start="4G", size="1G"), check=True)
    for block in range(32, 36):
        machine.apply(Online(block=block, type="online_movable"), check=True)
    machine.apply(Allocate(size="60M", zone="Movable"), check=True)
    machine.apply(Pin(size="2M", zone="Movable", short=True), check=True)
    return machine


def test_a_dimm_is_added_again_by_the_new_rules() -> None:
    """With memmap_on_memory=N the blocks have no head; the kernel takes 16 MiB of boot memory instead."""
    before = dimm()
    after = reboot(before, {"memmap_on_memory": "N"})
    assert [after.blocks[nr].head for nr in range(32, 40)] == [0] * 8
    assert [before.blocks[nr].head for nr in range(32, 40)] == [512] * 8
    assert {after.blocks[nr].state for nr in range(32, 40)} == {"offline"}
    assert after.summary(0, 1 << 18).of("vmemmap") == 4096
    assert after.check() == []


def test_what_is_online_after_a_boot_is_what_the_kernel_onlines() -> None:
    after = reboot(dimm(), {"movable_node": "Y", "auto_online_blocks": "online"})
    assert {after.blocks[nr].zone for nr in range(32, 40)} == {(0, "Movable")}
    assert after.boot.movable_node
    assert after.zones[0, "Movable"].free == after.zones[0, "Movable"].managed


def test_the_machine_itself_stays() -> None:
    before = dimm()
    saved = machine_bytes(before, "a.json")
    reboot(before, {"model": "6.1", "auto_movable_ratio": "50"})
    assert machine_bytes(before, "a.json") == saved


def test_what_a_machine_was_is_told_as_where_it_comes_from() -> None:
    machine = open_machine("mixed-guest")
    was = machine.origin.description
    assert "online in both zones" in was, "which the derived one is not"
    once = reboot(machine, {"model": "6.1"})
    assert once.origin.description == reboot(once, {"model": "6.8"}).origin.description == f"derived from: {was}"


def test_boot_memory_is_used_as_before_and_nothing_is_to_be_undone() -> None:
    before = open_machine("firecracker-24g")
    after = reboot(before, {"memmap_on_memory": "Y"})
    assert after.summary(0, 1 << 23).counts == before.summary(0, 1 << 23).counts
    assert (after.settings.memmap_on_memory, after.can_undo, after.history) == ("Y", False, ())


def test_memory_of_other_drivers_is_not_there() -> None:
    before = boot_machine([(0, 0, "1G")])
    before.apply(VirtioMem(start="4G", size="300M"), check=True)
    before.apply(Online(block=32, type="online_movable"), check=True)
    before.apply(Poison(address=0x100400000), check=True)
    before.apply(Add(start="8G", size="512M", placement="boot"), check=True)
    before.apply(Add(start="12G", size="256M", caller="pmem"), check=True)
    after = reboot(before, {})
    assert sorted(after.blocks) == [*range(8), *range(64, 68)]
    assert max(after.sections) == 67
    assert after.check() == []
    said = " ".join(after.origin.notes)
    assert "virtio-mem" in said
    assert "pmem" in said


@pytest.mark.parametrize("model", KERNELS)
@pytest.mark.parametrize("name", [name for name in machine_names() if name != "terabyte-server"])
def test_every_bundled_machine_under_every_model_is_sound_and_can_be_saved(name: str, model: str) -> None:
    after = reboot(open_machine(name), {"model": model})
    assert after.model.name == model
    assert after.check() == []
    again = read_machine(machine_bytes(after, "a.json"), "a.json")
    assert dict(again.zones) == dict(after.zones)


@pytest.mark.parametrize("placement", ["boot", "range", "block", "sections"])
def test_memmap_wherever_it_lay_goes_with_its_memory(placement: str) -> None:
    """What the booted machine has free is what it had free before anything was added."""
    before = boot_machine([(0, 0, "1G")])
    free = {key: zone.free + zone.pcp for key, zone in before.zones.items()}
    before.apply(msgspec.convert({"op": "add", "start": "4G", "size": "1G", "placement": placement}, Add), check=True)
    after = reboot(before, {"memmap_on_memory": "Y"})
    tables = sum(count for request in after.requests.values() for _, count in request.tables)
    assert sum(free.values()) - sum(zone.free + zone.pcp for zone in after.zones.values()) == tables


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"memap": "Y"},
            "'memap' is nothing that a boot decides; it is one of model, auto_online_blocks, memmap_on_memory",
        ),
        ({"model": "9000"}, "'9000' is not a kernel model; it is "),
        ({"memmap_on_memory": "yes"}, "memmap_on_memory: 'yes' is none of N, Y, force"),
        ({"model": "6.1", "memmap_on_memory": "force"}, "a kernel as 6.1 knows N, Y and not force"),
        ({"model": "rfc-v2", "memmap_on_memory": "Y"}, "a kernel as rfc-v2 has no parameter memmap_on_memory"),
        ({"hugepages": "8"}, "hugepages lays out the memory of the boot anew"),
        ({"movable_node": "1"}, "movable_node: '1' is none of N, Y"),
    ],
)
def test_what_cannot_be_booted_is_said_in_a_sentence(options: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        reboot(dimm(), options)
    assert said in str(caught.value)
    assert len(caught.value.args) == 1


# -- blocks of another size ---------------------------------------------------------------------------------------------


def test_boot_memory_in_blocks_of_another_size() -> None:
    before = open_machine("small-guest")
    after = reboot(before, {"block_size": "512M"})
    assert after.geometry.block_size == 512 << 20
    assert {block.state for block in after.blocks.values()} == {"online"}
    assert len(after.blocks) == 2
    assert dict(after.zones) == dict(before.zones)
    assert after.check() == []
    assert after.apply(Add(start="4G", size="1G")).ok
    assert after.check() == []


def test_blocks_of_another_size_where_there_can_be_none() -> None:
    with pytest.raises(BadInput, match="one section"):
        reboot(open_machine("arm64-guest"), {"block_size": "1G"})
    with pytest.raises(BadInput, match="power of two"):
        reboot(open_machine("small-guest"), {"block_size": "192M"})
    machine = open_machine("firecracker-24g")
    assert machine.apply(Offline(block=48)).ok
    with pytest.raises(BadInput, match="online in part"):
        reboot(machine, {"block_size": "1G"})
