"""Fixtures for all tests. Those of the explorer import Textual only when a test asks for them."""

from __future__ import annotations

import gc
import inspect
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings
from hypothesis.internal.conjecture import providers

settings.register_profile("altmap", derandomize=True, database=None, deadline=None, max_examples=30)
settings.load_profile("altmap")
# Hypothesis looks for constants in every module that is loaded, which takes each worker seconds, and its examples are then others
# when one test runs alone than when all do.
providers._get_local_constants = lambda: providers._local_constants

# Every worker, and altmap as a process of its own, would compile some 600 modules each time where Python is told to keep none.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_MEMORY: Final = "/dev/shm"
if (
    "TMPDIR" not in os.environ
    and os.access(_MEMORY, os.W_OK)
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    and shutil.disk_usage(_MEMORY).free >> 30
):
    # A folder on a disk takes ten times as long to be made, and the tests make 20,000.
    tempfile.tempdir = os.environ["TMPDIR"] = _MEMORY  # pytest has asked for a place before

gc.disable()  # collecting thousands of tests makes few cycles, and looking for them takes a quarter of the time


def pytest_collection_finish() -> None:
    """What stays to the end is not looked through again and again for cycles: modules and collected tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """At its end pytest looks five times for what went wrong while something was let go. All that can go goes at the first."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How the tests are handed to the workers of pytest-xdist."""
    from .sharing import ByFile

    return ByFile(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """What a worker writes nobody reads: a report of all pictures, for which it looks through all tests, would be of its half."""
    if hasattr(config, "workerinput"):
        config.option.no_summary = True


def pytest_collection(session: pytest.Session) -> None:
    """Two workers would compile every module at the same moment, and each all of them: the second begins at the end."""
    if (
        os.environ.get("PYTEST_XDIST_WORKER") != "gw1"
        or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    ):
        return
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("test_*.py"), reverse=True):
        with suppress(Exception, pytest.skip.Exception):  # collecting tells it
            import_module(".".join(("tests", *path.relative_to(folder).with_suffix("").parts)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A worker tells how a test ended, and of its beginning and its clearing away only what failed: what is told and heard costs
    more than most tests do."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            if report.passed:
                report.keywords = {}
            item.ihook.pytest_runtest_logreport(report=report)
    return True


for _number, _usual in (
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)  # nohup and shells in the background ignore some, and every child would too


@pytest.fixture(scope="session", autouse=True)
def nobody_has_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What an explorer remembers is in no folder of who runs the tests, also where it is a process of its own."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("settings"))


@pytest.fixture(scope="session", autouse=True)
def no_disk_is_waited_for() -> Iterator[None]:
    """Nobody cuts the power while the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def what_comes_along_is_read_once() -> Iterator[None]:
    """The files of the machines that come with altmap are decoded for the first test that opens them; later ones get copies."""
    from altmap.engine import bundled_machines
    from altmap.engine.memory.state import clone
    from altmap.engine.snapshot import store

    along, read = {machine.path for machine in bundled_machines()}, cache(store.read)

    def once(path: str | os.PathLike[str]) -> store.Saved:
        if path not in along:
            return read.__wrapped__(path)
        saved = read(path)
        return saved._replace(state=clone(saved.state))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "read", once)
        yield


@pytest.fixture
def nobody_asks_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a key or a click an app is waited for by what it has to do, and drawn once; the cursor rests at once."""
    from .explorer.quiet import INSTEAD

    for place, stands_there in INSTEAD.items():
        monkeypatch.setattr(place, stands_there)


@pytest.fixture
def still_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would make two pictures of one screen differ is held still: the blinking cursor and the reader's NO_COLOR."""
    from textual.widgets import Input

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)


@pytest.fixture
def snap(still_screen: None, snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Compare an app with its stored picture, as `snap_compare` does, but fail with the app's own error if it crashed.

    The plugin takes a picture even of an app that raised, so a crash would pass as long as it looks as before. Keys are
    pressed and workers waited for here, so that the error is seen before the picture is taken.
    """

    def compare(
        app: Any,
        press: Iterable[str] = (),
        terminal_size: tuple[int, int] = (80, 24),
        run_before: Callable[[Any], Any] | None = None,
    ) -> bool:
        app.animation_level = "none"

        async def drive(pilot: Any) -> None:
            await pilot.pause()
            for key in press:
                await pilot.press(key)
                await pilot.app.workers.wait_for_complete()
            if run_before is not None and inspect.isawaitable(outcome := run_before(pilot)):
                await outcome
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            if pilot.app._exception is not None:
                raise pilot.app._exception

        return snap_compare(app, terminal_size=terminal_size, run_before=drive)

    return compare
