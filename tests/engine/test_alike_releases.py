"""Releases stand for each other in a comparison only where the very same comes of a request under each of them."""

from __future__ import annotations

from itertools import groupby

import msgspec
import pytest
from altmap import engine
from altmap.engine.kernels.models import MODELS
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.vocabulary import Caller, OnlineType, Placement
from altmap.engine.questions.compare.alike import alike_releases
from altmap.engine.questions.compare.comparison import Row

RELEASES = [name for name in MODELS if name[0].isdigit()]


def without_names(row: Row) -> str:
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
    each = [[row.model for row in run] for _, run in groupby(found.rows, key=without_names)]
    assert alike_releases(state_of(machine), request, online) == each


def test_what_is_no_matter_of_the_memmap_parts_releases_too() -> None:
    """Before 6.9 the driver of DAX devices never asks for a memmap on memory; since 6.8 pages of a head are not present."""
    machine = engine.open_machine("small-guest")
    request = engine.Add(start="4G", size="1G", caller="dax", placement="block")
    names = engine.vary(machine, request, "kernel models").names
    assert names == ("rfc-v2", "4.18 to 5.12", "5.13 to 6.7", "6.8", "6.9 to 7.3")
