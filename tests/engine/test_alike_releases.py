"""Releases stand for each other in a comparison only where the very same comes of a request under each of them."""

from __future__ import annotations

from itertools import groupby

import msgspec
import pytest
from altmap import engine
from altmap.engine.kernels.models import MODELS
from altmap.engine.memory.state import clone, state_of
from altmap.engine.protocol.vocabulary import Caller, OnlineType, Placement
from altmap.engine.questions.compare.alike import alike_releases
from altmap.engine.questions.compare.comparison import Alternative
from altmap.engine.questions.compare.looked_at import LookedAt, Step, alike, once
from altmap.engine.run.rehearsal import rehearsal

RELEASES = [name for name in MODELS if name[0].isdigit()]


def without_names(row: Alternative) -> str:
    """A row in words, but for what names its kernel, in it or in its reasons."""
    return repr(msgspec.structs.replace(row, model="", boots=())).replace(repr(row.model), "''")


@pytest.mark.parametrize(
    ("name", "caller", "placement", "online"),
    [
        ("small-guest", "acpi", None, "online_movable"),
        ("small-guest", "acpi", "boot", "online"),
        ("small-guest", "dax", "block", "online"),
        ("small-guest", "dlpar", None, "online_movable"),
        ("arm64-guest", "acpi", "block", "online"),
        ("arm64-guest", "dax", "boot", "online_movable"),
    ],
)
def test_they_are_those_of_which_a_trial_of_each_says_so(
    name: str, caller: Caller, placement: Placement | None, online: OnlineType
) -> None:
    machine = engine.open_machine(name)
    request = engine.Add(start="8G", size="256M", caller=caller, placement=placement)
    found = engine.compare(machine, request, placements=[placement], models=RELEASES, online=online)
    each = [[row.model for row in run] for _, run in groupby(found.alternatives, key=without_names)]
    assert alike_releases(state_of(machine), request, online) == each


def test_what_is_no_matter_of_the_memmap_parts_releases_too() -> None:
    """Before 6.9 the driver of DAX devices never asks for a memmap on memory; since 6.8 pages of a head are not present."""
    machine = engine.open_machine("small-guest")
    request = engine.Add(start="4G", size="1G", caller="dax", placement="block")
    names = engine.vary(machine, request, "kernel models").names
    assert names == ("rfc-v2", "4.18 to 5.12", "5.13 to 6.7", "6.8", "6.9 to 7.3")


def test_of_what_a_kernel_lists_only_what_was_asked_for_counts() -> None:
    """Callers that a request does not come from are no matter, nor are releases that a rule does not part."""
    old, new = MODELS["6.1"], MODELS["6.12"]
    looked = LookedAt(old)
    assert "acpi" in looked.opt_in  # type: ignore[operator]
    assert looked.release >= (5, 14)  # type: ignore[operator]
    assert old.opt_in != new.opt_in
    assert alike(new, looked.seen)
    assert "dax" not in looked.opt_in  # type: ignore[operator]
    assert not alike(new, looked.seen)


def test_a_step_that_was_done_to_the_same_is_not_done_again() -> None:
    """What it made of the state is put there; under a kernel that is no other than it looked at, and on the same state alone."""
    state, done, known = clone(state_of(engine.open_machine("small-guest"))), list[str](), list[Step]()

    def step() -> bool:
        done.append(state.model.name if state.model.groups else "none")
        state.parameters.change(auto_movable_ratio=17)
        state.resources.drop(min(state.resources))
        return state.model.groups

    for model, times in (("6.1", 1), ("6.1", 1), ("5.14", 2), ("4.18", 2)):
        with rehearsal(state):
            state.model = MODELS[model]
            assert once(known, state, "step", step) is state.model.groups
            assert (state.settings.auto_movable_ratio, len(done)) == (17, times)
    assert len(state.resources) == len(known[0].before.resources)
    state.parameters.change(auto_movable_ratio=18)
    once(known, state, "step", step)
    assert len(done) == 3
