"""Write the README's tables that rows of the code say anew: ``python -m tests.make_tables``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from altmap.engine.commands import ROWS
from altmap.explorer.headless.forms.kinds import KINDS

README: Final = Path(__file__).parents[1] / "README.md"

TABLES: Final[Mapping[str, list[str]]] = {
    "| line | what it does |\n|---|---|\n": [f"| `{row.example}` | {row.about} |\n" for row in ROWS.values()],
    "| kind | printed by | what it holds |\n|---|---|---|\n": [
        f"| `{kind.name}` | `{kind.printed_by}` | {kind.about} |\n" for kind in KINDS.values()
    ],
}
"""The rows of each table by its head."""


def with_tables(text: str) -> str:
    """A text with these tables as they have to be now."""
    for head, rows in TABLES.items():
        before, _, behind = text.partition(head)
        text = "\n".join((before + head + "".join(rows), behind.partition("\n\n")[2]))
    return text


def write() -> None:
    """Put them into the README."""
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
