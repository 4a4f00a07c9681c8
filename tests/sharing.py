"""Which tests one worker of pytest-xdist does after another, so that what they share is made once."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

APART: Final = frozenset(
    {
        "test_cli_interrupted.py",
        "test_hostile_text.py",
        "test_leaving.py",
        "test_page_flags.py",
        "test_saved_round_trips.py",
    }
)
"""Files of few and slow tests that share nothing: as a whole, which is handed out late, one would keep its worker busy when the
others are done."""


class ByFile(LoadGroupScheduling):  # type: ignore[misc]
    """The tests of a group (a recording, an app that was started once) belong together, and else those of a file."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        file = nodeid.partition("::")[0]
        return file if group == nodeid and file.rpartition("/")[2] not in APART else group
