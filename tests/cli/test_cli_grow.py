"""`altmap grow`: as a plot, as JSON, at any width."""

from __future__ import annotations

import json

import pytest

from .conftest import Run


def test_the_plot_tells_of_dangers_and_of_the_refusal(altmap: Run) -> None:
    said = altmap("grow", "tiny-guest", "--online", "movable")
    assert (said.code, said.err) == (0, "")
    assert "← danger" in said.out
    assert "← ENOMEM" in said.out
    assert "from 1G more on: 1G of movable memory stand against 255M in kernel zones" in said.out
    assert "10G more fit in steps of 1G; the next step is refused with ENOMEM: the memmap of section" in said.out


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_and_nothing_is_cut(altmap: Run, width: int) -> None:
    lines = altmap("grow", "tiny-guest", "--online", "movable", "--width", str(width)).out.splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)


def test_json_has_every_point(altmap: Run) -> None:
    document = json.loads(altmap("grow", "tiny-guest", "--step", "2G", "--online", "movable", "--json").out)
    assert (document["kind"], document["added"]) == ("growth", 10 << 30)
    assert [point["added"] >> 30 for point in document["points"]] == [0, 2, 4, 6, 8, 10]
    assert document["refusal"]["errno"] == "ENOMEM"
    assert [danger["what"]["reason"]["code"] for danger in document["dangers"]] == ["top_heavy"]
    assert (document["unknown"], document["assumed"]) == ([], [])


def test_text_and_json_both_say_what_is_not_known(altmap: Run) -> None:
    asked = ("grow", "terabyte-server", "--step", "1T", "--to", "12T")
    said = "it ends behind 0xbffffffffff, which is as far as the direct map goes if KASLR trimmed it"
    assert f"from 10T more on this is not known: {said}" in altmap(*asked).out
    (doubt,) = json.loads(altmap(*asked, "--json").out)["unknown"]
    assert doubt["added"] == 10 << 40
    assert doubt["what"]["sentence"].startswith(said)


def test_a_caller_that_is_none_is_told(altmap: Run) -> None:
    said = altmap("grow", "tiny-guest", "--caller", "nobody")
    assert said.code == 2
    assert "'nobody' is no caller; it is one of acpi," in said.err
