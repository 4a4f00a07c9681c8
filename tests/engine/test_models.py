"""The kernel models, and that the nearest of them serves for any release."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from altmap import engine, explorer
from altmap.engine import CALLERS, MODELS, PLACEMENTS, BadInput, Offline, Online, open_machine
from altmap.engine.kernels.architectures import Preset
from altmap.engine.kernels.model import KernelModel
from altmap.engine.kernels.models import find_model, nearest_model
from altmap.engine.kernels.releases import CHANGES, Known, models

from tests.kernels import KERNELS

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
        ("gigantic_gives_way", "any", "last", "any"),
        ("compact_values", None, None, (1,)),
        ("default_online", "offline", "offline", "online"),
        ("head_flags", ("reserved", "vmemmap"), ("reserved", "owner_private"), ("owner_private",)),
    ],
)
def test_differences(column: str, rfc: object, old: object, new: object) -> None:
    assert [getattr(MODELS[name], column) for name in (RFC, OLD, NEW)] == [rfc, old, new]


@cache
def read_somewhere() -> set[str]:
    """The names of all attributes that a module looks at, but for the one that sets the columns."""
    roots = [Path(str(part.__file__)).parent for part in (engine, explorer)]
    texts = [path.read_text() for root in roots for path in root.rglob("*.py") if path.name != "releases.py"]
    return {node.attr for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("kind", [KernelModel, Preset])
def test_each_column_is_explained_and_read(kind: type[KernelModel] | type[Preset]) -> None:
    """A difference that no mechanism looks at tells nothing."""
    explained = {*re.findall(r"\w+", kind.__doc__ or "")}
    assert {*kind.__struct_fields__} - read_somewhere() == set()
    assert {*kind.__struct_fields__} - explained - {"name", "title", "release"} == set()


def test_as_posted_is_the_rfc_with_its_defect() -> None:
    mended, posted = MODELS[RFC], MODELS["rfc-v2-as-posted"]
    different = {name for name in mended.__struct_fields__ if getattr(mended, name) != getattr(posted, name)}
    assert different == {"name", "title", "removal_defect", "veto_drops_blocks"}
    assert posted.removal_defect
    assert not any(model.removal_defect for model in MODELS.values() if model is not posted)


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ((2, 6), "4.18"), ((4, 13), "4.18"), ((5, 15), "5.15"), ((5, 25), "5.19"), ((6, 8), "6.8"), ((6, 12), NEW),
        ((7, 3), "7.3"), ((8, 0), "7.3"),
    ],
)  # fmt: skip
def test_every_release_has_a_model_and_others_the_newest_that_is_not_newer(release: tuple[int, int], name: str) -> None:
    assert nearest_model(release).name == name


def test_a_model_is_found_by_its_release_or_by_a_longer_version() -> None:
    assert find_model("6.8.0-45-generic") is find_model("6.8") is MODELS["6.8"]
    assert find_model("rfc-v2") is MODELS[RFC]
    for wrong in ("6", "6.20", "4.17", "7.4", "", "mainline"):
        with pytest.raises(
            BadInput, match="is not a kernel model; it is rfc-v2, rfc-v2-as-posted or a release of Linux from"
        ):
            find_model(wrong)


def test_the_model_of_a_release_is_what_all_changes_up_to_it_set() -> None:
    """The dated facts that people meet: 6.6 has force and one block, 6.8 several blocks, 6.14 frozen slab pages."""
    had: dict[str, object] = {}
    for model in models():
        for change in (one for one in CHANGES if one.since == model.release):
            had |= change.sets
        assert {name: getattr(model, name) for name in had} == had
    ubuntu, old = MODELS["6.8"], MODELS["6.7"]
    assert (old.single_block, ubuntu.single_block) == (True, False)
    assert [MODELS[name].parameter_modes for name in ("5.12", "5.13", "6.6")] == [(), ("N", "Y"), ("N", "Y", "force")]
    assert [name for name in ("6.13", "6.14") if MODELS[name].frozen_slab] == ["6.14"]
    assert [name for name in ("6.8", "6.9", "6.18", "6.19") if MODELS[name].prepare_finish] == ["6.9", "6.18"]


def test_every_change_sets_something_new_and_says_how_it_is_known() -> None:
    for change in CHANGES:
        before = next(
            (model for model in reversed([*MODELS.values()]) if model.released and model.release < change.since), None
        )
        assert change.words
        assert change.sets
        assert not change.words.endswith(".")
        assert change.known in get_args(Known)
        assert change.subject or change.known != "commit"
        assert before is None or any(getattr(before, name) != value for name, value in change.sets.items())
    assert [change.since for change in CHANGES] == sorted(change.since for change in CHANGES)


def test_names_are_their_keys_and_every_name_is_known() -> None:
    assert list(MODELS)[:3] == [RFC, "rfc-v2-as-posted", "4.18"]
    assert all(name == model.name and model.title for name, model in MODELS.items())
    assert MODELS[OLD].title == "Linux 6.1 (memmap_on_memory for requests of one block)"
    assert PLACEMENTS == ("boot", "range", "block", "sections")
    assert {caller for model in MODELS.values() for caller in model.opt_in} < set(CALLERS)
    with pytest.raises(TypeError):
        MODELS["9.0"] = MODELS[NEW]  # type: ignore[index]


@pytest.mark.parametrize("name", ["mixed-guest", "arm64-guest", "block2g-guest"])
@pytest.mark.parametrize("model", KERNELS)
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
