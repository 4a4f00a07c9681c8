"""Write the JSON Schemas of all kinds of documents anew: ``python -m tests.make_schemas``."""

from __future__ import annotations

from pathlib import Path

from altmap.explorer.headless.forms.kinds import KINDS, schema_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "schemas"
FILES = {name: FOLDER / f"{name}.schema.json" for name in KINDS}


def write() -> None:
    """Write all of them."""
    for name, path in FILES.items():
        path.write_bytes(schema_of(KINDS[name]))


if __name__ == "__main__":
    write()
