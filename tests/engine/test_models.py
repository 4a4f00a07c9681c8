"""The kernel models, and that the nearest of them serves for any release."""

from __future__ import annotations

import pytest
from altmap.engine import CALLERS, MODELS, PLACEMENTS, Offline, Online, open_machine
from altmap.engine.kernels.models import nearest_model

RFC, OLD, NEW = "rfc-v2", "6.1", "6.12"


@pytest.mark.parametrize(
    ("column", "rfc", "old", "new"),
    [
        ("pool", "range", "block", "block"),
        ("single_block", False, True, False),
        ("refuse_unsupported", False, True, False),
        ("parameter_modes", (), ("N", "Y"), ("N", "Y", "force")),
        ("heads_present", False, True, True),
        ("heads_unmovable", False, True, True),
        ("tolerates_existing", True, False, False),
        ("block_rollback", False, False, True),
        ("poison_refuses_online", False, False, True),
        ("prepare_finish", False, False, True),
        ("groups", False, True, True),
        ("policies", ("contig-zones",), ("contig-zones", "auto-movable"), ("contig-zones", "auto-movable")),
        ("offline_deadline", 120, None, None),
        ("offline_retries", 5, None, None),
        ("movable_shortcut", True, False, False),
        ("dissolves_gigantic", False, False, True),
        ("compact_values", None, None, (1,)),
        ("default_online", "offline", "offline", "online"),
        ("head_flags", ("reserved", "vmemmap"), ("reserved", "owner_private"), ("owner_private",)),
    ],
)
def test_differences(column: str, rfc: object, old: object, new: object) -> None:
    assert [getattr(MODELS[name], column) for name in (RFC, OLD, NEW)] == [rfc, old, new]


def test_as_posted_is_the_rfc_with_its_defect() -> None:
    mended, posted = MODELS[RFC], MODELS["rfc-v2-as-posted"]
    different = {name for name in mended.__struct_fields__ if getattr(mended, name) != getattr(posted, name)}
    assert different == {"name", "title", "removal_defect"}
    assert posted.removal_defect
    assert not any(model.removal_defect for model in MODELS.values() if model is not posted)


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ((2, 6), OLD), ((4, 13), OLD), ((5, 15), OLD), ((6, 1), OLD), ((6, 6), OLD), ((6, 12), NEW), ((6, 18), NEW),
        ((7, 0), NEW),
    ],
)  # fmt: skip
def test_the_nearest_model_is_the_newest_that_is_not_newer(release: tuple[int, int], name: str) -> None:
    assert nearest_model(release).name == name


def test_names_are_their_keys_and_every_name_is_known() -> None:
    assert list(MODELS) == [RFC, "rfc-v2-as-posted", OLD, NEW]
    assert all(name == model.name and model.title for name, model in MODELS.items())
    assert PLACEMENTS == ("boot", "range", "block", "sections")
    assert {caller for model in MODELS.values() for caller in model.opt_in} < set(CALLERS)
    with pytest.raises(TypeError):
        MODELS["7.0"] = MODELS[NEW]  # type: ignore[index]


@pytest.mark.parametrize("name", ["mixed-guest", "arm64-guest", "block2g-guest"])
@pytest.mark.parametrize("model", MODELS)
def test_another_kernel_on_the_same_pages_is_sound(name: str, model: str) -> None:
    """It counts its memmap its own way, and has memory groups or none."""
    machine = open_machine(name, model=model)
    assert machine.check() == []
    assert machine.groups == {} or machine.model.groups
    for block in [block for block in machine.blocks.values() if block.head][-3:]:
        assert machine.apply(Offline(block=block.id)).ok
        assert machine.check() == []
        assert machine.apply(Online(block=block.id, type="online_movable")).ok
        assert machine.check() == []
