"""Who may import whom: the engine knows nothing of the screen, and the explorer only the engine's public names."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from altmap import engine

from ..make_stub import STUB, stub

ROOT = Path(engine.__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
EXPLORER = sorted((ROOT / "explorer").rglob("*.py"))
SCREEN = [path for path in EXPLORER if "tui" in path.parts]
PUBLIC = {"altmap.engine": set(engine.__all__)}
"""What the screen may know of the engine."""


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Absolute imports as (module, name); the name is empty for ``import module``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module or "", alias.name) for alias in node.names)


def private(name: str) -> bool:
    """Is a name private? Those of named tuples are only written as if they were."""
    return name.startswith("_") and not name.endswith("__") and name not in ("_replace", "_asdict", "_fields")


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_knows_nothing_of_the_screen(path: Path) -> None:
    roots = {module.split(".")[0] for module, _ in imports(path)}
    assert not roots & {"textual", "rich", "altmap"}


def test_nothing_of_the_engine_is_imported_before_it_is_asked_for() -> None:
    code = "import altmap.engine, sys; print([name for name in sys.modules if name.startswith('altmap.engine.')])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_each_public_name_is_there_and_type_checkers_see_the_same() -> None:
    assert set(engine.__all__) <= set(dir(engine))
    assert all(hasattr(engine, name) for name in engine.__all__)
    assert not hasattr(engine, "os")
    assert STUB.read_text() == stub(), "write it anew: python -m tests.make_stub"


@pytest.mark.parametrize("path", EXPLORER, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_explorer_uses_public_names(path: Path) -> None:
    for module, name in imports(path):
        if module.startswith("altmap.engine"):
            assert not any(private(part) for part in (*module.split("."), name))
            assert not name or hasattr(importlib.import_module(module), name)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and private(node.attr):
            assert isinstance(node.value, ast.Name), f"line {node.lineno} uses {node.attr} of something else"
            assert node.value.id in ("self", "cls"), f"line {node.lineno} uses {node.attr} of {node.value.id}"


@pytest.mark.parametrize("path", SCREEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_screen_uses_only_what_the_engine_names(path: Path) -> None:
    for module, name in imports(path):
        if module.startswith("altmap.engine"):
            assert name in PUBLIC.get(module, set())


def test_dialogs_are_imported_when_they_are_opened() -> None:
    code = (
        "import altmap.explorer.tui.app, sys; print(*sorted(name for name in sys.modules if '.tui.screens.' in name))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    first = ("asking", "dialog", "main", "mapping", "titles", "watching")
    assert ran.stdout.split() == [f"altmap.explorer.tui.screens.{name}" for name in first]
