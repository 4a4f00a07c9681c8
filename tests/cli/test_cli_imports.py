"""What each command imports: nothing heavy for ``--help``, no Textual without the explorer, no rich for programs, and nothing
that changes a machine for who only looks at one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = """
import sys
from altmap.explorer.headless.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
names = [name.removeprefix("altmap.") for name in sys.modules]
print(*sorted({*names, *(name.split(".")[0] for name in names)}), file=sys.stderr)
"""
NEVER = {"textual", "rich", "typing_extensions", "platform", "shlex", "inspect", "random"}
LOOKED = NEVER | {"engine.hotplug.offline", "engine.mm.page_alloc", "engine.questions.narrate.placement"}
ASKED = NEVER | {"engine.hotplug.add", "engine.mm.workload", "engine.questions.narrate.placement"}


@pytest.mark.parametrize(
    ("argv", "without", "with_"),
    [
        (["--help"], {"textual", "rich", "msgspec", "engine", "asyncio"}, set()),
        (["--version"], {"textual", "rich", "msgspec", "engine", "asyncio"}, set()),
        (["run", "--help"], {"textual", "rich", "asyncio"}, {"engine"}),
        (["show", "--json", "{guest}"], {"textual", "rich"}, {"engine"}),
        (["run", "{guest}", "/dev/null"], {"textual"}, {"engine"}),
        (["run", "--json", "{guest}", "/dev/null"], {"textual", "rich"}, {"engine"}),
        (["check", "{guest}"], {"textual", "rich"}, {"engine"}),
        (["show", "{guest}"], LOOKED, {"engine"}),
        (["why", "{guest}", "offline", "33"], ASKED, {"engine.hotplug.offline"}),
        (["{guest}"], {"textual", "rich"}, {"engine"}),
    ],
)
def test_only_what_is_needed_is_imported(guest: Path, argv: list[str], without: set[str], with_: set[str]) -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROBE, *(arg.format(guest=guest) for arg in argv)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    imported = set(said.stderr.split())
    assert "explorer" in imported, said.stderr
    assert not imported & without
    assert with_ <= imported


def test_a_refusal_has_its_sentence_where_none_was_asked_for_before() -> None:
    code = "from altmap import Offline, open_machine; open_machine('small-guest').apply(Offline(block=0), check=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert "EINVAL: memory0 holds pages of several zones" in done.stderr.splitlines()[-1]
