"""Where `force` is the remedy, where nothing is, and what an architecture forbids whoever asks."""

from __future__ import annotations

import pytest
from altmap.engine import Add, boot_machine, sentence
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.reasons.placement import AltmapUnsupported, AltmapVetoed, NoVmemmap, PlacementRefused
from altmap.engine.protocol.reasons.released import AsItIs, AtBoot, NoValueDoes, OwnFile, SinceRelease
from altmap.engine.protocol.reasons.remedies import PlaceOtherwise
from altmap.engine.protocol.vocabulary import Caller
from altmap.engine.questions.availability import availability

from .guests import dimm, guest, refuse

MIB = 1 << 20
RADIX = "ppc64le-radix-64k"


def forced(does: tuple[object, ...]) -> bool:
    return any(isinstance(one, PlaceOtherwise) and one.released == AtBoot("force") for one in does)


@pytest.mark.parametrize("mode", ["N", "Y"])
def test_on_power_with_64k_pages_force_is_the_remedy(mode: str) -> None:
    """The memmap of an LMB fills 4 pages of a pageblock of 32, which `force` pads."""
    machine = boot_machine([(0, 0, "4G")], arch=RADIX, model="6.12", memmap_on_memory=mode)
    assert availability(state_of(machine), 256 * MIB, "dlpar", "block") == AtBoot("force")
    dimm(machine, "256M", at="8G", caller="dlpar", placement="block")
    assert machine.blocks[32].head == 32


def test_why_an_add_offers_force_where_the_parameter_is_on_in_vain() -> None:
    machine = boot_machine([(0, 0, "4G")], arch=RADIX, model="6.12", memmap_on_memory="Y")
    verdict = machine.why_not(Add(start="8G", size="256M", caller="acpi"))
    offered = [remedy for remedy in verdict.remedies if forced(remedy.does)]
    assert len(offered) == 1
    assert all(machine.apply(command).ok for command in offered[0].commands)
    assert machine.blocks[32].head == 32


def test_where_force_does_not_help_it_is_not_offered() -> None:
    for arch in ("arm64-16k", "arm64-64k", "ppc64le-hash-64k"):
        machine = boot_machine([(0, 0, "4G")], arch=arch, model="6.12", memmap_on_memory="Y")
        size = machine.geometry.block_size
        assert availability(state_of(machine), size, "acpi", "block") == NoValueDoes()
        verdict = machine.why_not(Add(start="8G", size=size))
        assert not any(forced(remedy.does) for remedy in verdict.remedies)


@pytest.mark.parametrize(
    ("arch", "model", "size", "caller", "needs"),
    [
        ("x86_64", "6.1", 256, "acpi", SinceRelease("6.8")),
        (RADIX, "6.1", 256, "dlpar", SinceRelease("6.6")),
        ("s390x", "6.8", 256, "sclp", SinceRelease("6.9")),
        ("riscv64", "6.11", 128, "acpi", AtBoot("Y")),
        ("x86_64", "6.7", 128, "cxl", SinceRelease("6.8")),
        ("x86_64", "6.8", 128, "dax", SinceRelease("6.9")),
    ],
)
def test_since_which_release_a_real_kernel_does_it(
    arch: str, model: str, size: int, caller: Caller, needs: object
) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch, model=model, memmap_on_memory="N")
    assert availability(state_of(machine), size * MIB, caller, "block") == needs


def test_a_dax_device_asks_by_its_own_file() -> None:
    state = state_of(guest(model="6.12", memmap_on_memory="Y"))
    assert availability(state, 128 * MIB, "dax", "block") == OwnFile()
    assert availability(state, 128 * MIB, "cxl", "block") == AsItIs()


@pytest.mark.parametrize("placement", ["range", "sections"])
@pytest.mark.parametrize(
    ("arch", "model", "cause"),
    [("s390x", "rfc-v2", AltmapVetoed), ("ia64", "rfc-v2", AltmapUnsupported), ("sh", "rfc-v2", NoVmemmap)],
)
def test_a_veto_holds_for_every_altmap(arch: str, model: str, cause: type, placement: str) -> None:
    """Whichever section hosts it, the memmap comes from an altmap, which the architecture does not take."""
    machine = boot_machine([(0, 0, "1G")], arch=arch, model=model)
    size = machine.geometry.block_size
    outcome = refuse(machine, Add(start="2G", size=size, placement=placement))  # type: ignore[arg-type]
    assert outcome.result == "EINVAL"
    assert isinstance(outcome.reason, PlacementRefused)
    assert isinstance(outcome.reason.cause, cause), sentence(outcome.reason)
