"""`altmap machines`, and that each bundled machine opens by name."""

from __future__ import annotations

import json

from altmap.engine import bundled_machines
from altmap.explorer.headless.arguments import DEFAULT_MACHINE

from .conftest import Run


def test_the_list_in_text_and_json(altmap: Run) -> None:
    bundled = [(machine.name, machine.description) for machine in bundled_machines()]
    assert DEFAULT_MACHINE in dict(bundled)
    text = altmap("machines")
    assert text.code == 0
    assert [tuple(line.split(maxsplit=1)) for line in text.out.splitlines()] == bundled
    listed = json.loads(altmap("machines", "--json").out)
    assert listed["machines"] == [{"name": name, "description": words} for name, words in bundled]


def test_each_opens_by_name_and_the_default_without_one(altmap: Run) -> None:
    for name, description in ((machine.name, machine.description) for machine in bundled_machines()):
        said = altmap(name)
        assert said.code == 0
        assert said.out.splitlines()[0] == f"{name} — {description}"
    assert altmap().out == altmap("show", DEFAULT_MACHINE).out
