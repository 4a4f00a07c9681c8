"""Make the README's pictures anew, ``python -m tests.make_pictures``: what ``altmap svg`` draws of machines after scripts,
and ``altmap compare`` of alternatives."""

from __future__ import annotations

import io
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

from altmap.explorer.headless.cli import main

PICTURES: Final = Path(__file__).parents[1] / "fixtures" / "pictures"


class Picture(NamedTuple):
    """What is drawn: the words of a command line, and the lines of a script that it is given."""

    line: str
    script: str = ""

    def drawn(self) -> str:
        """The picture as SVG."""
        words = shlex.split(self.line)
        given, written = io.BytesIO(self.script.encode()), io.StringIO()
        with mock.patch.object(sys, "stdin", io.TextIOWrapper(given)), redirect_stdout(written):
            assert main(words) == 0, f"{words} came out otherwise than expected"
        return written.getvalue()


_ADDED: Final = "online 32-63 movable\n"
_OFFLINE: Final = "add 1G at 4G\nonline 32-38 movable\nallocate 300M movable random zone Movable\noffline 32\n"
_SMALL: Final = "--view memmap --at 32 --size 80x24"

ALL: Final = {
    "explorer.svg": Picture(
        "svg firecracker-24g - --at 42 --size 120x40",
        "hugepages 24 of 2M\npin 24M node 0 short\noffline 48\noffline 42 expect EBUSY\n",
    ),
    "memmap-in-itself.svg": Picture(f"svg small-guest - {_SMALL}", f"add 4G at 4G node 0\n{_ADDED}"),
    "memmap-in-boot-memory.svg": Picture(
        f"svg small-guest - {_SMALL}", f"add 4G at 4G node 0 placement boot\n{_ADDED}"
    ),
    **{
        f"offline-{name}.svg": Picture(f"svg small-guest - --at 'event {moment}' --at 32 --size 80x24", _OFFLINE)
        for name, moment in (("isolated", "3"), ("moving", "4.5"), ("empty", "6"))
    },
    "compare.svg": Picture("compare small-guest --add 1G --at 4G --vary placements --size 120x34 -o -"),
}
"""The pictures by their files."""


if __name__ == "__main__":
    for name, picture in ALL.items():
        (PICTURES / name).write_text(picture.drawn(), encoding="utf-8")
