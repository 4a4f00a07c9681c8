"""What each command imports: nothing heavy for ``--help``, no Textual without the explorer, no rich for programs."""

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
print(*sorted({name.removeprefix("altmap.").split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


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
        (["show", "{guest}"], {"textual", "rich"}, {"engine"}),
        (["why", "{guest}", "offline", "33"], {"textual", "rich"}, {"engine"}),
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
