"""Who may import whom: the engine knows nothing of the screen, and the explorer only the engine's public names."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from altmap import engine

from ..layers import private, seen
from ..make_stub import STUB, stub

pytestmark = pytest.mark.xdist_group("sources")

ROOT = Path(engine.__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
EXPLORER = sorted((ROOT / "explorer").rglob("*.py"))
SCREEN = [path for path in EXPLORER if "tui" in path.parts]
PUBLIC = {"altmap.engine": set(engine.__all__)}
"""What the screen may know of the engine."""


def of_the_engine(paths: list[Path]) -> Iterator[tuple[str, str, str]]:
    """What some files import from the engine, as (file, module, name)."""
    for path in paths:
        for module, name in seen(path).imports:
            if module.startswith("altmap.engine"):
                yield str(path.relative_to(ROOT)), module, name


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_files_are_found() -> None:
    assert min(map(len, (ENGINE, EXPLORER, SCREEN))) > 50
    assert sum(1 for _ in of_the_engine(EXPLORER)) > 100


def test_no_module_is_over_400_lines() -> None:
    long = {str(path.relative_to(ROOT)): lines for path in (*ENGINE, *EXPLORER) if (lines := lines_of(path)) > 400}
    assert not long


def test_the_engine_knows_nothing_of_the_screen() -> None:
    foreign = {
        str(path.relative_to(ROOT)): found
        for path in ENGINE
        if (found := {module.split(".")[0] for module, _ in seen(path).imports} & {"textual", "rich", "altmap"})
    }
    assert not foreign


def test_nothing_of_the_engine_is_imported_before_it_is_asked_for() -> None:
    code = "import altmap.engine, sys; print([name for name in sys.modules if name.startswith('altmap.engine.')])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_each_public_name_is_there_and_type_checkers_see_the_same() -> None:
    assert set(engine.__all__) <= set(dir(engine))
    assert all(hasattr(engine, name) for name in engine.__all__)
    assert not hasattr(engine, "os")
    assert STUB.read_text() == stub(), "write it anew: python -m tests.make"


def test_the_explorer_uses_public_names() -> None:
    hidden = [
        f"{path} imports {name or module}"
        for path, module, name in of_the_engine(EXPLORER)
        if any(map(private, (*module.split("."), name)))
    ]
    missing = [
        f"{path} imports {module}.{name}, which is not there"
        for path, module, name in of_the_engine(EXPLORER)
        if name and not hasattr(importlib.import_module(module), name)
    ]
    uses = [f"{path.relative_to(ROOT)} {use}" for path in EXPLORER for use in seen(path).private]
    assert not [*hidden, *missing, *uses]


def test_the_screen_uses_only_what_the_engine_names() -> None:
    other = [
        f"{path} imports {name} of {module}"
        for path, module, name in of_the_engine(SCREEN)
        if name not in PUBLIC.get(module, set())
    ]
    assert not other


def test_dialogs_are_imported_when_they_are_opened() -> None:
    code = (
        "import altmap.explorer.tui.app, sys; print(*sorted(name for name in sys.modules if '.tui.screens.' in name))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    first = ("answering", "asking", "dialog", "doing", "main", "mapped", "mapping", "titles", "watching")
    assert ran.stdout.split() == [f"altmap.explorer.tui.screens.{name}" for name in first]
