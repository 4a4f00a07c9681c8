"""The house rules of the engine: its layers, no cycles, no user interface, every public name documented."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from altmap import engine

from tests.layers import graph_of, in_a_round, modules_of, named_of, seen, together, undocumented

pytestmark = pytest.mark.xdist_group("sources")

ROOT = Path(engine.__file__).resolve().parent

LAYERS = (
    "numbers", "protocol", "kernels", "memory", "mm", "hotplug", "sysfs", "reading", "rebuild", "commands", "run", "snapshot",
    "questions", "machine", "faces",
)  # fmt: skip
"""The folders, and the one file beside them, lowest first. A module imports from its own folder and from those before it."""

RANKS = {name: rank for rank, name in enumerate(LAYERS)}


MODULES = modules_of(ROOT)


@cache
def graph() -> dict[str, set[str]]:
    """What each module imports, or names in a table to be imported; not worked out where no test of this file is run."""
    return together(graph_of(MODULES), named_of(MODULES))


def test_the_graph_is_seen() -> None:
    assert "mm.vmem_altmap" in graph()["hotplug.add"]
    assert "protocol.reasons.adding" in graph()["mm.vmem_altmap"]
    assert "hotplug.remove" in graph()["hotplug.add"]
    assert "questions.narrate.taking" in graph()["questions.narrate.reason"], "what a table names counts too"
    assert sum(map(len, graph().values())) > 200


def test_every_module_has_a_layer_and_every_layer_its_modules() -> None:
    tops = {name.split(".")[0] for name in MODULES if name}
    assert tops == set(RANKS)


def test_modules_import_from_their_layer_and_below() -> None:
    upward = [
        f"engine.{name} imports engine.{other}"
        for name, others in graph().items()
        if name
        for other in others
        if not other or RANKS[other.split(".")[0]] > RANKS[name.split(".")[0]]
    ]
    assert not upward, "\n".join(upward)


def test_no_module_imports_itself_in_a_round() -> None:
    assert not (found := in_a_round(graph())), f"cycle among {found}"


def test_the_engine_knows_no_user_interface() -> None:
    known = {*sys.stdlib_module_names, "msgspec"}
    for module, path in MODULES.items():
        foreign = {name.split(".")[0] for name, _ in seen(path).imports}
        assert foreign <= known, f"engine.{module} imports {foreign}"
    code = "import sys; from altmap.engine import *; print(*sorted({'textual', 'rich', 'altmap.explorer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT.parent, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_documented() -> None:
    missing = [what for name in MODULES for what in undocumented("altmap.engine", name)]
    assert not missing, "\n".join(missing)


def test_what_the_engine_exports_is_there_and_documented() -> None:
    assert len(set(engine.__all__)) == len(engine.__all__) > 20
    assert not RANKS.keys() & set(engine.__all__), "to import the folder would put it where the name is"
    for name in engine.__all__:
        thing = getattr(engine, name)
        if callable(thing):
            assert thing.__doc__, name
