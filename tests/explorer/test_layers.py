"""The folders of the explorer are layers: a module imports from its own and from those below, never in a round."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from altmap import explorer

from tests.layers import graph_of, in_a_round, modules_of, named_of, together, undocumented

pytestmark = pytest.mark.xdist_group("sources")

ROOT = Path(explorer.__file__).resolve().parent

LAYERS = (
    "", "picture", "watching", "tour", "tui", "tui.sheets", "tui.widgets", "tui.screens", "tui.app", "headless"
)  # fmt: skip
"""The folders, lowest first; "" are the files beside them, "tui" those beside its folders, but for those of `APPLICATION`."""
APPLICATION = ("tui.app", "tui.leaving", "tui.studio")
"""The application, how it ends, and how it is opened without a terminal: together they are the layer "tui.app"."""


MODULES = modules_of(ROOT)


@cache
def graph() -> dict[str, set[str]]:
    """What each module imports; not worked out where no test of this file is run."""
    return graph_of(MODULES)


@cache
def named() -> dict[str, set[str]]:
    """What each module names in a table, to be imported when it is asked for."""
    return named_of(MODULES)


def layer_of(name: str) -> str:
    """The layer of a module."""
    if name in APPLICATION:
        return "tui.app"
    return max((layer for layer in LAYERS if layer == name or f"{name}.".startswith(f"{layer}.")), key=len, default="")


def test_the_graph_is_seen() -> None:
    assert "picture.lines" in graph()["watching.frame"]
    assert "tui.worded" in graph()["tui.widgets.title"]
    assert "tui.app" in graph()["headless.machines"], "what is imported in a function counts too"
    assert "headless.machines" in named()["headless.verbs"]
    assert sum(map(len, graph().values())) > 400


def test_every_layer_has_its_modules() -> None:
    assert {layer_of(name) for name in MODULES} == set(LAYERS)


def test_modules_import_from_their_layer_and_below() -> None:
    upward = [
        f"{name} imports {other}"
        for name, others in together(graph(), named()).items()
        for other in others
        if LAYERS.index(layer_of(other)) > LAYERS.index(layer_of(name))
    ]
    assert not upward, "\n".join(upward)


def test_no_module_imports_itself_in_a_round() -> None:
    """The table of verbs names what answers them, and one answer, the help, is about that table: only imports count."""
    assert not (found := in_a_round(graph())), f"cycle among {found}"


def test_every_public_name_is_documented() -> None:
    missing = [what for name in MODULES for what in undocumented("altmap.explorer", name)]
    assert not missing, "\n".join(missing)
