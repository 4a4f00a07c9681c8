"""`altmap machines`, and that each bundled machine opens by name."""

from __future__ import annotations

import json

import pytest
from altmap.engine import bundled_machines
from altmap.explorer.headless.shared_arguments import DEFAULT_MACHINE

from .conftest import Run


def test_the_list_in_text_and_json(altmap: Run) -> None:
    bundled = [(machine.name, machine.description) for machine in bundled_machines()]
    assert DEFAULT_MACHINE in dict(bundled)
    text = altmap("machines")
    assert text.code == 0
    assert [tuple(line.split(maxsplit=1)) for line in text.out.splitlines()] == bundled
    listed = json.loads(altmap("machines", "--json").out)
    assert listed["machines"] == [{"name": name, "description": words} for name, words in bundled]


def test_each_has_its_picture_in_letters_or_colours(altmap: Run) -> None:
    plain, coloured = altmap("machines", "--pictures"), altmap("machines", "--pictures", "--color", "always")
    assert (plain.code, coloured.code) == (0, 0)
    assert "\x1b" not in plain.out
    assert "\x1b[38;2;" in coloured.out
    assert "▀" in coloured.out
    for machine in bundled_machines():
        for said in (plain, coloured):
            assert machine.name in said.out
    letters = plain.out.splitlines()
    small = next(at for at, line in enumerate(letters) if line.startswith("small-guest"))
    assert set(letters[small][17:-20].strip()) <= {*"·amrstkRAMp#"}
    assert letters[small].rstrip().endswith("1G  x86_64")
    assert letters[small + 1].rstrip().endswith("8×128M 1 node")
    assert altmap("machines", "--pictures", "--json").out == altmap("machines", "--json").out


@pytest.mark.parametrize("width", [20, 60, 200])
def test_pictures_are_as_wide_as_was_asked_for(altmap: Run, width: int) -> None:
    said = altmap("machines", "--pictures", "--width", str(width))
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= width


def test_each_opens_by_name_and_the_default_without_one(altmap: Run) -> None:
    for name, description in ((machine.name, machine.description) for machine in bundled_machines()):
        said = altmap(name)
        assert said.code == 0
        assert said.out.splitlines()[0] == f"{name} — {description}"
    assert altmap().out == altmap("show", DEFAULT_MACHINE).out


def test_the_list_of_kernels_has_the_builds_of_distributions_that_were_read(altmap: Run) -> None:
    said = altmap("models")
    assert said.code == 0
    assert "  5.14.0-427.el9    RHEL 9.4: 6.2\n" in said.out
    assert "  5.14.0-503.el9    RHEL 9.5: 6.8; otherwise than there, DAX devices have" in said.out
