"""The package: what is in it, and that it works from any folder, beside packages with names such as ours."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="of the test extra: pip install -e '.[test]'")

pytestmark = pytest.mark.xdist_group("package")

ROOT = Path(__file__).parents[1]
FOREIGN = "raise ImportError('a package of somebody else')\n"

SCRIPT = """
import sys
import altmap
from altmap import Add, open_machine

machine = open_machine("tiny-guest")
print(machine.apply(Add(start="4G", size="128M")).result, sorted(machine.blocks)[-1])
print(altmap.__file__, altmap.engine.__file__)
print(*altmap.engine.bundled_machines()[0])
"""


def run(*command: str | Path, folder: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with another folder before everything that is installed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if "PYTHONPYCACHEPREFIX" not in environment:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"  # nothing but what is built is to be in the folders
    if path:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def built(source: Path, kind: str, folder: Path) -> Path:
    """Build a wheel or an sdist of a source tree, without a network."""
    done = run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder, folder=source)
    assert done.returncode == 0, done.stderr
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, beside packages `engine` and `explorer` of somebody else."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    for name in ("engine", "explorer"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(FOREIGN)
    return folder


def content(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel that are installed as a package."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith("altmap/")}


def test_the_wheel_works_beside_foreign_packages_of_the_same_names(installed: Path, tmp_path: Path) -> None:
    for name in ("engine.py", "explorer.py", "machines.py"):
        (tmp_path / name).write_text(FOREIGN)
    done = run(sys.executable, "-c", SCRIPT, folder=tmp_path, path=installed)
    assert done.stderr == ""
    applied, files, bundled = done.stdout.splitlines()
    assert applied == "ok 32"
    assert all(Path(file).is_relative_to(installed / "altmap") for file in files.split())
    assert f" {installed}/altmap/machines/arm64-guest.msgpack.gz " in bundled


def test_the_command_works_from_any_folder(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "engine.py").write_text(FOREIGN)
    done = run(sys.executable, "-m", "altmap", "show", "tiny-guest", folder=tmp_path, path=installed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tiny-guest")


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    files = content(wheel)
    assert {"py.typed", "LICENSE", "__init__.py", "__main__.py"} == {
        name.removeprefix("altmap/") for name in files if name.count("/") == 1
    }
    assert {name.split("/")[1] for name in files if name.count("/") > 1} == {
        "engine", "explorer", "machines", "schemas"
    }  # fmt: skip
    for folder in ("engine", "explorer"):
        here = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py")}
        assert {name.removeprefix("altmap/") for name in files if name.startswith(f"altmap/{folder}/")} >= here
    with zipfile.ZipFile(wheel) as archive:
        assert {name.split("/")[0].split("-")[0] for name in archive.namelist()} == {"altmap"}


def test_a_wheel_of_the_sdist_is_the_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(tmp_path)
    (tree,) = tmp_path.iterdir()
    assert {path.name for path in tree.iterdir() if path.name[0] != "."} == {
        "engine", "explorer", "fixtures", "tests", "pyproject.toml", "README.md", "PKG-INFO"
    }  # fmt: skip
    again = built(tree, "wheel", tmp_path / "again")
    assert content(again) == content(wheel)


def test_a_type_checker_knows_what_is_imported_from_it(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="of the lint extra: pip install -e '.[lint]'")
    (tmp_path / "mine.py").write_text(
        "from altmap import Add, open_machine\n"
        "outcome = open_machine('tiny-guest').apply(Add(start='4G', size='128M'))\n"
        "reveal_type(outcome.result)\n"
        "outcome.results\n"
    )
    done = run(sys.executable, "-m", "mypy", "--strict", "mine.py", folder=tmp_path, path=installed)
    assert done.stdout.splitlines()[:2] == [
        'mine.py:3: note: Revealed type is "str"',
        'mine.py:4: error: "Outcome" has no attribute "results"; maybe "result"?  [attr-defined]',
    ]
